import { describe, expect, test } from 'vitest'
import { byteString, decodeBase64, decodeHex, encodeHex, utf8Bytes, utf8ByteString } from '../../src/verify/encoding.ts'

describe('decodeHex', () => {
  test.each(['', '00ff10', '00FF10', '00fF10'])('decodes %j', (text) => {
    expect(decodeHex(text)).toEqual(new Uint8Array(Buffer.from(text, 'hex')))
  })

  test.each(['0', '0g', 'g0', ' 00', '00 ', '0x00', '٠٠', '0\u0130'])('refuses %j', (text) => {
    expect(decodeHex(text)).toBeUndefined()
  })
})

describe('decodeBase64', () => {
  test('decodes every length with and without padding', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 0xff)
      const padded = Buffer.from(bytes).toString('base64')
      expect(decodeBase64(padded)).toEqual(bytes)
      expect(decodeBase64(padded.replaceAll('=', ''))).toEqual(bytes)
    }
  })

  test.each(['A', 'AA=', 'AAA==', '====', 'AA AA', 'AA\nAA', 'AA-_', 'AAAA=', 'é==='])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })

  test('refuses stray bits, so that each signature has one spelling', () => {
    expect(decodeBase64('AA==')).toEqual(Uint8Array.of(0))
    expect(decodeBase64('AB==')).toBeUndefined()
  })
})

describe('encodeHex', () => {
  test('pads every byte to two lower-case digits', () => {
    expect(encodeHex(Uint8Array.of(0, 10, 171, 255))).toBe('000aabff')
  })
})

describe('byteString', () => {
  test('keeps what is a byte string already', () => {
    expect(byteString('caf\u00e9')).toBe('caf\u00e9')
  })

  test('takes decoded text as UTF-8', () => {
    expect(byteString('€')).toBe('\u00e2\u0082\u00ac')
  })
})

describe('utf8ByteString', () => {
  test('has one unit per UTF-8 byte', () => {
    const text = 'é€😀'
    expect(Buffer.from(utf8ByteString(text), 'latin1')).toEqual(Buffer.from(utf8Bytes(text)))
  })
})
