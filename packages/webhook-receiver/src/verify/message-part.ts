import type { MessageAffixes, MessagePart, ValueSource, WebhookField } from '@holdfast/core'
import { byteString, utf8ByteString } from './encoding.ts'
import type { MessageContext } from './message-context.ts'
import { addPiece, type MessagePiece } from './message-piece.ts'
import { writeUrl } from './message-url.ts'
import { headerValues } from './request-headers.ts'
import type { RequestReader } from './request-reader.ts'
import { duplicateReason, missingReason } from './signature-source.ts'
import { writeSortedForm } from './sorted-form.ts'
import type { VerifyFailureReason } from './verify-result.ts'

/** Adds a piece to a message, or says why it cannot. */
export type CompiledPart = (context: MessageContext, pieces: MessagePiece[]) => VerifyFailureReason | undefined

/** Stands in a message where the secret belongs; whoever has the secret puts it there. */
export const secretPlace: Uint8Array = new Uint8Array(0)

/** The message with the secret in its place. */
export function withSecret(pieces: readonly MessagePiece[], secret: Uint8Array): readonly MessagePiece[] {
  return pieces.map((piece) => (piece === secretPlace ? secret : piece))
}

interface PartSetup {
  readonly eventId: WebhookField | undefined
  /** Index of the hash of a part `bodyHash`. */
  readonly bodyHash: number
}

/** Prepares one piece of a message. */
export function compilePart(part: MessagePart, { eventId, bodyHash }: PartSetup): CompiledPart {
  switch (part.part) {
    case 'literal':
      return affixed(part, constant(part.value))
    case 'body':
      return affixed(part, ({ reader }) => reader.request.body)
    case 'bodyHash':
      return affixed(part, ({ bodyHashes }) => bodyHashes[bodyHash])
    case 'timestamp':
      return affixed(part, ({ timestamp }) => timestamp)
    case 'id':
      return valueOf(part, eventId ?? { from: 'body', pointer: '' }, byteString)
    case 'method':
      return affixed(part, ({ reader }) => byteString((reader.request.method ?? 'POST').toUpperCase()))
    case 'url':
      return affixed(part, ({ url }) => writeUrl(url, part), 'missing_url')
    case 'header':
      return valueOf(part, { from: 'header', name: part.name }, byteString)
    case 'headerList':
      return affixed(part, ({ reader }) => writeHeaderList(reader, part))
    case 'query':
      return valueOf(part, { from: 'query', name: utf8ByteString(part.name) }, part.lowerCase ? lowerCase : undefined)
    case 'field':
      return fieldOf(part)
    case 'sortedForm':
      return affixed(part, ({ reader, url }) => writeSortedForm(reader, url, part), 'unsigned_body')
    case 'secret':
      return affixed(part, () => secretPlace)
  }
}

/** A value that is there once, absent, or there several times. */
type PartValue = MessagePiece | undefined | typeof ambiguous

const ambiguous = Symbol('the value came more than once')

function affixed(
  { before = '', after = '', optional }: MessageAffixes,
  value: (context: MessageContext) => PartValue,
  absent: VerifyFailureReason = 'missing_header',
  duplicate: VerifyFailureReason = 'duplicate_header',
): CompiledPart {
  const prefix = utf8ByteString(before)
  const suffix = utf8ByteString(after)
  return (context, pieces) => {
    const piece = value(context)
    if (piece === ambiguous) return duplicate
    if (piece === undefined) return optional ? undefined : absent
    addPiece(pieces, prefix)
    addPiece(pieces, piece)
    addPiece(pieces, suffix)
    return undefined
  }
}

function valueOf(part: MessageAffixes, source: ValueSource, write?: (value: string) => string): CompiledPart {
  const value = ({ reader }: MessageContext): PartValue => {
    const values = reader.values(source)
    if (values.length > 1) return ambiguous
    const [only] = values
    return only === undefined || write === undefined ? only : write(only)
  }
  return affixed(part, value, missingReason(source.from), duplicateReason(source.from))
}

function fieldOf(part: Extract<MessagePart, { part: 'field' }>): CompiledPart {
  const source: ValueSource = { from: 'body', pointer: part.pointer }
  if (part.absentAs === undefined) return valueOf(part, source)
  const absentAs = utf8ByteString(part.absentAs)
  const value = ({ reader }: MessageContext): PartValue => {
    const values = reader.values(source)
    return values.length > 1 ? ambiguous : (values[0] ?? absentAs)
  }
  return affixed(part, value, 'missing_field', 'duplicate_field')
}

function writeHeaderList(
  { headers }: RequestReader,
  { listedIn, separator, pair, join, sorted }: Extract<MessagePart, { part: 'headerList' }>,
): PartValue {
  const lists = headerValues(headers, listedIn)
  if (lists.length > 1) return ambiguous
  const names = lists[0]?.split(separator).map((name) => name.trim().toLowerCase())
  if (names === undefined) return undefined
  if (sorted) names.sort()
  const lines: string[] = []
  for (const name of names) {
    const values = headerValues(headers, name)
    if (values.length !== 1) return values.length === 0 ? undefined : ambiguous
    lines.push(`${name}${pair}${(values[0] as string).trim()}`)
  }
  return byteString(lines.join(join))
}

function constant(text: string): () => string {
  const bytes = utf8ByteString(text)
  return () => bytes
}

function lowerCase(value: string): string {
  return value.toLowerCase()
}
