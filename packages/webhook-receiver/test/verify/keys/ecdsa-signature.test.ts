import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derTags, writeDer } from '../../../src/verify/keys/der.ts'
import { rawFromDer } from '../../../src/verify/keys/ecdsa-signature.ts'

const integer = (...bytes: readonly number[]): Uint8Array => writeDer(derTags.integer, Uint8Array.from(bytes))
const sequence = (...values: readonly Uint8Array[]): Uint8Array => writeDer(derTags.sequence, ...values)

describe('rawFromDer', () => {
  test('pads both numbers to their length', () => {
    expect(rawFromDer(sequence(integer(1), integer(0, 0x80)), 2)).toEqual(Uint8Array.of(0, 1, 0, 0x80))
  })

  test.each([
    ['p256', 'prime256v1', 'sha256', 32],
    ['p384', 'secp384r1', 'sha384', 48],
  ])('gives numbers that OpenSSL takes for %s', async (_name, namedCurve, hash, numberBytes) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
    const { verify } = await import('node:crypto')
    // Enough signatures for numbers that begin with a zero byte.
    for (let index = 0; index < 600; index++) {
      const message = Buffer.from(String(index))
      const raw = rawFromDer(sign(hash, message, privateKey), numberBytes)
      expect(raw).toHaveLength(2 * numberBytes)
      expect(verify(hash, message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw as Uint8Array)).toBe(true)
    }
  })

  test.each([
    ['a zero', sequence(integer(0), integer(1))],
    ['a negative number', sequence(integer(0x80), integer(1))],
    ['a number that is too long', sequence(integer(1, 2, 3), integer(1))],
    ['one number', sequence(integer(1))],
    ['three numbers', sequence(integer(1), integer(1), integer(1))],
    ['something behind it', Uint8Array.of(...sequence(integer(1), integer(1)), 0)],
    ['raw numbers', Uint8Array.of(0, 1, 0, 1)],
    ['nothing', new Uint8Array(0)],
  ])('refuses %s', (_title, der) => {
    expect(rawFromDer(der, 2)).toBeUndefined()
  })

  test('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (der) => void rawFromDer(der, 32)))
  })
})
