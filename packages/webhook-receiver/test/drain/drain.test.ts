import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { WebhookEvent } from '../../src/receiver/webhook-event.ts'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

const byKey = ({ key }: WebhookEvent): string | undefined => key

describe('createDrain', () => {
  test('delivers everything in the order of the log, one after the other, without an ordering key', async () => {
    const handler = manualHandler()
    const { drain, quiet } = await drainFixture({ handle: handler.handle, concurrency: 8 }, [
      event('a1', 'a'),
      event('b1', 'b'),
      event('a2', 'a'),
    ])
    drain.start()
    for (const id of ['a1', 'b1', 'a2']) {
      await quiet()
      expect(handler.running).toEqual([id])
      handler.succeed(id)
    }
    await quiet()
    expect(drain.snapshot()).toEqual({
      state: 'idle',
      inWindow: 0,
      inFlight: 0,
      parked: 0,
      blockedKeys: 0,
      delivered: 3,
      retried: 0,
      deadLettered: 0,
    })
  })

  test('runs keys side by side up to the concurrency, and each key in its order', async () => {
    const handler = manualHandler()
    const { drain, quiet } = await drainFixture({ handle: handler.handle, orderingKey: byKey, concurrency: 2 }, [
      event('a1', 'a'),
      event('a2', 'a'),
      event('b1', 'b'),
      event('c1', 'c'),
    ])
    drain.start()
    await quiet()
    expect(handler.running).toEqual(['a1', 'b1'])
    handler.succeed('b1')
    await quiet()
    expect(handler.running).toEqual(['a1', 'c1'])
    handler.succeed('a1')
    await quiet()
    expect(handler.running).toEqual(['c1', 'a2'])
  })

  test('gives each key its turn', async () => {
    const order: string[] = []
    const { drain, drained } = await drainFixture(
      { handle: ({ id }) => void order.push(id), orderingKey: byKey, concurrency: 1 },
      [event('a1', 'a'), event('a2', 'a'), event('a3', 'a'), event('b1', 'b'), event('b2', 'b')],
    )
    drain.start()
    await drained()
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2', 'a3'])
  })

  test('does not order events for which the key is undefined or null', async () => {
    const handler = manualHandler()
    const keys: Record<string, string | null | undefined> = { x: undefined, y: null, z: 'z' }
    const { drain, quiet } = await drainFixture({ handle: handler.handle, orderingKey: ({ id }) => keys[id] }, [
      event('x'),
      event('y'),
      event('z'),
    ])
    drain.start()
    await quiet()
    expect(handler.running).toEqual(['x', 'y', 'z'])
  })

  test('starts the next event of a key only after the ack of the one before is written', async () => {
    const handler = manualHandler()
    let write: (() => void) | undefined
    const { drain, quiet } = await drainFixture({ handle: handler.handle }, [event('a1'), event('a2')], {
      wrap: (consumer) => ({
        ...consumer,
        commit: async (lease, delta) => {
          await new Promise<void>((resolve) => {
            write = resolve
          })
          await consumer.commit(lease, delta)
        },
      }),
    })
    drain.start()
    await quiet()
    handler.succeed('a1')
    await quiet()
    expect(handler.running).toEqual([])
    expect(drain.snapshot()).toMatchObject({ delivered: 0, inWindow: 2 })
    write?.()
    await quiet()
    expect(handler.running).toEqual(['a2'])
    expect(drain.snapshot()).toMatchObject({ delivered: 1, inWindow: 1 })
  })

  test('writes acks that fall together as one', async () => {
    const commits: number[] = []
    const stored = Array.from({ length: 50 }, (_, index) => event(`e${index}`, `k${index}`))
    const { drain, drained } = await drainFixture({ handle: () => {}, orderingKey: byKey, concurrency: 50 }, stored, {
      wrap: (consumer) => ({
        ...consumer,
        commit: (lease, delta) => {
          commits.push(delta.done?.length ?? 0)
          return consumer.commit(lease, delta)
        },
      }),
    })
    drain.start()
    await drained()
    expect(commits).toEqual([50])
  })

  test('hands over the event with its body, headers and attempt', async () => {
    const seen: unknown[] = []
    const { drain, drained } = await drainFixture(
      {
        handle: (delivered, context) => {
          seen.push([delivered.id, delivered.json(), delivered.headers.get('x-a'), { ...context }])
        },
      },
      [event('e', 'one', { headers: [['X-A', '1']] })],
    )
    drain.start()
    await drained()
    expect(seen).toEqual([['e', { id: 'e' }, '1', { destination: 'orders', attempt: 1, fencingToken: 1 }]])
  })

  test('delivers what arrives while it runs, and says each time when nothing is left', async () => {
    const order: string[] = []
    const { drain, buffer, heard, quiet } = await drainFixture({ handle: ({ id }) => void order.push(id) }, [
      event('a'),
    ])
    drain.start()
    await quiet()
    expect(drain.snapshot().state).toBe('idle')
    expect(heard.of('drain:idle')).toEqual([{ destination: 'orders' }])
    await buffer.append([event('b')])
    await quiet()
    expect(order).toEqual(['a', 'b'])
    expect(heard.of('drain:idle')).toHaveLength(2)
  })

  test('asks the buffer again and again at the end only as often as a read may wait', async () => {
    let reads = 0
    const { drain, clock, quiet } = await drainFixture({ handle: () => {} }, [], {
      wrap: (consumer) => ({
        ...consumer,
        read: (lease, after, options) => {
          reads += 1
          return consumer.read(lease, after, options)
        },
      }),
    })
    drain.start()
    await quiet()
    const before = reads
    await clock.advance(600_000)
    expect(reads - before).toBeLessThanOrEqual(30)
  })

  test('does not read further ahead than its limits allow', async () => {
    const handler = manualHandler()
    const stored = Array.from({ length: 100 }, (_, index) => event(`e${index}`))
    const { drain, quiet } = await drainFixture({ handle: handler.handle }, stored, {
      limits: { records: 10, span: 10, bytes: 1_000_000 },
    })
    drain.start()
    await quiet()
    expect(drain.snapshot().inWindow).toBe(10)
    for (let index = 0; index < 100; index++) {
      await quiet()
      expect(drain.snapshot().inWindow).toBeLessThanOrEqual(10)
      handler.succeed(`e${index}`)
    }
    await quiet()
    expect(drain.snapshot()).toMatchObject({ state: 'idle', delivered: 100 })
  })

  test('does not hold more bytes than its limits allow, but always one event', async () => {
    const handler = manualHandler()
    const stored = Array.from({ length: 5 }, (_, index) => event(`e${index}`, 'one', { body: new Uint8Array(10_000) }))
    const { drain, quiet } = await drainFixture({ handle: handler.handle }, stored, {
      limits: { records: 100, span: 100, bytes: 5000 },
    })
    drain.start()
    for (let index = 0; index < 5; index++) {
      await quiet()
      expect(drain.snapshot().inWindow).toBe(1)
      handler.succeed(`e${index}`)
    }
    await quiet()
    expect(drain.snapshot()).toMatchObject({ state: 'idle', delivered: 5 })
  })

  test('lets other keys get ahead of one that is stuck by the span, and no further', async () => {
    const handler = manualHandler()
    const stored = [
      event('stuck', 'stuck'),
      ...Array.from({ length: 50 }, (_, index) => event(`e${index}`, `k${index}`)),
    ]
    const delivered: string[] = []
    const { drain, quiet } = await drainFixture(
      {
        handle: (next, context) => {
          if (next.id === 'stuck') return handler.handle(next, context)
          delivered.push(next.id)
          return undefined
        },
        orderingKey: byKey,
        timeoutMs: Infinity,
      },
      stored,
      { limits: { records: 5, span: 20, bytes: 1_000_000 } },
    )
    drain.start()
    await quiet()
    expect(delivered.length).toBeGreaterThanOrEqual(15)
    expect(delivered.length).toBeLessThan(20)
    handler.succeed('stuck')
    await quiet()
    expect(delivered).toHaveLength(50)
  })

  test('passes over lost records and tells where they were', async () => {
    const order: string[] = []
    const hole = { partition: 0, from: '0000000000000002', to: '0000000000000003', lost: 2 }
    const { drain, heard, drained } = await drainFixture(
      { handle: ({ id }) => void order.push(id) },
      ['a', 'b', 'c', 'd'].map((id) => event(id)),
      {
        wrap: (consumer) => ({
          ...consumer,
          read: async (lease, after, options) => {
            if (after === '0000000000000001') return [{ kind: 'hole', hole }]
            return consumer.read(lease, after, after === null ? { ...options, limit: 1 } : options)
          },
        }),
      },
    )
    drain.start()
    await drained()
    expect(order).toEqual(['a', 'd'])
    expect(heard.of('buffer:lost')).toEqual([hole])
  })

  test('goes through all partitions', async () => {
    const order: string[] = []
    const stored = Array.from({ length: 40 }, (_, index) => event(`e${index}`, `k${index}`))
    const { drain, drained } = await drainFixture({ handle: ({ id }) => void order.push(id) }, stored, {
      partitions: 4,
    })
    drain.start()
    await drained()
    expect(order.toSorted()).toEqual(stored.map(({ id }) => id).toSorted())
  })

  test('counts a throwing ordering key as a failed attempt of that event alone', async () => {
    const broken = new TypeError('no customer')
    const order: string[] = []
    const { drain, heard, drained, deadLetters } = await drainFixture(
      {
        handle: ({ id }) => void order.push(id),
        orderingKey: ({ id }) => {
          if (id === 'bad') throw broken
          return 'one'
        },
        maxAttempts: 2,
      },
      [event('a'), event('bad'), event('b')],
    )
    drain.start()
    await drained()
    expect(order).toEqual(['a', 'b'])
    expect(heard.of('delivery:retried')).toMatchObject([{ id: 'bad', attempt: 1, error: broken }])
    expect(await deadLetters()).toMatchObject([{ event: { id: 'bad' }, why: { attempts: 2, message: 'no customer' } }])
  })

  test.each([
    ['a promise', () => Promise.resolve('one'), 'object'],
    ['a promise that rejects', () => Promise.reject(new Error('no customer')), 'object'],
    ['a number', () => 42, 'number'],
  ])('counts an ordering key that is %s as a failed attempt: the order would be gone', async (_what, find, type) => {
    const orderingKey = find as () => never
    const { drain, drained, deadLetters } = await drainFixture({ handle: () => {}, orderingKey, maxAttempts: 1 }, [
      event('a'),
    ])
    drain.start()
    await drained()
    expect((await deadLetters()).map(({ why }) => why.message)).toEqual([
      'Expected `destinations.orders.orderingKey` to be a function that returns a string, `undefined` or `null`, ' +
        `got one that returned a value of type ${type}.`,
    ])
  })

  test('goes on without a pause where the event loop has had a turn', async () => {
    const { clock, buffer, drain, quiet } = await drainFixture({ handle: () => undefined, orderingKey: byKey })
    drain.start()
    await quiet()
    for (let batch = 1; batch <= 10; batch++) {
      await buffer.append(Array.from({ length: 20 }, (_, index) => event(`${batch}_${index}`, `k${index}`)))
      await quiet()
      expect(drain.snapshot().delivered).toBe(batch * 20)
      await clock.advance(100)
    }
  })

  test('lets the event loop have a turn between slices of quick work', async () => {
    const real = fakeClock()
    let workMs = 0
    const clock = { ...real, monotonicMs: () => real.monotonicMs() + workMs, pendingTimers: 0 }
    const stored = Array.from({ length: 500 }, (_, index) => event(`e${index}`, `k${index}`))
    const { drain, quiet } = await drainFixture({ handle: () => void workMs++, orderingKey: byKey }, stored, { clock })
    drain.start()
    await quiet()
    expect(drain.snapshot().delivered).toBeLessThan(100)
    await real.advance(0)
    expect(drain.snapshot().delivered).toBe(500)
  })

  test('lets the event loop have a turn after ten milliseconds, however few deliveries that were', async () => {
    const real = fakeClock()
    let workMs = 0
    const clock = { ...real, monotonicMs: () => real.monotonicMs() + workMs, pendingTimers: 0 }
    const stored = Array.from({ length: 20 }, (_, index) => event(`e${index}`, `k${index}`))
    const { drain, quiet } = await drainFixture({ handle: () => void (workMs += 6), orderingKey: byKey }, stored, {
      clock,
    })
    drain.start()
    await quiet()
    expect(drain.snapshot().delivered).toBe(2)
    await real.advance(0)
    expect(drain.snapshot().delivered).toBe(20)
  })
})
