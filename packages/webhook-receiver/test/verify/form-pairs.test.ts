import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { byteStringText, latin1String } from '../../src/verify/encoding.ts'
import { compareBytes, comparePairs, decodePercent, parseForm } from '../../src/verify/form-pairs.ts'

describe('parseForm', () => {
  test('reads the fields in order, repeated names included', () => {
    expect(parseForm('b=2&a=1&b=3')).toEqual([
      ['b', '2'],
      ['a', '1'],
      ['b', '3'],
    ])
  })

  test.each([
    ['', []],
    ['&&', []],
    ['=', [['', '']]],
    ['a', [['a', '']]],
    ['a=', [['a', '']]],
    ['=b', [['', 'b']]],
    ['a=b=c', [['a', 'b=c']]],
    ['a+b=c+d', [['a b', 'c d']]],
    ['a%2Bb=%26', [['a+b', '&']]],
  ] as const)('reads %j', (text, pairs) => {
    expect(parseForm(text)).toEqual(pairs)
  })

  test('keeps every byte as one unit', () => {
    expect(parseForm(Uint8Array.of(0x61, 0x3d, 0xff, 0x25, 0x46, 0x46))).toEqual([['a', '\u00ff\u00ff']])
  })

  test('reads what URLSearchParams writes', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const written = new URLSearchParams(pairs).toString()
        const read = parseForm(written).map((pair) => pair.map(byteStringText))
        expect(read).toEqual(pairs)
      }),
    )
  })

  test('reads whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const part of parseForm(bytes).flat()) expect(latin1String(Buffer.from(part, 'latin1'))).toBe(part)
      }),
    )
  })
})

describe('decodePercent', () => {
  test('leaves what is no escape as it is', () => {
    expect(decodePercent('100% %zz %4 %C3%a9+')).toBe('100% %zz %4 \u00c3\u00a9+')
  })
})

describe('comparePairs', () => {
  test('sorts by name, then by value, byte by byte', () => {
    const pairs = [
      ['b', '1'],
      ['a', '10'],
      ['a', '9'],
      ['B', '1'],
      ['a', ''],
    ] as const
    expect(pairs.toSorted(comparePairs)).toEqual([
      ['B', '1'],
      ['a', ''],
      ['a', '10'],
      ['a', '9'],
      ['b', '1'],
    ])
    expect(compareBytes('a', 'a')).toBe(0)
  })
})
