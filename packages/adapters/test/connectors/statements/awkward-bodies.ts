import type { Statement } from './statement.ts'

const awkwardBytes: readonly (readonly [string, Buffer])[] = [
  ['replacement patterns', Buffer.from('{"note":"$& $$ $1 $` $\' \\\\"}')],
  ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x7d])],
  ['a byte order mark', Buffer.from('\ufeff{"a":1}')],
  ['CRLF', Buffer.from('{"a":1,\r\n"b":2}\r\n')],
  ['a newline at the end', Buffer.from('{"a":1}\n')],
  [
    'numbers and escapes that JSON would rewrite',
    Buffer.from('{ "a": 1.0, "b": "\\u00e9\\/", "c": 12345678901234567890 }'),
  ],
  ['NUL', Buffer.from('{"a":"\0"}')],
  ['nothing', Buffer.alloc(0)],
]
const awkwardTexts: readonly (readonly [string, Buffer])[] = [
  ['replacement patterns', Buffer.from("$& $$ $1 $` $'")],
  ['letters outside of ASCII', Buffer.from('Zoë 😀 e\u0301')],
]
const escapedTexts: typeof awkwardTexts = [
  ...awkwardTexts,
  ['CRLF, and a newline at the end', Buffer.from('one\r\ntwo\n')],
  ['a byte order mark', Buffer.from('\ufefftext')],
  ['quotes, NUL and a name that is signed', Buffer.from('"\\\0\nMessageId\n')],
]
const awkwardValues: typeof awkwardTexts = [
  ['replacement patterns', Buffer.from('"$& $$ $1 $` $\'"')],
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x22])],
  ['a byte order mark', Buffer.from('"\ufefftext"')],
  ['CRLF', Buffer.from('[1,\r\n2]\r\n')],
  ['numbers and escapes that JSON would rewrite', Buffer.from('[1.0, "\\u00e9\\/", 12345678901234567890]')],
]
const awkwardForms: readonly (readonly [string, Buffer])[] = [
  ['replacement patterns', Buffer.from('Body=%24%26+%24%24+$1&From=$$')],
  ['a name that comes several times', Buffer.from('A=2&A=1&B=3&A=10')],
  ['escapes of every kind', Buffer.from('Body=%e2%82%ac+%C3%A9%20x&a%5Bb%5D=1&empty=')],
  ['nothing', Buffer.alloc(0)],
]

/** Bodies that a program may take for something else, for each kind of body. */
export const awkward: Readonly<Record<NonNullable<Statement['bodies']>, typeof awkwardBytes>> = {
  bytes: awkwardBytes,
  json: awkwardTexts,
  text: escapedTexts,
  value: awkwardValues,
  form: awkwardForms,
}

/** What programs do to a body on its way. */
export const damages: readonly ((body: Buffer) => Buffer)[] = [
  (body) => Buffer.from(body.toString()),
  (body) => Buffer.from(body.toString().replace('\ufeff', '')),
  (body) => Buffer.from(body.toString('latin1').trim(), 'latin1'),
  (body) => Buffer.from(body.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'),
  (body) => Buffer.concat([body, Buffer.from('\n')]),
  (body) => Buffer.from(body.toString('latin1').replaceAll('$$', '$'), 'latin1'),
]
