import fc from 'fast-check'

const space = fc.constantFrom('', '', ' ', '\n', '\r\n', '\t ')

const character = fc.oneof(
  fc.constantFrom(
    'a',
    ' ',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    'é',
    '€',
    '𝄞',
    '\\"',
    '\\\\',
    '\\/',
    '\\u0061',
    '\\ud834\\udd1e',
    '\\n',
  ),
  // Bytes that are no UTF-8, as one character each.
  fc.constantFrom('\u{f0080}', '\u{f00ff}', '\u{f00c3}', '\u{f00e2}', '\u{f00f0}'),
)

const string = fc.array(character, { maxLength: 8 }).map((characters) => `"${characters.join('')}"`)

const number = fc.constantFrom('0', '-0', '12345678901234567890123', '1e999', '-1.50E-7', '0.1', '9007199254740993')

// Not with an escaped backslash: V8 13.6 now and then reads such a name as another one that it has met before.
const name = fc.oneof(
  fc.constantFrom('"events"', '"ev\\u0065nts"', '"a/b"', '"~"', '""', '"0"', '"__proto__"'),
  string.filter((text) => !text.includes('\\\\')),
)

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(string, number, fc.constantFrom('true', 'false', 'null')),
    list(fc.array(tie('value'), { maxLength: 5 }), '[', ']'),
    list(fc.array(member(tie('value')), { maxLength: 5 }), '{', '}'),
  ),
}))

/** A text whose value may be anything. */
export const jsonBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom('', '', '\u{f00ef}\u{f00bb}\u{f00bf}'), space, value, space)
  .map((pieces) => toBytes(pieces.join('')))

function list(items: fc.Arbitrary<readonly string[]>, open: string, close: string): fc.Arbitrary<string> {
  return fc
    .tuple(items, space, space, space)
    .map(([texts, before, between, after]) => `${open}${before}${texts.join(`${between},${before}`)}${after}${close}`)
}

function member(of: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(name, space, space, of).map(([key, before, after, text]) => `${key}${before}:${after}${text}`)
}

/** Private-use characters from U+F0000 on stand for single bytes. */
function toBytes(text: string): Uint8Array {
  const encoder = new TextEncoder()
  return Uint8Array.from(
    Array.from(text).flatMap((one) => {
      const code = one.codePointAt(0) ?? 0
      return code >= 0xf0000 && code <= 0xf00ff ? [code - 0xf0000] : [...encoder.encode(one)]
    }),
  )
}
