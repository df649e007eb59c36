import { hash } from 'node:crypto'
import type { NewEvent, StoredEvent } from '@holdfast/webhook-receiver'
import {
  checkEvent,
  checkEventSize,
  decodeEvent,
  encodeEventMeta,
  eventIdentity,
  partitionOf,
  positionOf,
} from '@holdfast/webhook-receiver/buffer-kit'

const FINGERPRINT_CHARACTERS = 22

/** An event in the form that is sent. */
export interface EventRecord {
  readonly partition: number
  /** Identity within its partition: 128 bits of SHA-256 of source, tenant and id. */
  readonly fingerprint: string
  readonly event: NewEvent
  readonly meta: string
  readonly body: Buffer
  /** Bytes of meta and body. */
  readonly bytes: number
}

/**
 * Lays an event out. The body is copied: the caller may change its bytes while they wait.
 *
 * @throws BufferError `event_too_large`; InvalidOptionsError for what could not be read back.
 */
export function recordOf(event: NewEvent, partitions: number, maxEventBytes: number): EventRecord {
  checkEvent(event)
  const meta = encodeEventMeta(event)
  const metaBytes = Buffer.byteLength(meta)
  checkEventSize(event.body.byteLength, metaBytes, maxEventBytes)
  const fingerprint = hash('sha256', eventIdentity(event), 'base64url')
  return {
    partition: partitionOf(event.key ?? event.id, partitions),
    fingerprint: fingerprint.slice(0, FINGERPRINT_CHARACTERS),
    event,
    meta,
    body: Buffer.from(event.body),
    bytes: metaBytes + event.body.byteLength,
  }
}

/** The bytes of all these. */
export function bytesOf(records: readonly EventRecord[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The event of a record. */
export function eventOf(partition: number, seq: number, meta: Buffer, body: Buffer): StoredEvent {
  // A copy: clients cut replies out of one large piece of memory, which a small event would keep alive.
  return decodeEvent(String(meta), new Uint8Array(body), { partition, position: positionOf(seq) })
}
