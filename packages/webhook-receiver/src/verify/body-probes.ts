import { jsonSpellings } from './json-spellings.ts'
import type { VerificationHint } from './verification-hint.ts'

/** A body as it may have been, and what then happened to it. */
export interface BodyProbe {
  readonly hint: VerificationHint
  readonly body: Uint8Array
}

const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf)
const LF = Uint8Array.of(0x0a)
const CRLF = Uint8Array.of(0x0d, 0x0a)

/** The bodies that may have become this one on their way, the likely ones first. */
export function* bodyProbes(body: Uint8Array): Generator<BodyProbe> {
  const text = decode(body)
  for (const spelling of text === undefined ? [] : jsonSpellings(text)) {
    yield { hint: 'body_reencoded', body: encoder.encode(spelling) }
  }
  const trimmed = withoutBlanksAtEnd(body)
  if (trimmed.length < body.length) yield { hint: 'body_padded', body: trimmed }
  yield { hint: 'body_trimmed', body: concat(body, LF) }
  yield { hint: 'body_trimmed', body: concat(body, CRLF) }
  if (startsWith(body, BYTE_ORDER_MARK)) yield { hint: 'body_padded', body: body.subarray(BYTE_ORDER_MARK.length) }
  else yield { hint: 'body_trimmed', body: concat(BYTE_ORDER_MARK, body) }
  if (text === undefined) return
  if (text.includes('\r\n')) yield { hint: 'body_line_ends', body: encoder.encode(text.replaceAll('\r\n', '\n')) }
  else if (text.includes('\n')) yield { hint: 'body_line_ends', body: encoder.encode(text.replaceAll('\n', '\r\n')) }
  if (/[\u0080-\u00ff]/.test(text) && !/[\u0100-\uffff]/.test(text)) {
    yield { hint: 'body_charset', body: Uint8Array.from(text, (unit) => unit.charCodeAt(0)) }
  }
}

const encoder = new TextEncoder()

/** `undefined` for what is no UTF-8: nobody parsed that and wrote it again. */
function decode(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return undefined
  }
}

function withoutBlanksAtEnd(body: Uint8Array): Uint8Array {
  let end = body.length
  while (end > 0 && isBlank(body[end - 1] ?? 0)) end--
  return body.subarray(0, end)
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

function startsWith(body: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => body[index] === byte)
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}
