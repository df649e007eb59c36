import assert from 'node:assert/strict'
import type { Consumer, EventBuffer, Lease, Position, StoredEvent } from '../../buffer/event-buffer.ts'
import { type ConformanceCase, openCase } from './conformance-case.ts'
import { idsOf, leaseOf, openDrained, readPartition } from './reading.ts'
import { sampleEvent, sampleEvents } from './sample-events.ts'

/** What a consumer's cursor remembers, and that consumers do not touch each other. */
export const cursorCases: readonly ConformanceCase[] = [
  openCase('a new consumer has done nothing', async ({ buffer }) => {
    await buffer.append(sampleEvents(2))
    const { consumer, leases } = await openDrained(buffer)
    for (const lease of leases) assert.deepEqual(await consumer.load(lease), { lowWater: null, done: [], retry: [] })
  }),

  openCase('what is done in order moves the low-water mark, also across a restart', async (under) => {
    const { consumer, lease, at } = await openWith(under.buffer, 5)
    await consumer.commit(lease, { done: [at(0)] })
    await consumer.commit(lease, { done: [at(1), at(2)] })
    assert.deepEqual(await consumer.load(lease), { lowWater: at(2), done: [], retry: [] })
    const again = await resume(await under.reopen(), lease.partition)
    assert.deepEqual(await again.consumer.load(again.lease), { lowWater: at(2), done: [], retry: [] })
    const rest = await readPartition(again.consumer, again.lease, at(2))
    assert.deepEqual(idsOf(rest), ['evt_3', 'evt_4'])
  }),

  openCase('what is done out of order is remembered above the mark until the gap closes', async (under) => {
    const { consumer, lease, at } = await openWith(under.buffer, 8)
    await consumer.commit(lease, { done: [at(0), at(4)] })
    await consumer.commit(lease, { done: [at(2), at(6)] })
    const again = await resume(await under.reopen(), lease.partition)
    const cursor = await again.consumer.load(again.lease)
    assert.equal(cursor.lowWater, at(0))
    assert.deepEqual(cursor.done.toSorted(), [at(2), at(4), at(6)])
    await again.consumer.commit(again.lease, { done: [at(1), at(3)] })
    const closed = await again.consumer.load(again.lease)
    assert.equal(closed.lowWater, at(4))
    assert.deepEqual(closed.done, [at(6)])
  }),

  openCase('saying twice that something is done is the same as saying it once', async ({ buffer }) => {
    const { consumer, lease, at } = await openWith(buffer, 4)
    await consumer.commit(lease, { done: [at(0), at(2)] })
    await consumer.commit(lease, { done: [at(2), at(0), at(0)] })
    assert.deepEqual(await consumer.load(lease), { lowWater: at(0), done: [at(2)], retry: [] })
    assert.equal((await buffer.stats()).consumers[0]?.backlog, 2)
  }),

  openCase('a commit of nothing changes nothing', async ({ buffer }) => {
    const { consumer, lease } = await openWith(buffer, 2)
    await consumer.commit(lease, {})
    await consumer.commit(lease, { done: [], retry: [] })
    assert.deepEqual(await consumer.load(lease), { lowWater: null, done: [], retry: [] })
  }),

  openCase('concurrent commits all count', async (under) => {
    const { consumer, lease, at } = await openWith(under.buffer, 50)
    await Promise.all(Array.from({ length: 50 }, (_, index) => consumer.commit(lease, { done: [at(49 - index)] })))
    const again = await resume(await under.reopen(), lease.partition)
    assert.deepEqual(await again.consumer.load(again.lease), { lowWater: at(49), done: [], retry: [] })
  }),

  openCase('attempts of a failed event survive a restart; the last word counts', async (under) => {
    const { consumer, lease, at } = await openWith(under.buffer, 3)
    await consumer.commit(lease, { retry: [{ position: at(0), attempts: 1, nextAt: 1_750_000_000_500 }] })
    await consumer.commit(lease, {
      done: [at(1)],
      retry: [
        { position: at(0), attempts: 2, nextAt: 1_750_000_001_500 },
        { position: at(2), attempts: 1, nextAt: 1_750_000_000_900 },
      ],
    })
    const again = await resume(await under.reopen(), lease.partition)
    const { lowWater, done, retry } = await again.consumer.load(again.lease)
    assert.equal(lowWater, null)
    assert.deepEqual(done, [at(1)])
    assert.deepEqual(
      retry.toSorted((left, right) => (left.position < right.position ? -1 : 1)),
      [
        { position: at(0), attempts: 2, nextAt: 1_750_000_001_500 },
        { position: at(2), attempts: 1, nextAt: 1_750_000_000_900 },
      ],
    )
  }),

  openCase('attempts of an event are forgotten when it is done', async (under) => {
    const { consumer, lease, at } = await openWith(under.buffer, 3)
    await consumer.commit(lease, {
      retry: [
        { position: at(0), attempts: 3, nextAt: 1 },
        { position: at(1), attempts: 4, nextAt: 2 },
      ],
    })
    await consumer.commit(lease, { done: [at(1)] })
    assert.deepEqual(await consumer.load(lease), {
      lowWater: null,
      done: [at(1)],
      retry: [{ position: at(0), attempts: 3, nextAt: 1 }],
    })
    await consumer.commit(lease, { done: [at(0)] })
    const again = await resume(await under.reopen(), lease.partition)
    assert.deepEqual(await again.consumer.load(again.lease), { lowWater: at(1), done: [], retry: [] })
  }),

  openCase('S1: consumers have nothing to do with each other', async (under) => {
    const { consumer, lease, at } = await openWith(under.buffer, 4)
    const slow = await openDrained(under.buffer, 'slow')
    const slowLease = leaseOf(slow.leases, lease)
    await consumer.commit(lease, { done: [at(0), at(1), at(2), at(3)] })
    assert.deepEqual(await slow.consumer.load(slowLease), { lowWater: null, done: [], retry: [] })
    assert.equal((await readPartition(slow.consumer, slowLease)).length, 4)
    const buffer = await under.reopen()
    const { consumers } = await buffer.stats()
    const backlogs = Object.fromEntries(consumers.map(({ name, backlog }) => [name, backlog]))
    assert.deepEqual(backlogs, { orders: 0, slow: 4 })
  }),

  openCase('a consumer that is opened again is the same consumer', async ({ buffer }) => {
    const { consumer, lease, at } = await openWith(buffer, 3)
    await consumer.commit(lease, { done: [at(0)] })
    const same = await buffer.openConsumer('orders', { from: 'latest' })
    assert.equal(same.name, 'orders')
    assert.equal((await same.load(lease)).lowWater, at(0))
    assert.equal((await buffer.stats()).consumers.length, 1)
  }),

  openCase('a removed consumer is forgotten, and an unknown one may be removed', async (under) => {
    const { consumer, lease, at } = await openWith(under.buffer, 3)
    await consumer.commit(lease, { done: [at(0)] })
    await under.buffer.removeConsumer('orders')
    await under.buffer.removeConsumer('nobody')
    assert.deepEqual((await under.buffer.stats()).consumers, [])
    const buffer = await under.reopen()
    assert.deepEqual((await buffer.stats()).consumers, [])
    const again = await resume(buffer, lease.partition)
    assert.equal((await again.consumer.load(again.lease)).lowWater, null)
  }),

  openCase('stats count what is stored and what each consumer has before it', async ({ buffer }) => {
    const { events, bytes, lost, consumers } = await buffer.stats()
    assert.deepEqual({ events, bytes, lost, consumers }, { events: 0, bytes: 0, lost: 0, consumers: [] })
    const { consumer, lease, at } = await openWith(buffer, 6)
    await consumer.commit(lease, { done: [at(0), at(3)] })
    const stats = await buffer.stats()
    assert.equal(stats.events, 6)
    assert.ok(stats.bytes >= 6 * sampleEvent('evt_0').body.length)
    assert.equal(stats.lost, 0)
    assert.deepEqual(stats.consumers, [{ name: 'orders', backlog: 4, parked: 0, deadLetters: 0 }])
  }),
]

/** A buffer with `count` events in one partition, and the consumer `orders` with the lease of it, and those of the others. */
export async function openWith(
  buffer: EventBuffer,
  count: number,
): Promise<{
  readonly consumer: Consumer
  readonly lease: Lease
  readonly leases: readonly Lease[]
  readonly events: readonly StoredEvent[]
  readonly at: (index: number) => Position
}> {
  const [first] = await buffer.append(sampleEvents(count))
  assert.ok(first)
  const { consumer, leases } = await openDrained(buffer)
  const lease = leaseOf(leases, first)
  const events = await readPartition(consumer, lease)
  return {
    consumer,
    lease,
    leases,
    events,
    at: (index) => {
      const event = events[index]
      assert.ok(event)
      return event.position
    },
  }
}

/** The consumer `orders` with the lease of one partition, after a restart. */
export async function resume(
  buffer: EventBuffer,
  partition: number,
): Promise<{ readonly consumer: Consumer; readonly lease: Lease }> {
  const { consumer, leases } = await openDrained(buffer)
  return { consumer, lease: leaseOf(leases, { partition }) }
}
