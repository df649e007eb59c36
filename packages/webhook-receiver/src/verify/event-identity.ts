import type { ValueSource, WebhookDescription, WebhookId } from '@holdfast/core'
import { byteString } from './encoding.ts'
import type { HashProvider } from './hash-provider.ts'
import { chain, type MaybePromise } from './maybe-promise.ts'
import type { MessagePiece } from './message-piece.ts'
import { headerValues } from './request-headers.ts'
import type { RequestReader } from './request-reader.ts'
import { parseTimestampMs } from './signature-timestamp.ts'
import type { BoundPart, Verified } from './verify-result.ts'

/** Who an event is: what dedupe compares, what the provider calls it, and when it happened. */
export interface EventIdentity {
  /** Dedupe id; see `eventIdentity`. */
  readonly id: string
  /** The provider's own id, as sent. */
  readonly eventId?: string
  readonly type?: string
  readonly tenant?: string
  readonly occurredAt?: number
}

/** What an event is read from: the whole request, or one item of its batch. */
export interface EventContent {
  /** Pointers begin at the item. */
  readonly reader: RequestReader
  /** The bytes of the event. */
  readonly body: Uint8Array
  /** Whether they are one item of a batch. */
  readonly isItem: boolean
}

/**
 * Makes the dedupe id of a verified event:
 *
 * - the provider's id alone, when the signature covers it;
 * - the provider's id and the SHA-256 of the body, or of the signed content where the same body can be written in several ways
 *   under one signature, when it does not: whoever can choose an id can then not choose one that
 *   suppresses somebody else's event;
 * - the SHA-256 of the signed content without timestamp and signature, when the provider sends no id: a repeat that was
 *   signed anew is still the same event. Of an item of a batch that is the item.
 *
 * Whether an id is covered follows from what verification bound, not only from what the connector says.
 */
export function eventIdentity(
  webhook: WebhookDescription,
  verified: Verified,
  content: EventContent,
  hashes: HashProvider,
): MaybePromise<EventIdentity> {
  const { reader } = content
  const source = verified.eventId
  const eventId = reader.text(source)
  const identity: { -readonly [Key in keyof EventIdentity]: EventIdentity[Key] } = { id: '' }
  if (eventId !== undefined) identity.eventId = eventId
  const type = reader.text(webhook.eventType)
  if (type !== undefined) identity.type = type
  const tenant = reader.text(webhook.tenant)
  if (tenant !== undefined) identity.tenant = tenant
  const occurredAt = webhook.occurredAt === undefined ? undefined : timeOf(webhook.occurredAt, reader)
  if (occurredAt !== undefined) identity.occurredAt = occurredAt

  const named = eventId === undefined || source === undefined ? undefined : nameOf(eventId, source, reader)
  if (named !== undefined && source !== undefined && isCovered(verified, source)) {
    identity.id = named
    return identity
  }
  return chain(hashes.hexDigest('sha256', contentOf(verified, content, named !== undefined)), (digest) => {
    identity.id = named === undefined ? digest : `${named}:${digest}`
    return identity
  })
}

/** The id, with the further values that belong to it. What separates them is escaped in them, so that no two ids become one. */
function nameOf(eventId: string, { with: others }: WebhookId, reader: RequestReader): string {
  if (others === undefined) return eventId
  const parts = [eventId, ...others.map((other) => reader.text(other) ?? '')]
  return parts.map((part) => part.replace(/[%:]/g, encodeURIComponent)).join(':')
}

function isCovered({ bound }: Verified, source: WebhookId): boolean {
  const { with: others = [] } = source
  return (
    source.signed && (bound.includes('id') || covers(bound, source)) && others.every((other) => covers(bound, other))
  )
}

function covers(bound: readonly BoundPart[], { from, name = '', pointer = '' }: ValueSource): boolean {
  switch (from) {
    case 'claim':
      // Read from a token whose signature was verified.
      return true
    case 'query':
      return bound.includes('url') || bound.includes(`query:${name}`)
    case 'header':
      return bound.includes(`header:${name}`)
    case 'body':
      return bound.includes('body') || bound.some((part) => isWithin(pointer, part))
  }
}

/** Whether a pointer leads to a covered field or into it. */
function isWithin(pointer: string, part: BoundPart): boolean {
  if (!part.startsWith('field:')) return false
  const field = part.slice('field:'.length)
  return pointer === field || pointer.startsWith(`${field}/`)
}

function timeOf(source: NonNullable<WebhookDescription['occurredAt']>, reader: RequestReader): number | undefined {
  const text = reader.text(source)
  if (text === undefined) return undefined
  // Times of signing are whole numbers; times of events may be numbers with a fraction.
  const [, whole = text, fraction = ''] = source.format === 'rfc3339' ? [] : (DECIMAL.exec(text) ?? [])
  const ms = parseTimestampMs(whole, source.format)
  if (ms === undefined || fraction === '' || source.format === 'epoch_ms') return ms
  return ms + Math.trunc(Number(`0.${fraction}`) * 1000)
}

const DECIMAL = /^(\d+)\.(\d{1,20})$/

/** What tells an event from others; where the same request can be written in several ways, what is the same in all of them. */
function contentOf(verified: Verified, content: EventContent, isNamed: boolean): readonly MessagePiece[] {
  if (content.isItem) return [content.body]
  return content.reader.signed() ?? (isNamed ? [content.body] : signedContent(verified, content))
}

/** The covered headers and the covered URL, each as a line that no value can imitate, and the body. */
function signedContent({ bound }: Verified, { reader, body }: EventContent): MessagePiece[] {
  const pieces: MessagePiece[] = []
  for (const part of bound) {
    if (part === 'url') pieces.push(`${byteString(reader.request.url ?? '')}\n`)
    if (!part.startsWith('header:')) continue
    const name = part.slice('header:'.length)
    pieces.push(`${name}:${byteString(headerValues(reader.headers, name)[0] ?? '')}\n`)
  }
  pieces.push(body)
  return pieces
}
