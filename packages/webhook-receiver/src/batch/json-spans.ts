import { BYTE_ORDER_MARK, type JsonSpan, pastSpace, pastString, pastValue } from './json-scanner.ts'

/**
 * Finds the items of an array inside a JSON text, as places in its bytes: what the sender wrote is cut out, never written anew.
 * Of members with the same name the last one counts, as it does for `JSON.parse`. One place is found at a time, for a sender may
 * make millions of them.
 *
 * The bytes must be JSON, which `JSON.parse` has found out by then; for anything else the places mean nothing, but no input
 * throws or takes more than linear time.
 *
 * @param pointer - JSON Pointer (RFC 6901) to the array; `''` is the text itself. Without an array there are no items.
 */
export function* itemSpans(json: Uint8Array, pointer: string): Generator<JsonSpan, undefined> {
  const array = valueStart(json, pointer)
  if (array === undefined || json[array] !== OPEN_BRACKET) return
  let at = pastSpace(json, array + 1)
  while (at < json.length && json[at] !== CLOSE_BRACKET) {
    const end = pastValue(json, at)
    yield { start: at, end }
    at = pastComma(json, end)
  }
}

/** Where the value at a pointer stands, under the same conditions. `undefined`: there is none. */
export function valueSpan(json: Uint8Array, pointer: string): JsonSpan | undefined {
  const start = valueStart(json, pointer)
  return start === undefined ? undefined : { start, end: pastValue(json, start) }
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const ARRAY_INDEX = /^(?:0|[1-9]\d*)$/

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function startsWithMark(json: Uint8Array): boolean {
  return BYTE_ORDER_MARK.every((byte, index) => json[index] === byte)
}

/** Where the JSON begins, behind a byte order mark and white space. */
export function jsonStart(json: Uint8Array): number {
  return pastSpace(json, startsWithMark(json) ? BYTE_ORDER_MARK.length : 0)
}

function valueStart(json: Uint8Array, pointer: string): number | undefined {
  const segments = pointer === '' ? [] : pointer.slice(1).split('/').map(unescapeSegment)
  let at = jsonStart(json)
  for (const segment of segments) {
    const found = json[at] === OPEN_BRACE ? memberStart(json, at, segment) : itemStart(json, at, segment)
    if (found === undefined) return undefined
    at = found
  }
  return at
}

/** RFC 6901 section 4: `~1` first, so that `~01` becomes `~1` and not `/`. */
function unescapeSegment(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Where the value of the last member `name` of the object at `open` starts. */
function memberStart(json: Uint8Array, open: number, name: string): number | undefined {
  let found: number | undefined
  let at = pastSpace(json, open + 1)
  while (at < json.length && json[at] !== CLOSE_BRACE) {
    const nameEnd = pastString(json, at)
    const value = pastSpace(json, pastSpace(json, nameEnd) + 1)
    if (isName(json, at, nameEnd, name)) found = value
    at = pastComma(json, pastValue(json, value))
  }
  return found
}

/** Names may be written with escapes, and hold bytes that are no UTF-8: they are read as `JSON.parse` reads them. */
function isName(json: Uint8Array, start: number, end: number, name: string): boolean {
  try {
    return JSON.parse(decoder.decode(json.subarray(start, end))) === name
  } catch {
    return false
  }
}

/** Where the item `index` of the array at `open` starts. */
function itemStart(json: Uint8Array, open: number, index: string): number | undefined {
  if (json[open] !== OPEN_BRACKET || !ARRAY_INDEX.test(index)) return undefined
  let before = Number(index)
  let at = pastSpace(json, open + 1)
  while (at < json.length && json[at] !== CLOSE_BRACKET) {
    if (before === 0) return at
    before--
    at = pastComma(json, pastValue(json, at))
  }
  return undefined
}

/** The place of what follows a value, behind white space and a comma. */
function pastComma(json: Uint8Array, at: number): number {
  const next = pastSpace(json, at)
  return json[next] === COMMA ? pastSpace(json, next + 1) : next
}
