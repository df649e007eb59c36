import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import { type DrainFixture, drainFixture, event, manualHandler } from './drain-fixture.ts'

type Method = 'acquire' | 'read' | 'load' | 'commit' | 'deadLetter' | 'renew'

/** A consumer whose methods fail while `broken` holds their name. */
function breakable(): { readonly broken: Set<Method>; readonly wrap: (inner: Consumer) => Consumer } {
  const broken = new Set<Method>()
  const check = (method: Method): void => {
    if (broken.has(method)) throw new BufferError('buffer_failed', `${method} failed`)
  }
  return {
    broken,
    wrap: (inner) => ({
      ...inner,
      acquire: async (options) => (check('acquire'), inner.acquire(options)),
      read: async (...args) => (check('read'), inner.read(...args)),
      load: async (lease) => (check('load'), inner.load(lease)),
      commit: async (...args) => (check('commit'), inner.commit(...args)),
      deadLetter: async (...args) => (check('deadLetter'), inner.deadLetter(...args)),
      renew: async (...args) => (check('renew'), inner.renew(...args)),
    }),
  }
}

const failures = ({ heard }: DrainFixture): string[] =>
  heard.of('drain:failed').map(({ error }) => (error as Error).message)

describe('a buffer that fails', () => {
  test.each(['acquire', 'load', 'read'] as const)(
    'is tried again when %s fails, with growing waits',
    async (method) => {
      const { broken, wrap } = breakable()
      const fixture = await drainFixture({ handle: () => {} }, [event('a')], { wrap })
      broken.add(method)
      fixture.drain.start()
      await fixture.clock.advance(2000)
      const waits = fixture.heard.of('drain:failed').map(({ retryInMs }) => retryInMs)
      expect(waits.slice(0, 3)).toEqual([187.5, 375, 750])
      expect(failures(fixture)[0]).toBe(`${method} failed`)
      broken.clear()
      await fixture.clock.advance(60_000)
      expect(fixture.drain.snapshot()).toMatchObject({ state: 'idle', delivered: 1 })
    },
  )

  test('keeps outcomes until they can be written, and starts nothing meanwhile', async () => {
    const { broken, wrap } = breakable()
    const handler = manualHandler()
    const fixture = await drainFixture(
      { handle: handler.handle, orderingKey: ({ key }) => key, concurrency: 2, timeoutMs: Infinity },
      [event('a1', 'a'), event('b1', 'b'), event('c1', 'c'), event('a2', 'a')],
      { wrap },
    )
    fixture.drain.start()
    await fixture.quiet()
    broken.add('commit')
    handler.succeed('a1')
    await fixture.quiet()
    handler.succeed('b1')
    await fixture.clock.advance(1000)
    expect(failures(fixture)).toContain('commit failed')
    expect(handler.started).toEqual(['a1', 'b1', 'c1'])
    expect(fixture.drain.snapshot()).toMatchObject({ delivered: 0 })
    broken.clear()
    await fixture.clock.advance(60_000)
    expect(fixture.drain.snapshot()).toMatchObject({ delivered: 2 })
    // Nothing was run a second time because the buffer had failed.
    expect(handler.started).toEqual(['a1', 'b1', 'c1', 'a2'])
  })

  test('repeats a commit that was written although it failed', async () => {
    let failNext = true
    const fixture = await drainFixture({ handle: () => {} }, [event('a'), event('b')], {
      wrap: (inner) => ({
        ...inner,
        commit: async (lease, delta) => {
          await inner.commit(lease, delta)
          if (failNext) {
            failNext = false
            throw new Error('connection lost')
          }
        },
      }),
    })
    fixture.drain.start()
    await fixture.drained()
    expect(fixture.drain.snapshot()).toMatchObject({ delivered: 2 })
    expect((await fixture.buffer.stats()).consumers).toMatchObject([{ backlog: 0 }])
  })

  test('tries a dead letter again until it is stored', async () => {
    const { broken, wrap } = breakable()
    const fixture = await drainFixture(
      { handle: () => Promise.reject(new Error('no')), maxAttempts: 1 },
      [event('a'), event('b')],
      { wrap },
    )
    broken.add('deadLetter')
    fixture.drain.start()
    await fixture.clock.advance(1000)
    expect(fixture.drain.snapshot()).toMatchObject({ deadLettered: 0, inWindow: 2 })
    broken.clear()
    await fixture.drained()
    expect((await fixture.deadLetters()).map((letter) => letter.event.id)).toEqual(['a', 'b'])
  })

  test('does not keep a drain from stopping', async () => {
    const { broken, wrap } = breakable()
    const fixture = await drainFixture({ handle: () => {} }, [event('a')], { wrap })
    broken.add('commit')
    fixture.drain.start()
    await fixture.clock.advance(1000)
    await fixture.drain.stop({ timeoutMs: 1000 })
    expect(fixture.clock.pendingTimers).toBe(0)
    expect((await fixture.buffer.stats()).consumers).toMatchObject([{ backlog: 1 }])
  })

  test('does not fail drained', async () => {
    const { broken, wrap } = breakable()
    const fixture = await drainFixture({ handle: () => {} }, [event('a')], { wrap })
    const stats = fixture.buffer.stats
    Object.assign(fixture.buffer, { stats: () => Promise.reject(new Error('stats failed')) })
    fixture.drain.start()
    const drained = fixture.drain.drained()
    await fixture.quiet()
    await drained
    Object.assign(fixture.buffer, { stats })
    expect(broken.size).toBe(0)
    expect(fixture.drain.snapshot().delivered).toBe(1)
  })
})

