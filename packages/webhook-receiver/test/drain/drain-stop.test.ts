import { describe, expect, test } from 'vitest'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

describe('stop', () => {
  test('starts nothing more, lets handlers finish and writes their acks', async () => {
    const handler = manualHandler()
    const first = await drainFixture({ handle: handler.handle, orderingKey: ({ key }) => key, concurrency: 2 }, [
      event('a', 'a'),
      event('b', 'b'),
      event('c', 'c'),
    ])
    first.drain.start()
    await first.quiet()
    const stopped = first.drain.stop({ timeoutMs: 5000 })
    handler.succeed('a')
    await first.quiet()
    handler.succeed('b')
    await stopped
    expect(handler.started).toEqual(['a', 'b'])
    expect(first.drain.snapshot()).toMatchObject({ state: 'stopped', delivered: 2, inFlight: 0 })
    expect(first.clock.pendingTimers).toBe(0)
    const delivered: string[] = []
    const second = await first.again({ handle: ({ id }) => void delivered.push(id) })
    second.drain.start()
    await second.drained()
    expect(delivered).toEqual(['c'])
  })

  test('aborts handlers that do not finish in time; their events come again with the same attempt', async () => {
    let signal: AbortSignal | undefined
    const first = await drainFixture(
      {
        handle: (_event, context) => {
          signal = context.signal
          return new Promise(() => {})
        },
      },
      [event('a')],
    )
    first.drain.start()
    await first.quiet()
    const stopped = first.drain.stop({ timeoutMs: 3000 })
    await first.clock.advance(2999)
    expect(signal?.aborted).toBe(false)
    await first.clock.advance(1)
    await stopped
    expect(signal?.reason).toMatchObject({ code: 'canceled', reason: 'drain_stopped' })
    expect(first.drain.snapshot()).toMatchObject({ state: 'stopped', delivered: 0, retried: 0, inFlight: 0 })
    expect(first.clock.pendingTimers).toBe(0)
    const attempts: number[] = []
    const second = await first.again({ handle: (_event, { attempt }) => void attempts.push(attempt) })
    second.drain.start()
    await second.drained()
    expect(attempts).toEqual([1])
  })

  test('writes the failure of a handler that fails while it stops', async () => {
    const handler = manualHandler()
    const first = await drainFixture({ handle: handler.handle }, [event('a')])
    first.drain.start()
    await first.quiet()
    const stopped = first.drain.stop({ timeoutMs: 3000 })
    handler.fail('a')
    await stopped
    expect(first.clock.pendingTimers).toBe(0)
    const attempts: number[] = []
    const second = await first.again({ handle: (_event, { attempt }) => void attempts.push(attempt) })
    second.drain.start()
    await second.drained()
    expect(attempts).toEqual([2])
  })

  test('gives the partitions back at once', async () => {
    const first = await drainFixture({ handle: () => {} }, [], { partitions: 3 })
    first.drain.start()
    await first.quiet()
    expect(await first.consumer.acquire({ owner: 'rival', leaseMs: 1000 })).toHaveLength(0)
    await first.drain.stop({ timeoutMs: 0 })
    expect(await first.consumer.acquire({ owner: 'rival', leaseMs: 1000 })).toHaveLength(3)
  })

  test('ends waits for repeats and for the pace', async () => {
    const { drain, clock, quiet } = await drainFixture(
      {
        handle: ({ id }) => {
          if (id === 'bad') throw new Error('no')
        },
        orderingKey: ({ key }) => key,
        ratePerSecond: 1,
        baseDelayMs: 60_000,
      },
      [event('bad', 'a'), event('b', 'b'), event('c', 'c')],
    )
    drain.start()
    await quiet()
    expect(clock.pendingTimers).toBeGreaterThan(2)
    await drain.stop({ timeoutMs: 1000 })
    expect(clock.pendingTimers).toBe(0)
  })

  test('is the same stop for everybody who asks', async () => {
    const { drain } = await drainFixture({ handle: () => {} })
    drain.start()
    expect(drain.stop({ timeoutMs: 10 })).toBe(drain.stop({ timeoutMs: 20 }))
    await drain.stop({ timeoutMs: 10 })
  })

  test('is final, also before the start', async () => {
    const { drain, clock, quiet } = await drainFixture({ handle: () => {} }, [event('a')])
    await drain.stop({ timeoutMs: 0 })
    drain.start()
    await quiet()
    expect(drain.snapshot()).toMatchObject({ state: 'stopped', delivered: 0 })
    expect(clock.pendingTimers).toBe(0)
  })

  test('gives back what it was granted while it stopped', async () => {
    let grant: (() => void) | undefined
    const { drain, consumer, clock, quiet } = await drainFixture({ handle: () => {} }, [], {
      wrap: (inner) => ({
        ...inner,
        acquire: async (options) => {
          if (options.owner === 'first')
            await new Promise<void>((resolve) => {
              grant = resolve
            })
          return inner.acquire(options)
        },
      }),
    })
    drain.start()
    await quiet()
    const stopped = drain.stop({ timeoutMs: 0 })
    grant?.()
    await stopped
    expect(await consumer.acquire({ owner: 'rival', leaseMs: 1000 })).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
  })

  test('resumes no key when it stops before it has the partition', async () => {
    const { drain } = await drainFixture({ handle: () => {}, onExhausted: 'blockKey' }, [], {
      wrap: (consumer) => ({ ...consumer, acquire: () => new Promise(() => {}) }),
    })
    drain.start()
    const resumed = drain.resumeKey('one')
    void drain.stop({ timeoutMs: 0 })
    expect(await resumed).toBe(false)
  })
})
