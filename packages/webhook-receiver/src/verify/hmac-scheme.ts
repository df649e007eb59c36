import type { HmacScheme, MessagePart, WebhookField } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { byteString, decodeBase64, decodeHex, utf8ByteString } from './encoding.ts'
import { digestBytes, type HashProvider, type HmacKey, type MaybePromise, type MessagePiece } from './hmac.ts'
import { headerValues } from './request-headers.ts'
import { signatureCandidates, valuesOfKey } from './signature-header.ts'
import { judgeTimestamp, parseTimestampMs } from './signature-timestamp.ts'
import { type BoundPart, notVerified, type VerifyFailureReason, type VerifyResult } from './verify-result.ts'

/** A request as it arrived. A `StoredEvent` is one, so that a stored event can be verified again. */
export interface VerifiableRequest {
  readonly headers: HeaderPairs
  readonly body: Uint8Array
  /** Arrival time, ms since the epoch. Timestamps are judged against it, not against the time of verification. */
  readonly receivedAt: number
}

/** A key with the index of its secret in the options. */
export interface IndexedKey {
  readonly keyIndex: number
  readonly key: HmacKey
}

/** A scheme ready to verify. */
export interface CompiledScheme {
  /** Applies only when this header is present. */
  readonly select: string | undefined
  readonly bound: readonly BoundPart[]
  verify(request: VerifiableRequest): MaybePromise<VerifyResult>
}

/** Prepares a keyed-hash scheme. */
export function compileHmacScheme(
  scheme: HmacScheme,
  keys: readonly IndexedKey[],
  eventId: WebhookField | undefined,
  hashes: HashProvider,
): CompiledScheme {
  const bound = boundParts(scheme.message, eventId)
  const message = scheme.message.map(compilePart)
  const decode = scheme.encoding === 'hex' ? decodeHex : decodeBase64
  const { timestamp } = scheme

  const accept = (keyIndex: number, timestampMs: number, receivedAt: number): VerifyResult => {
    // Judged last: `timestamp_stale` is only said of an authentic request.
    const stale = timestamp && judgeTimestamp(timestampMs, receivedAt, timestamp.toleranceMs)
    return stale === undefined
      ? { ok: true, scheme: 'hmac', bound, strength: 'signature', keyIndex, ...(eventId && { eventId }) }
      : notVerified(stale)
  }

  const matches = (digest: Uint8Array, signatures: readonly Uint8Array[]): boolean =>
    signatures.some((signature) => hashes.equal(signature, digest))

  return {
    select: scheme.select,
    bound,
    verify(request) {
      const read = readSignature(scheme, request.headers)
      if (typeof read === 'string') return notVerified(read)
      const signatures = decodeCandidates(read.candidates, decode, digestBytes[scheme.hash])
      if (signatures.length === 0) return notVerified('malformed_signature')
      const pieces: MessagePiece[] = []
      for (const part of message) {
        const piece = part(request, read.timestampText)
        if (piece === undefined) return notVerified('missing_header')
        if (piece === ambiguous) return notVerified('duplicate_header')
        addPiece(pieces, piece)
      }
      return tryKeys(keys, pieces, (digest, keyIndex) =>
        matches(digest, signatures) ? accept(keyIndex, read.timestampMs, request.receivedAt) : undefined,
      )
    },
  }
}

/** Adds to the message; text is joined with text before it, for each piece costs a call into the hash. */
function addPiece(pieces: MessagePiece[], piece: MessagePiece): void {
  const last = pieces.at(-1)
  if (typeof piece === 'string' && typeof last === 'string') pieces[pieces.length - 1] = last + piece
  else pieces.push(piece)
}

/** Computes digests key by key, from `first` on, until `judge` decides; stays synchronous as long as the keys do. */
function tryKeys(
  keys: readonly IndexedKey[],
  pieces: readonly MessagePiece[],
  judge: (digest: Uint8Array, keyIndex: number) => VerifyResult | undefined,
  first = 0,
): MaybePromise<VerifyResult> {
  for (let position = first; position < keys.length; position++) {
    const { key, keyIndex } = keys[position] as IndexedKey
    const digest = key(pieces)
    if (digest instanceof Promise) {
      return digest.then((bytes) => judge(bytes, keyIndex) ?? tryKeys(keys, pieces, judge, position + 1))
    }
    const result = judge(digest, keyIndex)
    if (result !== undefined) return result
  }
  return notVerified('mismatch')
}

interface ReadSignature {
  readonly candidates: readonly string[]
  readonly timestampText: string
  readonly timestampMs: number
}

function readSignature(scheme: HmacScheme, headers: HeaderPairs): ReadSignature | VerifyFailureReason {
  const values = headerValues(headers, scheme.header)
  if (values.length === 0) return 'missing_header'
  // A list may come in several header lines; a header that is one signature must be one.
  if (values.length > 1 && scheme.format.kind === 'plain') return 'duplicate_header'
  const candidates = signatureCandidates(values, scheme.format)
  if (candidates.length === 0) return 'malformed_signature'
  const { timestamp } = scheme
  if (timestamp === undefined) return { candidates, timestampText: '', timestampMs: 0 }

  const timestampValues = timestamp.header === scheme.header ? values : headerValues(headers, timestamp.header)
  if (timestampValues.length === 0) return 'missing_header'
  let texts: readonly string[] = timestampValues
  if (timestamp.key !== undefined) {
    const separator = scheme.format.kind === 'plain' ? ',' : scheme.format.separator
    texts = valuesOfKey(timestampValues, separator, timestamp.key)
  } else if (timestampValues.length > 1) {
    return 'duplicate_header'
  }
  const [text] = texts
  const timestampMs = text === undefined ? undefined : parseTimestampMs(text, timestamp.unit)
  // With two timestamps nobody could say which of them a signature belongs to.
  if (text === undefined || timestampMs === undefined || texts.length > 1) return 'malformed_timestamp'
  return { candidates, timestampText: text, timestampMs }
}

function decodeCandidates(
  candidates: readonly string[],
  decode: (text: string) => Uint8Array | undefined,
  length: number,
): Uint8Array[] {
  const signatures: Uint8Array[] = []
  for (const candidate of candidates) {
    const bytes = decode(candidate)
    if (bytes?.length === length) signatures.push(bytes)
  }
  return signatures
}

const ambiguous = Symbol('header came more than once')

type CompiledPart = (request: VerifiableRequest, timestampText: string) => MessagePiece | typeof ambiguous | undefined

function compilePart(part: MessagePart): CompiledPart {
  switch (part.part) {
    case 'literal': {
      const bytes = utf8ByteString(part.value)
      return () => bytes
    }
    case 'body':
      return (request) => request.body
    case 'timestamp':
      return (_request, timestampText) => timestampText
    case 'header':
      return ({ headers }) => {
        const values = headerValues(headers, part.name)
        if (values.length > 1) return ambiguous
        return values[0] === undefined ? undefined : byteString(values[0])
      }
  }
}

function boundParts(message: readonly MessagePart[], eventId: WebhookField | undefined): readonly BoundPart[] {
  const bound = new Set<BoundPart>()
  for (const part of message) {
    if (part.part === 'body') {
      bound.add('body')
      if (eventId?.from === 'body') bound.add('id')
    } else if (part.part === 'timestamp') {
      bound.add('timestamp')
    } else if (part.part === 'header') {
      bound.add(eventId?.from === 'header' && eventId.name === part.name ? 'id' : `header:${part.name}`)
    }
  }
  return Object.freeze([...bound])
}
