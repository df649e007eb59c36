import type { NewEvent } from '../../buffer/event-buffer.ts'

/** An event with this id and whatever else is given. Without a `key` the id chooses the partition. */
export function sampleEvent(id: string, fields: Partial<NewEvent> = {}): NewEvent {
  return {
    id,
    source: 'stripe',
    receivedAt: 1_750_000_000_000,
    method: 'POST',
    url: '/webhooks/stripe',
    headers: [['Content-Type', 'application/json']],
    body: new TextEncoder().encode(`{"id":${JSON.stringify(id)}}`),
    ...fields,
  }
}

/** `count` events whose ids are `prefix` and a number from 0. All have the same key, so they share a partition. */
export function sampleEvents(count: number, prefix = 'evt_', fields: Partial<NewEvent> = {}): NewEvent[] {
  return Array.from({ length: count }, (_, index) => sampleEvent(`${prefix}${index}`, { key: 'one', ...fields }))
}
