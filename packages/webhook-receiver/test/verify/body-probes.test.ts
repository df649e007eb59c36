import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bodyProbes } from '../../src/verify/body-probes.ts'
import type { VerificationHint } from '../../src/verify/verification-hint.ts'

/** The hints under which a body may have been another one. */
function hintsFor(arrived: string | Uint8Array, sent: string | Uint8Array): readonly VerificationHint[] {
  const wanted = Buffer.from(sent as string)
  return [...bodyProbes(Buffer.from(arrived as string))]
    .filter(({ body }) => wanted.equals(body))
    .map(({ hint }) => hint)
}

describe('bodyProbes', () => {
  test.each<[VerificationHint, string | Uint8Array, string | Uint8Array]>([
    ['body_reencoded', '{"a":1}', '{ "a": 1 }'.replace('{ ', '{').replace(' }', '}')],
    ['body_reencoded', '{"a":"é/"}', String.raw`{"a":"\u00e9\/"}`],
    ['body_padded', '{}\r\n \t', '{}'],
    ['body_padded', '\ufeff{}', '{}'],
    ['body_trimmed', '{}', '{}\n'],
    ['body_trimmed', '{}', '{}\r\n'],
    ['body_trimmed', '{}', '\ufeff{}'],
    ['body_line_ends', 'a\nb', 'a\r\nb'],
    ['body_line_ends', 'a\r\nb\r\n', 'a\nb\n'],
    ['body_charset', 'é', Uint8Array.of(0xe9)],
  ])('finds %s', (hint, arrived, sent) => {
    expect(hintsFor(arrived, sent)).toContain(hint)
  })

  test('takes bytes that are no UTF-8 for the work of nobody who parsed them', () => {
    const bytes = Uint8Array.of(0x22, 0xff, 0x22)
    expect(new Set([...bodyProbes(bytes)].map(({ hint }) => hint))).toEqual(new Set(['body_trimmed']))
  })

  test('gives other bodies, few of them, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const probes = [...bodyProbes(bytes)]
          expect(probes.length).toBeLessThan(20)
          for (const { body } of probes) expect(Buffer.compare(body, bytes)).not.toBe(0)
        },
      ),
    )
  })
})
