import assert from 'node:assert/strict'
import { type ConformanceCase, freshCase, openCase } from './conformance-case.ts'
import { openWith, resume } from './cursor-cases.ts'
import { LEASE_MS, openDrained, refusedWith } from './reading.ts'
import { sampleEvent } from './sample-events.ts'
import { letterOf } from './set-aside.ts'

/** Who may move a cursor, and what a buffer that is not open says. */
export const leaseCases: readonly ConformanceCase[] = [
  freshCase('a buffer that was never opened refuses', async ({ buffer }) => {
    await refusedWith('buffer_closed', buffer.append([sampleEvent('evt')]))
    await refusedWith('buffer_closed', buffer.openConsumer('orders'))
    await refusedWith('buffer_closed', buffer.stats())
  }),

  openCase('a buffer that was closed refuses, and may be closed again', async ({ buffer }) => {
    const { consumer, lease, at } = await openWith(buffer, 1)
    await buffer.close()
    await buffer.close()
    await refusedWith('buffer_closed', buffer.append([sampleEvent('evt')]))
    await refusedWith('buffer_closed', buffer.openConsumer('orders'))
    await refusedWith('buffer_closed', consumer.commit(lease, { done: [at(0)] }))
  }),

  freshCase('opening an empty buffer finds no damage', async ({ buffer }) => {
    const report = await buffer.open()
    assert.equal(report.tornBytes, 0)
    assert.deepEqual(report.holes, [])
    assert.ok(report.durationMs >= 0 && report.scannedBytes >= 0)
  }),

  openCase('S1: what was accepted before closing is there after opening', async (under) => {
    const calls = Promise.allSettled([1, 2, 3].map((id) => under.buffer.append([sampleEvent(`evt_${id}`)])))
    const buffer = await under.reopen()
    const accepted = (await calls).filter((call) => call.status === 'fulfilled')
    assert.ok((await buffer.stats()).events >= accepted.length)
  }),

  openCase('acquire gives every partition once, with a lease that is in force', async ({ buffer }) => {
    const { leases } = await openDrained(buffer)
    assert.deepEqual(
      leases.map((lease) => lease.partition).toSorted((left, right) => left - right),
      Array.from({ length: buffer.caps.partitions }, (_, index) => index),
    )
    for (const lease of leases) assert.ok(lease.epoch >= 0 && lease.expiresAt > 0)
  }),

  openCase('S3: a lease from before a restart moves nothing', async (under) => {
    const { lease, events, at } = await openWith(under.buffer, 2)
    const [first] = events
    assert.ok(first)
    const again = await resume(await under.reopen(), lease.partition)
    assert.ok(again.lease.epoch > lease.epoch, 'the epoch grows with the owner')
    await refusedWith('stale_lease', again.consumer.commit(lease, { done: [at(0)] }))
    await refusedWith('stale_lease', again.consumer.deadLetter(lease, [letterOf(first)]))
    assert.equal(await again.consumer.renew(lease, LEASE_MS), false)
    assert.deepEqual(await again.consumer.load(again.lease), { lowWater: null, done: [], retry: [] })
  }),

  openCase('a lease that is in force can be renewed', async ({ buffer }) => {
    const { consumer, leases } = await openDrained(buffer)
    for (const lease of leases) assert.equal(await consumer.renew(lease, LEASE_MS), true)
  }),

  openCase('a partition that was given back can be taken again', async ({ buffer }) => {
    const { consumer, leases } = await openDrained(buffer)
    for (const lease of leases) await consumer.release(lease)
    const again = await consumer.acquire({ owner: 'another', leaseMs: LEASE_MS })
    assert.equal(again.length, leases.length)
  }),

  openCase(
    'S3: a partition that somebody has is not free until the lease ends; then the old owner is fenced off',
    async (under) => {
      const { consumer, lease, events, at } = await openWith(under.buffer, 2)
      const [first] = events
      assert.ok(first)
      const rival = await under.buffer.openConsumer('orders')
      if (isLock(lease)) {
        assert.equal(under.buffer.caps.multiProcess, false)
        assert.equal((await rival.acquire({ owner: 'rival', leaseMs: LEASE_MS })).length, under.buffer.caps.partitions)
        return
      }
      assert.deepEqual(await rival.acquire({ owner: 'rival', leaseMs: LEASE_MS }), [])
      if (under.advance === undefined) return
      await under.advance(LEASE_MS * 0.75)
      assert.deepEqual(await rival.acquire({ owner: 'rival', leaseMs: LEASE_MS }), [])
      await under.advance(LEASE_MS * 0.25 + 1)
      const taken = (await rival.acquire({ owner: 'rival', leaseMs: LEASE_MS })).find(
        ({ partition }) => partition === lease.partition,
      )
      assert.ok(taken)
      assert.ok(taken.epoch > lease.epoch)
      await refusedWith('stale_lease', consumer.commit(lease, { done: [at(0)] }))
      await refusedWith('stale_lease', consumer.deadLetter(lease, [letterOf(first)]))
      if (consumer.asideMark !== undefined) await refusedWith('stale_lease', consumer.asideMark(lease))
      assert.equal(await consumer.renew(lease, LEASE_MS), false)
      await consumer.release(lease)
      await rival.commit(taken, { done: [at(0)] })
      assert.equal((await rival.load(taken)).lowWater, at(0))
    },
    'leases',
  ),

  openCase(
    'renewing keeps a partition from others',
    async (under) => {
      const { consumer, lease } = await openWith(under.buffer, 1)
      const rival = await under.buffer.openConsumer('orders')
      if (isLock(lease)) {
        assert.equal(await consumer.renew(lease, 1), true)
        return
      }
      await under.advance?.(LEASE_MS * 0.75)
      assert.equal(await consumer.renew(lease, LEASE_MS), true)
      await under.advance?.(LEASE_MS * 0.75)
      const taken = await rival.acquire({ owner: 'rival', leaseMs: LEASE_MS })
      assert.ok(taken.every(({ partition }) => partition !== lease.partition))
    },
    'leases',
  ),

  openCase(
    'those who drain know of each other, until they leave or are not heard of any more',
    async (under) => {
      const consumer = await under.buffer.openConsumer('orders')
      const [lease] = await consumer.acquire({ owner: 'b', leaseMs: LEASE_MS })
      const attend = (owner: string, leaseMs = LEASE_MS): Promise<string[]> => consumer.attend({ owner, leaseMs })
      assert.ok(lease)
      assert.deepEqual(await attend('b'), ['b'])
      if (isLock(lease)) {
        assert.deepEqual(await attend('b', 0), [])
        return
      }
      assert.deepEqual(await attend('a'), ['a', 'b'])
      const other = await under.buffer.openConsumer('other')
      assert.deepEqual(await other.attend({ owner: 'c', leaseMs: LEASE_MS }), ['c'])
      if (under.advance === undefined) {
        assert.deepEqual(await attend('b', 0), ['a'])
        return
      }
      await under.advance(LEASE_MS * 0.75)
      assert.deepEqual(await attend('a'), ['a', 'b'])
      await under.advance(LEASE_MS * 0.25 + 1)
      assert.deepEqual(await attend('c'), ['a', 'c'])
      assert.deepEqual(await attend('c', 0), ['a'])
    },
    'leases',
  ),

  openCase(
    'acquire takes no more than max partitions',
    async (under) => {
      const consumer = await under.buffer.openConsumer('orders')
      const leases = await consumer.acquire({ owner: 'modest', leaseMs: LEASE_MS, max: 1 })
      assert.equal(leases.length, 1)
      const [lease] = leases
      assert.ok(lease)
      if (isLock(lease)) return
      const rest = await consumer.acquire({ owner: 'greedy', leaseMs: LEASE_MS })
      assert.equal(rest.length, under.buffer.caps.partitions - 1)
    },
    'leases',
  ),
]

/** Whether it is held until the buffer is closed. */
function isLock({ expiresAt }: { readonly expiresAt: number }): boolean {
  return expiresAt === Infinity
}
