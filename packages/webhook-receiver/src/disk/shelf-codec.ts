import type { FailureInfo, SetAside, StoredEvent } from '../buffer/event-buffer.ts'
import type { RecordInput } from './record-input.ts'
import { decodeEvent, encodeEvent } from './event-codec.ts'

/** What a shelf keeps with an event: that of a parked event, or of a dead letter. */
export interface ShelfNote extends Pick<SetAside, 'lane' | 'redrives'> {
  readonly attempts?: number
  readonly nextAt?: number
  readonly blocked?: FailureInfo
  readonly why?: FailureInfo
}

/** What is read back of a record. */
export interface ShelfRecord {
  readonly event: StoredEvent
  readonly note: ShelfNote
}

/** What can be known of a record without building its event. */
export interface ShelfSummary {
  /** Original sequence number. */
  readonly seq: number
  readonly bodyBytes: number
  readonly note: ShelfNote
}

interface StoredNote extends ShelfNote {
  readonly seq: number
}

const NOTE_BYTES_AT = 0
const EVENT_META_BYTES_AT = 4
const NOTE_AT = 8

/**
 * Lays out an event that is kept beside the log: two lengths, the note as JSON, then the event as the log has it. All of it is the
 * record's body: the meta of a record is limited, a lane's name is not.
 */
export function encodeShelved(event: StoredEvent, seq: number, note: ShelfNote): RecordInput {
  const stored: StoredNote = { ...note, seq }
  const noteBytes = Buffer.from(JSON.stringify(stored))
  const { meta, body } = encodeEvent(event, Infinity)
  const eventMeta = Buffer.from(meta)
  const lengths = Buffer.alloc(NOTE_AT)
  lengths.writeUInt32LE(noteBytes.length, NOTE_BYTES_AT)
  lengths.writeUInt32LE(eventMeta.length, EVENT_META_BYTES_AT)
  return { meta: '', metaBytes: 0, body: Buffer.concat([lengths, noteBytes, eventMeta, body]) }
}

/** Reads the note. */
export function summaryOf(record: Buffer<ArrayBuffer>): ShelfSummary {
  const noteEnd = NOTE_AT + record.readUInt32LE(NOTE_BYTES_AT)
  const { seq, ...note } = JSON.parse(record.toString('utf8', NOTE_AT, noteEnd)) as StoredNote
  return { seq, note, bodyBytes: record.length - noteEnd - record.readUInt32LE(EVENT_META_BYTES_AT) }
}

/** Reads everything. The event's body is a view of `record`. */
export function decodeShelved(record: Buffer<ArrayBuffer>): ShelfRecord {
  const { seq, note } = summaryOf(record)
  const eventAt = NOTE_AT + record.readUInt32LE(NOTE_BYTES_AT)
  return { event: decodeEvent(seq, record.readUInt32LE(EVENT_META_BYTES_AT), record.subarray(eventAt)), note }
}
