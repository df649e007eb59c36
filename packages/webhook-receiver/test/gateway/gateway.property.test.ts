import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fakeTarget, gatewayFixture } from './gateway-fixture.ts'

type Step =
  | { readonly do: 'post'; readonly key: string }
  | { readonly do: 'fail'; readonly times: number; readonly how: 'status' | 'reset' | 'refuse' }
  | { readonly do: 'health'; readonly healthy: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'hold' }
  | { readonly do: 'release' }
  | { readonly do: 'restart' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('post' as const), key: fc.constantFrom('a', 'b', 'c') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      times: fc.integer({ min: 1, max: 4 }),
      how: fc.constantFrom('status' as const, 'reset' as const, 'refuse' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('health' as const), healthy: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4_000 }) }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'hold' as const }, { do: 'release' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
)

it('loses nothing that it answered with a 2xx, and keeps the order of each key, whatever the target does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const target = fakeTarget()
      const failures: ('status' | 'reset' | 'refuse')[] = []
      target.answer = () => {
        const failure = failures.shift()
        if (failure === 'reset') return Promise.reject(new TypeError('fetch failed'))
        if (failure === 'refuse') return new Response(null, { status: 500 })
        return new Response(null, { status: failure === 'status' ? 503 : 200 })
      }
      let fixture = await gatewayFixture({ maxAttempts: Infinity }, target)
      const { clock, buffer } = fixture
      const acknowledged: string[] = []
      for (const [index, each] of steps.entries()) {
        switch (each.do) {
          case 'post': {
            const body = `${each.key}-${index}`
            const { status } = await clock.runUntil(fixture.post(body))
            if (status === 200) acknowledged.push(body)
            break
          }
          case 'fail':
            failures.push(...Array.from({ length: each.times }, () => each.how))
            break
          case 'health':
            target.healthy = each.healthy
            break
          case 'wait':
            await clock.advance(each.ms)
            break
          case 'hold':
            fixture.gateway.hold()
            break
          case 'release':
            fixture.gateway.release()
            break
          case 'restart':
            await clock.runUntil(fixture.gateway.stop())
            fixture = await gatewayFixture({ maxAttempts: Infinity, buffer }, target, clock)
            break
        }
      }
      target.healthy = true
      failures.length = 0
      fixture.gateway.release()
      await clock.runUntil(fixture.gateway.drained())
      for (const key of ['a', 'b', 'c']) {
        const mine = (bodies: readonly string[]): string[] => bodies.filter((body) => body.startsWith(key))
        // At least once: a repeat may follow, and what the target refused itself was never ours.
        const firsts = [...new Set(mine(target.taken))].filter((body) => acknowledged.includes(body))
        expect(firsts).toEqual(mine(acknowledged))
      }
      await clock.runUntil(fixture.gateway.stop())
    }),
    { numRuns: 150 },
  )
}, 60_000)
