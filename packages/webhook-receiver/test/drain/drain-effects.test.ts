import type { Clock } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { type IdempotencyStore, memoryIdempotencyStore } from '../../src/index.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { drainFixture, event } from './drain-fixture.ts'

const storeOn = (clock: Clock): IdempotencyStore => memoryIdempotencyStore({ clock })

describe('once', () => {
  test('does an effect one time, whatever fails after it, and returns its result again', async () => {
    const clock = fakeClock()
    let charges = 0
    const results: unknown[] = []
    const { drain, drained } = await drainFixture(
      {
        handle: async (_event, { attempt, once }) => {
          const charge = await once(async () => ({ number: ++charges }))
          results.push(charge)
          if (attempt < 3) throw new Error('the rest fails')
        },
        idempotency: storeOn(clock),
      },
      [event('a')],
      { clock },
    )
    drain.start()
    await drained()
    expect(results).toEqual([{ number: 1 }, { number: 1 }, { number: 1 }])
  })

  test('tells effects apart by their id, by the event, and by the destination', async () => {
    const clock = fakeClock()
    const idempotency = storeOn(clock)
    const done: string[] = []
    const options: DestinationOptions = {
      handle: async ({ id }, { destination, once }) => {
        for (const effect of ['mail', 'charge', 'mail'])
          await once(effect, () => void done.push(`${destination} ${id} ${effect}`))
      },
      idempotency,
    }
    const first = await drainFixture(options, [event('a'), event('b')], { clock })
    const second = await drainFixture(options, [], { clock, buffer: first.buffer, name: 'crm' })
    first.drain.start()
    await first.drained()
    second.drain.start()
    await second.drained()
    expect(done).toEqual(
      ['orders', 'crm'].flatMap((name) => ['a', 'b'].flatMap((id) => [`${name} ${id} mail`, `${name} ${id} charge`])),
    )
  })

  test('does an effect again that failed', async () => {
    const clock = fakeClock()
    let tries = 0
    const { drain, drained, heard } = await drainFixture(
      {
        handle: async (_event, { once }) => {
          await once(() => {
            if (++tries < 3) throw new Error(`no ${tries}`)
          })
        },
        idempotency: storeOn(clock),
      },
      [event('a')],
      { clock },
    )
    drain.start()
    await drained()
    expect(tries).toBe(3)
    expect(heard.of('delivery:retried').map(({ error }) => (error as Error).message)).toEqual(['no 1', 'no 2'])
  })

  test('waits for the lease of an effect that is still under way, and tries no earlier', async () => {
    const clock = fakeClock()
    const idempotency = storeOn(clock)
    const startedAt: number[] = []
    const options: DestinationOptions = {
      handle: async (_event, { once }) => {
        startedAt.push(clock.monotonicMs())
        await once(() => (startedAt.length === 1 ? new Promise<void>(() => {}) : undefined))
      },
      idempotency,
      timeoutMs: 5000,
    }
    const { drain, drained, heard } = await drainFixture(options, [event('a')], { clock })
    drain.start()
    await drained()
    const [timedOut, busy] = heard.of('delivery:retried')
    expect(timedOut?.error).toMatchObject({ code: 'timeout' })
    expect(busy?.error).toMatchObject({ code: 'overloaded', reason: 'effect_busy' })
    // Begun at 0, with a lease of 30 s that nobody renewed after the attempt was over.
    expect(startedAt[2]).toBeGreaterThanOrEqual(30_000)
    expect(heard.of('delivery:succeeded')).toMatchObject([{ attempt: 3 }])
  })

  test('keeps the lease of a slow effect', async () => {
    const clock = fakeClock()
    const idempotency = storeOn(clock)
    let runs = 0
    const { drain, clock: time } = await drainFixture(
      {
        handle: async (_event, { once, signal }) => {
          await once(async () => {
            runs += 1
            await clock.sleep(100_000, signal)
          })
        },
        idempotency,
        timeoutMs: 200_000,
      },
      [event('a')],
      { clock },
    )
    drain.start()
    await time.advance(99_000)
    const beginning = await idempotency.begin('orders', '4:shop1:-1:a', { owner: 'x', leaseMs: 1, ttlMs: 1 })
    expect(beginning.state).toBe('busy')
    await time.advance(2_000)
    expect(drain.snapshot()).toMatchObject({ delivered: 1, retried: 0 })
    expect(runs).toBe(1)
    await drain.stop({ timeoutMs: 0 })
    expect(clock.pendingTimers).toBe(0)
  })

  test('fails when somebody else may have begun the effect meanwhile', async () => {
    const clock = fakeClock()
    const idempotency: IdempotencyStore = { ...storeOn(clock), complete: async () => false }
    const { drain, drained, deadLetters } = await drainFixture(
      { handle: (_event, { once }) => once(() => {}), idempotency, maxAttempts: 1 },
      [event('a')],
      { clock },
    )
    drain.start()
    await drained()
    expect((await deadLetters())[0]?.why).toMatchObject({ code: 'internal_error' })
  })

  test('counts an effect as done whose result cannot be kept, and says so', async () => {
    const clock = fakeClock()
    let runs = 0
    const { drain, drained, heard } = await drainFixture(
      {
        handle: async (_event, { once }) => {
          await once(() => {
            runs += 1
            return 10n
          })
        },
        idempotency: storeOn(clock),
      },
      [event('a')],
      { clock },
    )
    drain.start()
    await drained()
    expect(runs).toBe(1)
    expect(heard.of('delivery:retried')).toMatchObject([{ error: { reason: 'effect_result' } }])
    expect(heard.of('delivery:succeeded')).toMatchObject([{ attempt: 2 }])
  })

  test('says which option is missing without a store', async () => {
    const { drain, drained, deadLetters } = await drainFixture(
      { handle: (_event, { once }) => once(() => {}), maxAttempts: 1 },
      [event('a')],
    )
    drain.start()
    await drained()
    expect((await deadLetters())[0]?.why.message).toContain('`idempotency`')
  })
})
