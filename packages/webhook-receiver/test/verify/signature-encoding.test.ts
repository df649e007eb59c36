import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decoders, decodeSignatures } from '../../src/verify/signature-encoding.ts'

describe('decoders', () => {
  test.each(['hex', 'base64', 'base64url'] as const)(
    'read what Node writes in %s, and nothing else as it',
    (encoding) => {
      fc.assert(
        fc.property(fc.uint8Array(), (bytes) => {
          expect(decoders[encoding](Buffer.from(bytes).toString(encoding))).toEqual(Uint8Array.from(bytes))
        }),
      )
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (text) => {
          const bytes = decoders[encoding](text)
          // Whatever is read is what these characters mean, and no other.
          const written = bytes && Buffer.from(bytes).toString(encoding).replaceAll('=', '')
          const bare = encoding === 'hex' ? text.toLowerCase() : text.replaceAll('=', '')
          expect(written ?? bare).toBe(bare)
        }),
      )
    },
  )

  test.each(['+/8=', '+/8'])('tell the alphabets of base64 apart: %s', (text) => {
    expect(decoders.base64(text)).toEqual(Uint8Array.of(0xfb, 0xff))
    expect(decoders.base64url(text)).toBeUndefined()
    const safe = text.replace('+', '-').replace('/', '_')
    expect(decoders.base64url(safe)).toEqual(Uint8Array.of(0xfb, 0xff))
    expect(decoders.base64(safe)).toBeUndefined()
  })

  test.each(['A', 'AAAAA', 'AA=', 'AAA==', 'AB==', 'AAB=', '=', '====', 'AA==AA==', 'A A=', 'AA=\n', 'AA==='])(
    'find no base64 in %j',
    (text) => {
      expect(decoders.base64(text)).toBeUndefined()
    },
  )

  test.each(['a', 'abc', '0x', ' 0', 'g0', '٠٠', '\u0130\u0130'])('find no hexadecimal in %j', (text) => {
    expect(decoders.hex(text)).toBeUndefined()
  })
})

describe('decodeSignatures', () => {
  test('keeps those that are written so and have the length', () => {
    expect(decodeSignatures(['00ff', 'zz', '', '00', '00FF'], decoders.hex, 2)).toEqual([
      Uint8Array.of(0, 255),
      Uint8Array.of(0, 255),
    ])
    expect(decodeSignatures(['00ff', '', '00'], decoders.hex)).toHaveLength(2)
  })
})
