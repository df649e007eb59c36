import type { NewEvent, StoredEvent } from '../buffer/event-buffer.ts'
import {
  checkEvent,
  checkEventSize,
  copyOfEvent,
  decodeEvent as decodeMeta,
  encodeEventMeta,
  identityOfMeta,
} from '../buffer-kit/event-meta.ts'
import { pooledCopyOf } from './pooled-copy.ts'
import type { RecordInput } from './record-input.ts'
import { positionOf } from './seq.ts'

/**
 * Lays an event out as a record: JSON of everything but the body, then the body's bytes.
 *
 * @throws BufferError `event_too_large` when body or meta exceed what a record takes: its header has 16 bits for the length of the meta;
 * InvalidOptionsError for what could not be read back.
 */
export function encodeEvent(event: NewEvent, maxEventBytes: number): RecordInput {
  checkEvent(event)
  const meta = encodeEventMeta(event)
  const metaBytes = Buffer.byteLength(meta)
  checkEventSize(event.body.length, metaBytes, maxEventBytes)
  return { meta, metaBytes, body: event.body, event }
}

export function decodeEvent(seq: number, metaBytes: number, record: Buffer<ArrayBuffer>): StoredEvent {
  return storedEventOf(seq, metaIn(metaBytes, record), record.subarray(metaBytes))
}

/** The same where the meta is apart. */
export function storedEventOf(seq: number, meta: string, body: Uint8Array<ArrayBuffer>): StoredEvent {
  return decodeMeta(meta, body, { partition: 0, position: positionOf(seq) })
}

/** The same of what was stored, without reading it back. `meta` is what `encodeEvent` made of the event. */
export function eventOf(seq: number, meta: string, event: NewEvent): StoredEvent {
  const body = pooledCopyOf(event.body)
  return copyOfEvent(event, body, { partition: 0, position: positionOf(seq) }) ?? storedEventOf(seq, meta, body)
}

/** Identity of the event of a record. */
export function identityOfRecord(metaBytes: number, record: Buffer<ArrayBuffer>): string {
  return identityOfMeta(metaIn(metaBytes, record))
}

// Its bytes were verified by the record's checksum, and only this module writes them.
function metaIn(metaBytes: number, record: Buffer<ArrayBuffer>): string {
  return record.toString('utf8', 0, metaBytes)
}
