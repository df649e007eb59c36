import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

const stored = Array.from({ length: 30 }, (_, index) => event(`e${index}`, `k${index}`))

describe('the breaker of a destination', () => {
  test('pauses it instead of using up the attempts of its events', async () => {
    let isDown = true
    const attempts: number[] = []
    const delivered: string[] = []
    const { drain, clock, drained, heard, deadLetters } = await drainFixture(
      {
        handle: ({ id }, { attempt }) => {
          if (isDown) throw new Error('down')
          attempts.push(attempt)
          delivered.push(id)
        },
        orderingKey: ({ key }) => key,
        concurrency: 1,
        maxAttempts: 3,
        breaker: { failures: 3, breakMs: 1000, maxBreakMs: 60_000 },
      },
      stored,
    )
    drain.start()
    await clock.advance(3_600_000)
    expect(delivered).toEqual([])
    expect(await deadLetters()).toEqual([])
    expect(drain.snapshot().retried).toBe(3)
    // 1 s, 2 s, 4 s and so on up to a minute, and a minute each for the rest of the hour.
    expect(heard.of('destination:paused').length).toBeGreaterThan(50)
    expect(heard.of('destination:paused')[0]).toMatchObject({ destination: 'orders', cause: 'failures', breakMs: 1000 })
    isDown = false
    await drained()
    expect(delivered).toHaveLength(30)
    expect(Math.max(...attempts)).toBe(2)
    expect(heard.of('destination:resumed')).toEqual([{ destination: 'orders', cause: 'success' }])
  })

  test('counts the probes of an event that is the only one there: it may be the event', async () => {
    let calls = 0
    const { drain, clock, deadLetters } = await drainFixture(
      {
        handle: ({ id }) => {
          calls += 1
          if (id === 'e0') throw new Error('never')
        },
        maxAttempts: 8,
        breaker: { failures: 3, breakMs: 1000, maxBreakMs: 1000 },
      },
      stored,
    )
    drain.start()
    await clock.advance(600_000)
    expect((await deadLetters()).map((letter) => letter.event.id)).toEqual(['e0'])
    expect(calls).toBe(8 + 29)
    expect(drain.snapshot()).toMatchObject({ state: 'idle', delivered: 29 })
  })

  test('stays closed for events that are refused', async () => {
    const { drain, drained, heard, deadLetters } = await drainFixture(
      {
        handle: () => {
          throw new IntegrationError({ code: 'invalid_request' })
        },
        orderingKey: ({ key }) => key,
        maxAttempts: 2,
        breaker: true,
      },
      stored,
    )
    drain.start()
    await drained()
    expect(heard.of('destination:paused')).toEqual([])
    expect(await deadLetters()).toHaveLength(30)
  })

  test('lets what was redriven meanwhile go before the event of its key whose probe failed', async () => {
    const handler = manualHandler()
    const { drain, clock, quiet, consumer, deadLetters } = await drainFixture(
      {
        handle: handler.handle,
        orderingKey: ({ key }) => key,
        concurrency: 1,
        maxAttempts: 1,
        breaker: { failures: 2, breakMs: 1000, maxBreakMs: 1000 },
      },
      [event('a1', 'a'), event('b1', 'b'), event('a2', 'a'), event('c1', 'c')],
    )
    drain.start()
    await quiet()
    for (const id of ['a1', 'b1']) {
      handler.fail(id)
      await quiet()
    }
    const [given] = await deadLetters()
    const probes: string[] = []
    while (probes.at(-1) !== 'a2' && probes.length < 4) {
      await clock.advance(1100)
      const [probe] = handler.running
      probes.push(probe as string)
      if (probe !== 'a2') handler.fail(probe as string)
      await quiet()
    }
    await consumer.redrive([{ partition: 0, position: given?.event.position as string }])
    await drain.lookAside()
    handler.fail('a2')
    await clock.advance(1100)
    const before = handler.started.length
    for (let turn = 0; turn < 3; turn++) {
      for (const id of handler.running) handler.succeed(id)
      await clock.advance(1100)
    }
    const later = handler.started.slice(before - 1)
    expect(later.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2'])
    expect(drain.snapshot()).toMatchObject({ state: 'idle', parked: 0, inWindow: 0 })
  })

  test('leaves no timer behind when the drain stops during a break, or during a probe', async () => {
    for (const afterMs of [500, 1000]) {
      const { drain, clock, quiet } = await drainFixture(
        {
          handle: (_event, { attempt }) => {
            if (attempt === 1) throw new Error('down')
            return new Promise(() => {})
          },
          breaker: { failures: 1, breakMs: 1000 },
        },
        [event('a')],
      )
      drain.start()
      await clock.advance(afterMs)
      await quiet()
      await drain.stop({ timeoutMs: 0 })
      expect(clock.pendingTimers).toBe(0)
    }
  })
})

describe('an adaptive pace', () => {
  test('finds what the destination can take, and stays near it', async () => {
    const capacity = 40
    const starts: number[] = []
    const many = Array.from({ length: 6000 }, (_, index) => event(`e${index}`, `k${index % 100}`))
    const { drain, clock } = await drainFixture(
      {
        handle: () => {
          const nowMs = clock.monotonicMs()
          while (starts[0] !== undefined && nowMs - starts[0] >= 1000) starts.shift()
          if (starts.length >= capacity) throw new IntegrationError({ code: 'upstream_unavailable', status: 503 })
          starts.push(nowMs)
        },
        orderingKey: ({ key }) => key,
        concurrency: 50,
        maxAttempts: Infinity,
        pace: { min: 2, max: 200, risePerSecond: 2 },
      },
      many,
    )
    drain.start()
    await clock.advance(40_000)
    const before = drain.snapshot()
    await clock.advance(60_000)
    const after = drain.snapshot()
    const goodput = (after.delivered - before.delivered) / 60
    expect(goodput).toBeGreaterThan(capacity * 0.6)
    expect(goodput).toBeLessThanOrEqual(capacity)
    expect((after.retried - before.retried) / (after.delivered - before.delivered)).toBeLessThan(0.05)
  })

  test('holds a destination for no longer than its longest wait, whatever one answer asks for', async () => {
    const starts: number[] = []
    const { drain, clock } = await drainFixture(
      {
        handle: () => {
          starts.push(clock.monotonicMs())
          if (starts.length > 1) return
          throw new IntegrationError({ code: 'rate_limited', retryAfterMs: 30 * 86_400_000 })
        },
        orderingKey: ({ key }) => key,
        pace: { min: 1, max: 10 },
        maxDelayMs: 60_000,
      },
      [event('a', 'a'), event('b', 'b')],
    )
    drain.start()
    await clock.advance(120_000)
    expect(starts).toEqual([0, 60_000, 61_000])
  })
})
