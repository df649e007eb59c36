import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derTags, readDer, readDerUnsigned, readWholeDer, writeDer } from '../../../src/verify/keys/der.ts'

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)

describe('DER', () => {
  test('reads what it wrote, of every length up to 64 KiB, and leaves what follows', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535]) {
      const content = new Uint8Array(length).fill(7)
      const written = writeDer(derTags.octetString, content)
      expect(readWholeDer(written, derTags.octetString)).toEqual(content)
      const followed = readDer(Uint8Array.of(...written.subarray(0, 300), 9), derTags.octetString)
      if (length < 256) expect(followed?.rest).toEqual(bytes(9))
    }
  })

  test.each([
    ['nothing', bytes()],
    ['a tag alone', bytes(0x04)],
    ['another tag', bytes(0x02, 0)],
    ['less content than it says', bytes(0x04, 2, 1)],
    ['a length of no form', bytes(0x04, 0x80, 0, 0)],
    ['a long form for a short length', bytes(0x04, 0x81, 1, 1)],
    ['a longer form than needed', bytes(0x04, 0x82, 0, 0x80, ...new Uint8Array(128))],
    ['a length of three bytes', bytes(0x04, 0x83, 0, 0, 1, 1)],
    ['a cut-off length', bytes(0x04, 0x82, 1)],
  ])('refuses %s', (_title, der) => {
    expect(readDer(der, derTags.octetString)).toBeUndefined()
  })

  test('refuses bytes after a value that must be the last', () => {
    expect(readWholeDer(bytes(0x04, 1, 5, 0), derTags.octetString)).toBeUndefined()
  })

  test.each([
    ['the sign byte before a high bit', bytes(0x02, 2, 0, 0x80), bytes(0x80)],
    ['a small number', bytes(0x02, 1, 1), bytes(1)],
  ])('reads %s', (_title, der, value) => {
    expect(readDerUnsigned(der)?.value).toEqual(value)
  })

  test.each([
    ['zero', bytes(0x02, 1, 0)],
    ['no digits', bytes(0x02, 0)],
    ['a negative number', bytes(0x02, 1, 0x80)],
    ['a padded number', bytes(0x02, 2, 0, 0x7f)],
  ])('takes %s for no positive integer', (_title, der) => {
    expect(readDerUnsigned(der)).toBeUndefined()
  })

  test('never reads beyond what is there, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 255 }), (der, tag) => {
        const value = readDer(der, tag)
        if (value !== undefined) expect(value.content.length + value.rest.length).toBeLessThanOrEqual(der.length - 2)
      }),
    )
  })
})
