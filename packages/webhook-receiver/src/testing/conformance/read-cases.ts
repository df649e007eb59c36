import assert from 'node:assert/strict'
import type { Position } from '../../buffer/event-buffer.ts'
import { type BufferUnderTest, type ConformanceCase, openCase } from './conformance-case.ts'
import { openWith, resume } from './cursor-cases.ts'
import { idsOf, leaseOf, openDrained, readPartition } from './reading.ts'
import { sampleEvent, sampleEvents } from './sample-events.ts'

/** How reading goes on, waits and ends. */
export const readCases: readonly ConformanceCase[] = [
  openCase('the capabilities say which of the optional methods there are', async ({ buffer }) => {
    const { consumer } = await openDrained(buffer)
    const { transactionalAck, asideMarks = false, adopts = false } = buffer.caps
    assert.equal(consumer.withTransaction !== undefined, transactionalAck)
    assert.equal(consumer.asideMark !== undefined, asideMarks)
    assert.equal(buffer.onAdopted !== undefined, adopts)
  }),

  openCase('S7: reading goes on behind a position, without gaps, in steps of any size', async ({ buffer }) => {
    const [first] = await buffer.append(sampleEvents(30))
    assert.ok(first)
    const { consumer, leases } = await openDrained(buffer)
    const lease = leaseOf(leases, first)
    const whole = await readPartition(consumer, lease)
    assert.deepEqual(idsOf(await readPartition(consumer, lease, null, { limit: 7 })), idsOf(whole))
    const tenth = whole[9]
    assert.ok(tenth)
    assert.deepEqual(idsOf(await readPartition(consumer, lease, tenth.position)), idsOf(whole.slice(10)))
  }),

  openCase(
    'a read ends at the latest with the entry that reaches maxBytes, and gives at least one',
    async ({ buffer }) => {
      const [first] = await buffer.append(sampleEvents(10, 'evt_', { body: new Uint8Array(1000) }))
      assert.ok(first)
      const { consumer, leases } = await openDrained(buffer)
      const lease = leaseOf(leases, first)
      const some = await consumer.read(lease, null, { limit: 100, maxBytes: 3500, waitMs: 0 })
      assert.ok(some.length >= 1 && some.length <= 4, `${some.length} entries`)
      const one = await consumer.read(lease, null, { limit: 100, maxBytes: 1, waitMs: 0 })
      assert.equal(one.length, 1)
    },
  ),

  openCase('a read at the end answers at once with nothing when it may not wait', async ({ buffer }) => {
    const { consumer, leases } = await openDrained(buffer)
    assert.equal(leases.length, buffer.caps.partitions)
    for (const lease of leases)
      assert.deepEqual(await consumer.read(lease, null, { limit: 10, maxBytes: 1000, waitMs: 0 }), [])
  }),

  openCase('a read that waits ends with nothing after waitMs', async (under) => {
    const { consumer, leases } = await openDrained(under.buffer)
    const [lease] = leases
    assert.ok(lease)
    const waitMs = under.advance === undefined ? 30 : 10_000
    const read = consumer.read(lease, null, { limit: 10, maxBytes: 1000, waitMs })
    await pass(under, waitMs)
    assert.deepEqual(await read, [])
  }),

  openCase('a read that waits is woken by an append', async ({ buffer }) => {
    const { consumer, leases } = await openDrained(buffer)
    const [before] = await buffer.append([sampleEvent('before', { key: 'one' })])
    assert.ok(before)
    const lease = leaseOf(leases, before)
    const read = consumer.read(lease, before.position, { limit: 10, maxBytes: 100_000, waitMs: 60_000 })
    await buffer.append([sampleEvent('evt', { key: 'one' })])
    assert.deepEqual(
      (await read).map((entry) => entry.kind === 'event' && entry.event.id),
      ['evt'],
    )
  }),

  openCase('a read that waits ends with the reason of its signal', async ({ buffer }) => {
    const { consumer, leases } = await openDrained(buffer)
    const [lease] = leases
    assert.ok(lease)
    const reason = new Error('stop')
    const controller = new AbortController()
    const read = consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 60_000, signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(read, reason)
    const late = consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 60_000, signal: controller.signal })
    await assert.rejects(late, reason)
  }),

  openCase('a consumer from the latest sees only what comes after it was registered', async (under) => {
    await under.buffer.append(sampleEvents(3, 'old_'))
    await under.buffer.openConsumer('late', { from: 'latest' })
    await under.buffer.openConsumer('early', { from: 'earliest' })
    const [first] = await under.buffer.append(sampleEvents(2, 'new_'))
    assert.ok(first)
    // Registration is durable: after a restart it is not "latest" again.
    const buffer = await under.reopen()
    const late = await openDrained(buffer, 'late', 'latest')
    const lateLease = leaseOf(late.leases, first)
    const { lowWater } = await late.consumer.load(lateLease)
    assert.deepEqual(idsOf(await readPartition(late.consumer, lateLease, lowWater)), ['new_0', 'new_1'])
    const early = await openDrained(buffer, 'early', 'latest')
    const earlyLease = leaseOf(early.leases, first)
    const cursor = await early.consumer.load(earlyLease)
    assert.equal((await readPartition(early.consumer, earlyLease, cursor.lowWater)).length, 5)
  }),

  openCase('a consumer from the latest on an empty buffer sees everything', async ({ buffer }) => {
    await buffer.openConsumer('late', { from: 'latest' })
    const [first] = await buffer.append([sampleEvent('evt')])
    assert.ok(first)
    const { consumer, leases } = await openDrained(buffer, 'late')
    const lease = leaseOf(leases, first)
    const { lowWater } = await consumer.load(lease)
    assert.deepEqual(idsOf(await readPartition(consumer, lease, lowWater)), ['evt'])
  }),

  openCase('what is stored can be read without a consumer, whatever consumers have done', async (under) => {
    const { consumer, lease, events, at } = await openWith(under.buffer, 30)
    await consumer.commit(lease, { done: events.map(({ position }) => position) })
    const buffer = await under.reopen()
    const read = async (after: Position | null, limit: number, maxBytes = 1_000_000): Promise<string[]> => {
      const entries = await buffer.read(lease.partition, after, { limit, maxBytes })
      return entries.map((entry) => (entry.kind === 'event' ? entry.event.id : 'a hole'))
    }
    assert.deepEqual(await read(null, 1000), idsOf(events))
    assert.deepEqual(await read(at(9), 5), idsOf(events.slice(10, 15)))
    assert.deepEqual(await read(at(9), 5, 1), idsOf(events.slice(10, 11)))
    assert.deepEqual(await read(at(29), 5), [])
    const again = await resume(buffer, lease.partition)
    assert.equal((await again.consumer.load(again.lease)).lowWater, at(29))
  }),

  openCase('a place in time leaves out nothing that was stored later', async ({ buffer, advance }) => {
    await advance?.(1000)
    const stored: string[] = []
    // Clocks of buffers that live in real time stand at no known time; everything was stored after the beginning.
    for (const at of [0, Date.UTC(2020, 0, 1)]) {
      const [first] = await buffer.append(sampleEvents(3, `at_${at}_`))
      assert.ok(first)
      stored.push(...[0, 1, 2].map((index) => `at_${at}_${index}`))
      const after = await buffer.positionBefore(first.partition, at)
      const entries = await buffer.read(first.partition, after, { limit: 100, maxBytes: 1_000_000 })
      assert.deepEqual(
        entries.map((entry) => entry.kind === 'event' && entry.event.id),
        stored,
      )
    }
    const [last] = await buffer.append(sampleEvents(1, 'last_'))
    assert.ok(last)
    const late = await buffer.positionBefore(last.partition, Date.UTC(2100, 0, 1))
    assert.ok(late === null || late <= last.position)
  }),
]

async function pass(under: BufferUnderTest, ms: number): Promise<void> {
  await under.advance?.(ms)
}
