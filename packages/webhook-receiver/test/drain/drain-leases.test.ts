import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import { breakable, failures } from './breakable-consumer.ts'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

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

  test('that are found stale by a read end the partition, which is taken again when it is free', async () => {
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

  test('that are found stale by a commit end the partition at once, and what was not acked comes again', async () => {
    let stale = true
    const delivered: string[] = []
    const { drain, clock, heard, quiet } = await drainFixture(
      { handle: ({ id }) => void delivered.push(id) },
      [event('a'), event('b')],
      {
        wrap: (inner) => ({
          ...inner,
          commit: async (lease, delta) => {
            if (stale) throw new BufferError('stale_lease', 'Somebody else has it.')
            await inner.commit(lease, delta)
          },
        }),
      },
    )
    drain.start()
    await quiet()
    expect(delivered).toEqual(['a'])
    expect(drain.snapshot()).toMatchObject({ state: 'draining', inWindow: 0, delivered: 0 })
    expect(heard.of('drain:failed')).toEqual([])
    stale = false
    // The lease that was never given back has to end first.
    await clock.advance(41_000)
    expect(delivered).toEqual(['a', 'a', 'b'])
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

  test('that come back after somebody else had them start from the cursor, not from what was read before', async () => {
    const { broken, wrap } = breakable()
    const delivered: string[] = []
    const { drain, clock, buffer, quiet } = await drainFixture({ handle: ({ id }) => void delivered.push(id) }, [], {
      wrap,
      partitions: 2,
    })
    const rival = await buffer.openConsumer('orders')
    // With one partition in other hands the drain goes on asking for it.
    await rival.acquire({ owner: 'rival', leaseMs: 3_600_000, max: 1 })
    drain.start()
    await quiet()
    broken.add('renew')
    await clock.advance(28_000)
    await buffer.append(Array.from({ length: 8 }, (_, index) => event(`e${index}`, `k${index}`)))
    await quiet()
    broken.add('acquire')
    await clock.advance(4000)
    const [taken] = await rival.acquire({ owner: 'rival', leaseMs: 3_600_000 })
    const entries = await rival.read(taken!, null, { limit: 100, maxBytes: 1_000_000, waitMs: 0 })
    const done = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : []))
    expect(done.length).toBeGreaterThan(0)
    await rival.commit(taken!, { done })
    await rival.release(taken!)
    broken.delete('acquire')
    await clock.advance(30_000)
    broken.clear()
    await clock.advance(30_000)
    expect(delivered).toEqual([])
    await buffer.append(Array.from({ length: 8 }, (_, index) => event(`n${index}`, `k${index}`)))
    await quiet()
    expect(delivered).toHaveLength(done.length)
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
