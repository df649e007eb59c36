import { InvalidOptionsError } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type { BatchItem, EventPlace, HeaderPairs, NewEvent, StoredEvent } from '../buffer/event-buffer.ts'

/** Bytes that everything of an event but its body may have. Headers are kept with every event; more than this is no request. */
export const MAX_EVENT_META_BYTES = 65_535

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

/** Everything about an event but its body, as JSON. Its form is stable: what one version has stored later ones read. */
export function encodeEventMeta(event: NewEvent): string {
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

/** The event that `encodeEventMeta` has laid out as `json`. `body` becomes part of it as it is. */
export function decodeEvent(
  json: string,
  body: Uint8Array<ArrayBuffer>,
  { partition, position }: EventPlace,
): StoredEvent {
  const meta = JSON.parse(json) as EventMeta
  // Member by member: spreading what may be absent takes three times as long, and this is done for every event that is read.
  const event: Mutable<StoredEvent> = {
    id: meta.i,
    source: meta.s,
    receivedAt: meta.r,
    method: meta.m,
    url: meta.u,
    headers: meta.h,
    body,
    partition,
    position,
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

/**
 * The event that `decodeEvent` gives back of `event`, made without JSON; `undefined` where JSON would make something else of it. `body` becomes part of it as
 * it is.
 */
export function copyOfEvent(
  event: NewEvent,
  body: Uint8Array<ArrayBuffer>,
  { partition, position }: EventPlace,
): StoredEvent | undefined {
  const { id, source, receivedAt, method, url, key, type, eventId, tenant, occurredAt, batch, remoteAddress } = event
  const values = [id, source, receivedAt, method, url, key, type, eventId, tenant, occurredAt, remoteAddress]
  if (!values.every(isSameInJson)) return undefined
  const headers: [name: string, value: string][] = []
  for (const [name, value] of event.headers) {
    if (typeof name !== 'string' || typeof value !== 'string') return undefined
    headers.push([name, value])
  }
  const copy: Mutable<StoredEvent> = { id, source, receivedAt, method, url, headers, body, partition, position }
  if (key !== undefined) copy.key = key
  if (type !== undefined) copy.type = type
  if (eventId !== undefined) copy.eventId = eventId
  if (tenant !== undefined) copy.tenant = tenant
  if (occurredAt !== undefined) copy.occurredAt = occurredAt
  if (batch !== undefined) {
    if (![batch.id, batch.index, batch.size].every(isSameInJson)) return undefined
    copy.batch = batchItemOf([batch.id, batch.index, batch.size])
  }
  if (remoteAddress !== undefined) copy.remoteAddress = remoteAddress
  return copy
}

/** JSON knows neither -0 nor NaN. */
function isSameInJson(value: unknown): boolean {
  return typeof value === 'string' || value === undefined || (Number.isFinite(value) && !Object.is(value, -0))
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] }

const HALF_OF_A_PAIR = /\p{Surrogate}/u

/**
 * What makes an event the same as another: its source, tenant and id, in one string that UTF-8 can write. Hash it where it is kept; it is as long as they are.
 */
export function eventIdentity({ source, tenant, id }: Pick<NewEvent, 'source' | 'tenant' | 'id'>): string {
  // An absent tenant is another than an empty one. Lengths keep the parts apart whatever they contain.
  const identity = `${source.length}:${source}\0${tenant === undefined ? '-' : `${tenant.length}:${tenant}`}\0${id}`
  // UTF-8 cannot write half a surrogate pair, and would make one id of two. JSON escapes it, and begins with a quotation mark where others have a digit.
  return HALF_OF_A_PAIR.test(identity) ? JSON.stringify(identity) : identity
}

/** The same from what `encodeEventMeta` made. */
export function identityOfMeta(meta: string): string {
  const { s, t, i } = JSON.parse(meta) as EventMeta
  return eventIdentity({ source: s, id: i, ...(t === undefined ? {} : { tenant: t }) })
}

/**
 * Refuses an event that is larger than a buffer takes: `bodyBytes` above `maxEventBytes`, or everything else above 65,535 bytes.
 *
 * @throws BufferError `event_too_large`.
 */
export function checkEventSize(bodyBytes: number, metaBytes: number, maxEventBytes: number): void {
  if (bodyBytes > maxEventBytes)
    throw new BufferError('event_too_large', `The body has ${bodyBytes} bytes; the buffer takes ${maxEventBytes}.`)
  if (metaBytes > MAX_EVENT_META_BYTES)
    throw new BufferError(
      'event_too_large',
      `The headers and names of the event have ${metaBytes} bytes; the buffer takes ${MAX_EVENT_META_BYTES}.`,
    )
}

/**
 * Checks what is to be stored, for a caller without types: text for a body would be stored as zeros, and numbers of two bytes as half of them.
 *
 * @throws InvalidOptionsError when `id` or `source` is no string, or `body` no Uint8Array.
 */
export function checkEvent({ id, source, body }: Pick<NewEvent, 'id' | 'source' | 'body'>): void {
  if (typeof id !== 'string') throw new InvalidOptionsError({ path: 'event.id', expected: 'a string', received: id })
  if (typeof source !== 'string')
    throw new InvalidOptionsError({ path: 'event.source', expected: 'a string', received: source })
  // Not `instanceof`: Jest gives each test file a Uint8Array of its own.
  if (!ArrayBuffer.isView(body) || body.BYTES_PER_ELEMENT !== 1)
    throw new InvalidOptionsError({
      path: 'event.body',
      expected: 'a Uint8Array',
      received: undefined,
      // Bodies appear in no message.
      receivedText: body === null ? '`null`' : `a value of type ${typeof body}`,
    })
}

function batchItemOf([id, index, size]: NonNullable<EventMeta['b']>): BatchItem {
  return { id, index, size }
}
