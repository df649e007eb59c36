/** Bodies as text that verifiers are known to get wrong. */
export const awkwardTexts: readonly (readonly [string, string])[] = [
  ['an empty object', '{}'],
  ['replacement patterns', '{"note":"$& $$ $1 $` $\' \\\\"}'],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['a trailing CRLF', '{"a":1}\r\n'],
  ['several lines', '[{"a":1},\r\n{"b":2}]\n'],
  ['numbers that JSON would rewrite', '{ "a": 1.0, "b": 1e3, "c": 12345678901234567890 }'],
  ['escapes that JSON would rewrite', '{"a":"\\u00e9\\/"}'],
  ['emoji and combining marks', '{"name":"Zoë 😀 e\u0301"}'],
  ['NUL', 'a\0b'],
  ['a form', 'payload=%7B%22a%22%3A1%7D&a=b+c'],
  ['a separator of the signed message', 'a.b.c,v1=00 v1,AA'],
]

/** Bytes that are not UTF-8. */
export const invalidUtf8: Uint8Array<ArrayBuffer> = new Uint8Array([
  0x7b, 0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x7d,
])

/** As much as GitHub may send. */
export const largestBody: Uint8Array<ArrayBuffer> = new Uint8Array(25 * 1024 * 1024).fill(0x61)

/** `text` as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** Copies of `text` with one character replaced, at the start, in the middle, at the end and near each. */
export function withOneWrongCharacter(text: string, replacement: string): readonly string[] {
  const places = [0, 1, text.length >> 1, text.length - 2, text.length - 1]
  return places
    .map((place) => text.slice(0, place) + replacement + text.slice(place + 1))
    .filter((changed) => changed !== text)
}
