import assert from 'node:assert/strict'
import type {
  Consumer,
  DeadLetter,
  FailureInfo,
  Lease,
  ParkedEvent,
  SetAside,
  StoredEvent,
} from '../../buffer/event-buffer.ts'

/** A reason for giving an event up. */
export const why: FailureInfo = {
  attempts: 10,
  at: 1_750_000_100_000,
  code: 'upstream_error',
  message: 'The CRM answered 500.',
}

/** The event as a dead letter. */
export function letterOf(event: StoredEvent, fields: Partial<DeadLetter> = {}): DeadLetter {
  return { event, why, lane: 'a', redrives: 0, ...fields }
}

/** The event as it is parked. */
export function parkedOf(event: StoredEvent, fields: Partial<ParkedEvent> = {}): ParkedEvent {
  return { event, lane: 'a', redrives: 0, attempts: 0, nextAt: 0, ...fields }
}

/** All dead letters. */
export async function listDead(consumer: Consumer): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for await (const letter of consumer.deadLetters()) letters.push(letter)
  return letters
}

/** What is parked in a lane: the first of it, as far as `limit` and `maxBytes` let. */
export async function listParked(
  consumer: Consumer,
  lease: Lease,
  lane = 'a',
  { limit = 1000, maxBytes = 16 * 1024 * 1024 }: { readonly limit?: number; readonly maxBytes?: number } = {},
): Promise<ParkedEvent[]> {
  const entries = await consumer.readParked(lease, lane, { limit, maxBytes })
  return entries.map((entry) => {
    assert.equal(entry.kind, 'event', 'nothing is lost')
    return (entry as Extract<typeof entry, { kind: 'event' }>).parked
  })
}

/** Everything about an event that is kept beside the log, in a form that can be compared. */
export function comparable({ event, ...rest }: SetAside): unknown {
  return { event: { ...event, headers: event.headers.map((pair) => [...pair]), body: [...event.body] }, ...rest }
}
