import assert from 'node:assert/strict'
import type { Consumer, EventBuffer, Lease, Position, StoredEvent } from '../../buffer/event-buffer.ts'

/** An end of lease far enough away for any case. */
export const LEASE_MS = 60_000

/** Opens a consumer and takes every partition. */
export async function openDrained(
  buffer: EventBuffer,
  name = 'orders',
  from?: 'earliest' | 'latest',
): Promise<{ readonly consumer: Consumer; readonly leases: readonly Lease[] }> {
  const consumer = await buffer.openConsumer(name, from === undefined ? {} : { from })
  const leases = await consumer.acquire({ owner: 'tester', leaseMs: LEASE_MS })
  return { consumer, leases }
}

/** The lease of the partition that a stored event is in. */
export function leaseOf(leases: readonly Lease[], { partition }: { readonly partition: number }): Lease {
  const lease = leases.find((candidate) => candidate.partition === partition)
  assert.ok(lease, `partition ${partition} was not acquired`)
  return lease
}

/** Everything in a partition after `after`, read in steps. */
export async function readPartition(
  consumer: Consumer,
  lease: Lease,
  after: Position | null = null,
  step: { readonly limit?: number; readonly maxBytes?: number } = {},
): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (let position = after; ; ) {
    const entries = await consumer.read(lease, position, {
      limit: step.limit ?? 1000,
      maxBytes: step.maxBytes ?? 16 * 1024 * 1024,
      waitMs: 0,
    })
    if (entries.length === 0) return events
    assert.ok(entries.length <= (step.limit ?? 1000), 'a read returns at most `limit` entries')
    for (const entry of entries) {
      assert.equal(entry.kind, 'event', 'nothing is lost')
      if (entry.kind !== 'event') continue
      if (position !== null) assert.ok(entry.event.position > position, 'positions rise')
      position = entry.event.position
      events.push(entry.event)
    }
  }
}

/** Everything in all partitions, partition by partition. */
export async function readAll(consumer: Consumer, leases: readonly Lease[]): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for (const lease of leases) events.push(...(await readPartition(consumer, lease)))
  return events
}

/** The ids of events, in order. */
export function idsOf(events: readonly { readonly id: string }[]): string[] {
  return events.map((event) => event.id)
}

/** Asserts that `promise` is refused with a BufferError of this reason. */
export async function refusedWith(reason: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.equal((error as { name?: unknown }).name, 'BufferError')
    assert.equal((error as { reason?: unknown }).reason, reason)
    return true
  })
}
