import type { Consumer, EventBuffer, Lease, NewEvent, StoredEvent } from '@holdfast/webhook-receiver'

/** An event of a shop. Those with the same key share a partition. */
export function eventOf(id: string, key = 'one', body: Uint8Array = Buffer.from(id)): NewEvent {
  return { id, key, source: 'shop', receivedAt: 1_750_000_000_000, method: 'POST', url: '/', headers: [], body }
}

/** `count` of them. */
export function eventsOf(count: number, body?: Uint8Array, prefix = 'evt_'): NewEvent[] {
  return Array.from({ length: count }, (_, index) => eventOf(`${prefix}${index}`, 'one', body))
}

/** A consumer with the lease of the partition of `eventOf`, where something was stored before. */
export async function drained(
  buffer: EventBuffer,
  owner = 'tester',
): Promise<{ readonly consumer: Consumer; readonly lease: Lease; readonly events: readonly StoredEvent[] }> {
  const consumer = await buffer.openConsumer('orders')
  const [known] = await buffer.append([eventOf('known')])
  const leases = await consumer.acquire({ owner, leaseMs: 60_000 })
  const lease = leases.find(({ partition }) => partition === known?.partition)
  if (lease === undefined) throw new Error('somebody else has it')
  return { consumer, lease, events: await readAll(consumer, lease) }
}

/** Every event of a partition, from its start. */
export async function readAll(consumer: Consumer, lease: Lease): Promise<StoredEvent[]> {
  const entries = await consumer.read(lease, null, { limit: 100_000, maxBytes: 1e9, waitMs: 0 })
  return entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
}
