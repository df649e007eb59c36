import { hash } from 'node:crypto'
import type { LogEntry, NewEvent, StoredEvent } from '@holdfast/webhook-receiver'
import {
  checkEvent,
  checkEventSize,
  decodeEvent,
  encodeEventMeta,
  eventIdentity,
  partitionOf,
  positionOf,
} from '@holdfast/webhook-receiver/buffer-kit'
import type { SqlRow } from './sql-client.ts'

const FINGERPRINT_CHARACTERS = 32

/** An event in the form that is sent. */
export interface EventRecord {
  readonly partition: number
  /** Identity within its partition: 128 bits of SHA-256 of source, tenant and id, in hexadecimal. */
  readonly fingerprint: string
  readonly event: NewEvent
  /** Everything but the body, as JSON in UTF-8. */
  readonly meta: Buffer
  readonly receivedAt: number
  readonly body: Buffer
  /** Bytes of meta and body. */
  readonly bytes: number
}

/**
 * Lays an event out. The body is copied: the caller may change its bytes while they wait.
 *
 * @throws BufferError `event_too_large`; InvalidOptionsError for what could not be read back.
 */
export function encodeEvent(event: NewEvent, partitions: number, maxEventBytes: number): EventRecord {
  checkEvent(event)
  const meta = Buffer.from(encodeEventMeta(event))
  checkEventSize(event.body.byteLength, meta.byteLength, maxEventBytes)
  const body = Buffer.from(event.body)
  return {
    partition: partitionOf(event.key ?? event.id, partitions),
    fingerprint: hash('sha256', eventIdentity(event), 'hex').slice(0, FINGERPRINT_CHARACTERS),
    event,
    meta,
    receivedAt: event.receivedAt,
    body,
    bytes: meta.byteLength + body.byteLength,
  }
}

/** The event of a row with `seq`, `meta` and `body`. */
export function eventOf(partition: number, { seq, meta, body }: SqlRow): StoredEvent {
  // A copy: clients cut rows out of one large piece of memory, which a small event would keep alive. Of Node's own pool it keeps a few KiB.
  return decodeEvent(String(meta), Buffer.from(body as Uint8Array), { partition, position: positionOf(Number(seq)) })
}

/** The entries of a read. Nothing of a table is ever lost without its whole. */
export function entriesOf(partition: number, rows: readonly SqlRow[]): LogEntry[] {
  return rows.map((row) => ({ kind: 'event', event: eventOf(partition, row) }))
}
