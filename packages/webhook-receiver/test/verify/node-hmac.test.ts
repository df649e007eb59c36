import * as crypto from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HashName } from '../../src/verify/hash-provider.ts'
import { joinPieces, type MessagePiece } from '../../src/verify/message-piece.ts'
import { type HmacKeyImport, oneShotHmac, streamedHmac } from '../../src/verify/node-hmac.ts'

const streamed = streamedHmac(crypto)
const hashes: readonly HashName[] = ['sha1', 'sha256', 'sha384', 'sha512']
const ways: readonly (readonly [string, HmacKeyImport])[] = [
  ['streamedHmac', streamed],
  ['oneShotHmac', oneShotHmac(crypto, streamed)],
]

function expected(hash: HashName, key: Uint8Array, pieces: readonly MessagePiece[]): string {
  return crypto.createHmac(hash, key).update(joinPieces(pieces)).digest('hex')
}

describe.each(ways)('%s', (_name, importKey) => {
  const digestOf = (hash: HashName, key: Uint8Array, pieces: readonly MessagePiece[]): string =>
    Buffer.from(importKey(hash, key)(pieces) as Uint8Array).toString('hex')

  test('computes the HMAC of any pieces with keys of any length', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: fc.integer({ max: 255 }).map((unit) => String.fromCharCode(unit)) }),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...hashes),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.array(piece, { maxLength: 4 }),
        (hash, key, pieces) => {
          expect(digestOf(hash, key, pieces)).toBe(expected(hash, key, pieces))
        },
      ),
    )
  })

  test.each([63, 64, 65, 127, 128, 129])('takes a key of %d bytes, at the block of the hash', (length) => {
    const key = Buffer.alloc(length, 0xa5)
    for (const hash of hashes) expect(digestOf(hash, key, ['abc'])).toBe(expected(hash, key, ['abc']))
  })

  test.each([0, 1, 16_383, 16_384, 16_385, 100_000])('takes a message of %d bytes', (length) => {
    const key = Buffer.from('key')
    const body = new Uint8Array(length).map((_, index) => index)
    for (const hash of hashes) {
      expect(digestOf(hash, key, [body])).toBe(expected(hash, key, [body]))
      expect(digestOf(hash, key, ['t.', body, '.'])).toBe(expected(hash, key, ['t.', body, '.']))
    }
  })

  test('keeps nothing of one message or key for the next', () => {
    const [first, second] = [importKey('sha256', Buffer.from('a')), importKey('sha256', Buffer.from('b'))]
    const long = 'x'.repeat(1000)
    const digests = [first([long]), second([long]), first(['short']), first([long])].map((digest) =>
      Buffer.from(digest as Uint8Array).toString('hex'),
    )
    expect(digests).toEqual([
      expected('sha256', Buffer.from('a'), [long]),
      expected('sha256', Buffer.from('b'), [long]),
      expected('sha256', Buffer.from('a'), ['short']),
      expected('sha256', Buffer.from('a'), [long]),
    ])
  })
})
