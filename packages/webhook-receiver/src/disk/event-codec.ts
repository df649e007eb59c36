import type { BatchItem, HeaderPairs, NewEvent, StoredEvent } from '../buffer/event-buffer.ts'
import { BufferError } from '../buffer/buffer-error.ts'
import type { RecordInput } from './record-input.ts'
import { positionOf } from './seq.ts'

/** The record header has 16 bits for the length of the meta. */
const MAX_META_BYTES = 65_535

/** The compact form of an event without its body. Short names: it is written with every event. */
interface EventMeta {
  readonly i: string
  readonly s: string
  readonly t?: string | undefined
  readonly k?: string | undefined
  readonly y?: string | undefined
  readonly e?: string | undefined
  readonly r: number
  readonly o?: number | undefined
  readonly b?: readonly [id: string, index: number, size: number] | undefined
  readonly m: string
  readonly u: string
  readonly a?: string | undefined
  readonly h: HeaderPairs
}

/**
 * Lays an event out as a record: JSON of everything but the body, then the body's bytes.
 *
 * @throws BufferError `event_too_large` when body or meta exceed what a record takes.
 */
export function encodeEvent(event: NewEvent, maxEventBytes: number): RecordInput {
  if (event.body.length > maxEventBytes)
    throw new BufferError(
      'event_too_large',
      `The body has ${event.body.length} bytes; the buffer takes ${maxEventBytes}.`,
    )
  return encode(metaOf(event), event.body)
}

export function decodeEvent(seq: number, metaBytes: number, record: Buffer<ArrayBuffer>): StoredEvent {
  return eventOf(seq, decodeMeta(metaBytes, record), record.subarray(metaBytes))
}

/** The same where the meta is apart. */
export function storedEventOf(seq: number, meta: string, body: Uint8Array<ArrayBuffer>): StoredEvent {
  return eventOf(seq, JSON.parse(meta) as EventMeta, body)
}

/** Identity of an event: source, tenant and id in one string. */
export function identityOf(event: Pick<NewEvent, 'source' | 'tenant' | 'id'>): string {
  return identityFrom(event.source, event.tenant, event.id)
}

/** The same from a record. */
export function identityOfRecord(metaBytes: number, record: Buffer<ArrayBuffer>): string {
  const meta = decodeMeta(metaBytes, record)
  return identityFrom(meta.s, meta.t, meta.i)
}

function identityFrom(source: string, tenant: string | undefined, id: string): string {
  // An absent tenant is another than an empty one. Lengths keep the parts apart whatever they contain.
  return `${source.length}:${source}\0${tenant === undefined ? '-' : `${tenant.length}:${tenant}`}\0${id}`
}

function encode(meta: EventMeta, body: Uint8Array): RecordInput {
  const json = JSON.stringify(meta)
  const metaBytes = Buffer.byteLength(json)
  if (metaBytes > MAX_META_BYTES)
    throw new BufferError(
      'event_too_large',
      `The headers and names of the event have ${metaBytes} bytes; the buffer takes ${MAX_META_BYTES}.`,
    )
  return { meta: json, metaBytes, body }
}

function metaOf(event: NewEvent): EventMeta {
  return {
    i: event.id,
    s: event.source,
    t: event.tenant,
    k: event.key,
    y: event.type,
    e: event.eventId,
    r: event.receivedAt,
    o: event.occurredAt,
    b: event.batch && [event.batch.id, event.batch.index, event.batch.size],
    m: event.method,
    u: event.url,
    a: event.remoteAddress,
    h: event.headers,
  }
}

// Its bytes were verified by the record's checksum, and only this module writes them.
function decodeMeta(metaBytes: number, record: Buffer<ArrayBuffer>): EventMeta {
  return JSON.parse(record.toString('utf8', 0, metaBytes)) as EventMeta
}

// Member by member: spreading what may be absent takes three times as long, and this is done for every event that is read.
function eventOf(seq: number, meta: EventMeta, body: Uint8Array<ArrayBuffer>): StoredEvent {
  const event: Mutable<StoredEvent> = {
    id: meta.i,
    source: meta.s,
    receivedAt: meta.r,
    method: meta.m,
    url: meta.u,
    headers: meta.h,
    body,
    partition: 0,
    position: positionOf(seq),
  }
  if (meta.k !== undefined) event.key = meta.k
  if (meta.y !== undefined) event.type = meta.y
  if (meta.e !== undefined) event.eventId = meta.e
  if (meta.t !== undefined) event.tenant = meta.t
  if (meta.o !== undefined) event.occurredAt = meta.o
  if (meta.b !== undefined) event.batch = batchItemOf(meta.b)
  if (meta.a !== undefined) event.remoteAddress = meta.a
  return event
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] }

function batchItemOf([id, index, size]: NonNullable<EventMeta['b']>): BatchItem {
  return { id, index, size }
}
