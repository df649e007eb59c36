/** Where a value stands in the bytes of a JSON text: from `start` up to, and without, `end`. */
export interface JsonSpan {
  readonly start: number
  readonly end: number
}

/** What a UTF-8 text may start with, and `TextDecoder` leaves out. */
export const BYTE_ORDER_MARK: readonly number[] = [0xef, 0xbb, 0xbf]

const QUOTE = 0x22
const BACKSLASH = 0x5c

// All bytes that mean something in JSON are ASCII, and no byte of a longer UTF-8 sequence is: there is nothing to decode.
const isSpace = byteTable(' \t\n\r')
const opens = byteTable('{[')
const closes = byteTable('}]')
const endsScalar = byteTable(' \t\n\r,:{}[]"')

/** The first place from `at` on that is no white space. */
export function pastSpace(json: Uint8Array, at: number): number {
  let next = at
  while (isSpace[json[next] ?? QUOTE] === 1) next++
  return next
}

/** The place after the string whose opening quote is at `at`. */
export function pastString(json: Uint8Array, at: number): number {
  let quote = at
  do {
    quote = json.indexOf(QUOTE, quote + 1)
    if (quote < 0) return json.length
  } while (isEscaped(json, quote))
  return quote + 1
}

/** The place after the value that starts at `at`; always further on, so that a scan ends whatever it meets. */
export function pastValue(json: Uint8Array, at: number): number {
  const first = json[at] ?? QUOTE
  if (first === QUOTE) return pastString(json, at)
  if (opens[first] === 1) return pastContainer(json, at)
  let next = at + 1
  while (next < json.length && endsScalar[json[next] ?? QUOTE] === 0) next++
  return next
}

/** Counts brackets instead of going down into them: no depth is too deep. */
function pastContainer(json: Uint8Array, open: number): number {
  let depth = 0
  let at = open
  while (at < json.length) {
    const byte = json[at] ?? 0
    if (byte === QUOTE) {
      at = pastString(json, at)
      continue
    }
    at++
    if (opens[byte] === 1) depth++
    else if (closes[byte] === 1 && --depth === 0) break
  }
  return at
}

function isEscaped(json: Uint8Array, quote: number): boolean {
  let before = quote
  while (json[before - 1] === BACKSLASH) before--
  return (quote - before) % 2 === 1
}

function byteTable(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (let index = 0; index < characters.length; index++) table[characters.charCodeAt(index)] = 1
  return table
}
