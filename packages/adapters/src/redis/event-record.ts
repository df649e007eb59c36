import { createHash } from 'node:crypto'
import { BufferError, type HeaderPairs, type NewEvent, type StoredEvent } from '@holdfast/webhook-receiver'
import { positionOf } from './position.ts'

// Headers are kept with every event; more than this is no request.
const MAX_META_BYTES = 65_535
const FINGERPRINT_CHARACTERS = 22

/** An event in the form that is sent. */
export interface EventRecord {
  /** Identity within its partition: 128 bits of SHA-256 of source, tenant and id. */
  readonly fingerprint: string
  readonly meta: string
  readonly body: Buffer
  /** Bytes of meta and body. */
  readonly bytes: number
}

/** The compact form of an event without its body. Short names: it is stored with every event. */
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
 * Lays an event out. The body is copied: the caller may change its bytes while they wait.
 *
 * @throws BufferError `event_too_large`.
 */
export function encodeEvent(event: NewEvent, maxEventBytes: number): EventRecord {
  if (event.body.byteLength > maxEventBytes)
    throw new BufferError(
      'event_too_large',
      `The event has ${event.body.byteLength} bytes; the buffer takes up to ${maxEventBytes}.`,
    )
  const meta = encodeMeta(event)
  const metaBytes = Buffer.byteLength(meta)
  if (metaBytes > MAX_META_BYTES)
    throw new BufferError(
      'event_too_large',
      `The headers and names of the event have ${metaBytes} bytes; the buffer takes ${MAX_META_BYTES}.`,
    )
  const body = Buffer.from(event.body)
  return { fingerprint: fingerprintOf(event), meta, body, bytes: metaBytes + body.byteLength }
}

/** Everything about an event but its body, as JSON. */
export function encodeMeta(event: NewEvent): string {
  const meta: EventMeta = {
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
  return JSON.stringify(meta)
}

/** The event of a record. */
export function decodeEvent(partition: number, seq: number, metaBytes: Buffer, body: Buffer): StoredEvent {
  const meta = JSON.parse(metaBytes.toString()) as EventMeta
  return {
    id: meta.i,
    source: meta.s,
    ...(meta.t === undefined ? {} : { tenant: meta.t }),
    ...(meta.k === undefined ? {} : { key: meta.k }),
    ...(meta.y === undefined ? {} : { type: meta.y }),
    ...(meta.e === undefined ? {} : { eventId: meta.e }),
    receivedAt: meta.r,
    ...(meta.o === undefined ? {} : { occurredAt: meta.o }),
    ...(meta.b === undefined ? {} : { batch: { id: meta.b[0], index: meta.b[1], size: meta.b[2] } }),
    method: meta.m,
    url: meta.u,
    ...(meta.a === undefined ? {} : { remoteAddress: meta.a }),
    headers: meta.h,
    // A copy: clients cut replies out of one large piece of memory, which a small event would keep alive.
    body: new Uint8Array(body),
    partition,
    position: positionOf(seq),
  }
}

function fingerprintOf({ source, tenant, id }: NewEvent): string {
  // An absent tenant is another than an empty one. Lengths keep the parts apart whatever they contain.
  const identity = `${source.length}:${source}\0${tenant === undefined ? '-' : `${tenant.length}:${tenant}`}\0${id}`
  return createHash('sha256').update(identity).digest('base64url').slice(0, FINGERPRINT_CHARACTERS)
}