describe('leases', () => {
  test('are renewed as long as the drain runs', async () => {
    const { drain, clock, consumer } = await drainFixture({ handle: () => {} })
    drain.start()
    await clock.advance(10 * 60_000)
    expect(await consumer.acquire({ owner: 'rival', leaseMs: 1000 })).toEqual([])
  })

  test('that cannot be renewed stop the dispatch before they end, and let it go on when they hold again', async () => {
    const { broken, wrap } = breakable()
    const delivered: string[] = []
    const fixture = await drainFixture({ handle: ({ id }) => void delivered.push(id) }, [], { wrap })
    fixture.drain.start()
    await fixture.quiet()
    broken.add('renew')
    await fixture.clock.advance(28_000)
    expect(failures(fixture)).toContain('renew failed')
    await fixture.buffer.append([event('a')])
    await fixture.quiet()
    expect(delivered).toEqual([])
    broken.clear()
    await fixture.clock.advance(5000)
    expect(delivered).toEqual(['a'])
  })

  test('that are lost end the partition: running handlers are aborted and nothing is written', async () => {
    let signal: AbortSignal | undefined
    const handler = manualHandler()
    const { broken, wrap } = breakable()
    const first = await drainFixture(
      {
        handle: (next, context) => {
          signal = context.signal
          return handler.handle(next, context)
        },
        timeoutMs: Infinity,
      },
      [event('a')],
      { wrap },
    )
    first.drain.start()
    await first.quiet()
    broken.add('renew')
    await first.clock.advance(31_000)
    const rival = await first.buffer.openConsumer('orders')
    const [taken] = await rival.acquire({ owner: 'rival', leaseMs: 60_000 })
    expect(taken).toBeDefined()
    broken.clear()
    await first.clock.advance(4000)
    expect(signal?.reason).toMatchObject({ reason: 'stale_lease' })
    handler.succeed('a')
    await first.quiet()
    expect((await rival.load(taken!)).lowWater).toBeNull()
    expect(first.drain.snapshot()).toMatchObject({ inWindow: 0, inFlight: 0, delivered: 0 })
  })

  test('that are found stale by a commit end the partition, which is taken again when it is free', async () => {
    const delivered: string[] = []
    const first = await drainFixture({ handle: ({ id }) => void delivered.push(id) }, [])
    first.drain.start()
    await first.quiet()
    // Taken from under the drain, as by an operator who resets a consumer.
    const rival = await first.buffer.openConsumer('orders')
    await rival.release({ partition: 0, epoch: 1, expiresAt: 0 })
    const [taken] = await rival.acquire({ owner: 'rival', leaseMs: 5000 })
    expect(taken?.epoch).toBe(2)
    await first.buffer.append([event('a')])
    await first.quiet()
    expect(first.drain.snapshot().delivered).toBe(0)
    await first.clock.advance(20_000)
    expect(first.drain.snapshot()).toMatchObject({ state: 'idle', delivered: 1 })
    // Once without an ack, under the stale lease, and once for good.
    expect(delivered).toEqual(['a', 'a'])
  })

  test('of a buffer with one owner are taken over as they come again', async () => {
    const delivered: string[] = []
    const { drain, clock, buffer, quiet } = await drainFixture({ handle: ({ id }) => void delivered.push(id) }, [], {
      wrap: (inner) => ({
        ...inner,
        acquire: async (options) => (await inner.acquire(options)).map((lease) => ({ ...lease, expiresAt: Infinity })),
      }),
    })
    drain.start()
    await clock.advance(3_600_000)
    await buffer.append([event('a')])
    await quiet()
    expect(delivered).toEqual(['a'])
  })

  test('that end with their owner are taken over by another drain, which goes on where it was', async () => {
    const handler = manualHandler()
    const first = await drainFixture({ handle: handler.handle, timeoutMs: Infinity }, [event('a'), event('b')])
    const { broken, wrap } = breakable()
    const dying = await drainFixture({ handle: handler.handle, timeoutMs: Infinity }, [], {
      clock: first.clock,
      buffer: first.buffer,
      wrap,
    })
    dying.drain.start()
    await dying.quiet()
    handler.succeed('a')
    await dying.quiet()
    for (const method of ['renew', 'commit', 'read'] as const) broken.add(method)
    const delivered: string[] = []
    const heir = await first.again({ handle: ({ id }) => void delivered.push(id) }, 'heir')
    heir.drain.start()
    await heir.quiet()
    expect(delivered).toEqual([])
    await heir.clock.advance(41_000)
    expect(delivered).toEqual(['b'])
  })
})
