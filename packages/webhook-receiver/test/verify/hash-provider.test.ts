import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { digestBytes, type HashName, type HashProvider } from '../../src/verify/hash-provider.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { platformHashes } from '../../src/verify/platform-hashes.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'

const secret = new Uint8Array(Buffer.from('a secret of some length'))
const body = new Uint8Array([0, 1, 0xfe, 0xff, 0x24, 0x26])
const pieces = ['1700000000.\u00e9', body, '.end']
const message = Buffer.concat([Buffer.from('1700000000.\u00e9', 'latin1'), body, Buffer.from('.end')])

const providers: readonly (readonly [string, HashProvider])[] = [
  ['nodeHashes', nodeHashes() as HashProvider],
  ['webHashes', webHashes()],
]

describe.each(providers)('%s', (_name, hashes) => {
  const names: readonly HashName[] = ['sha1', 'sha256', 'sha384', 'sha512']

  test.each(names)('computes the HMAC with %s', async (hash) => {
    const key = hashes.importKey(hash, secret)
    const expected = createHmac(hash, secret).update(message).digest('hex')
    // Twice: a key serves many messages.
    for (let round = 0; round < 2; round++) {
      const digest = await key(pieces)
      expect(Buffer.from(digest).toString('hex')).toBe(expected)
      expect(digest).toHaveLength(digestBytes[hash])
    }
  })

  test.each(names)('computes %s', async (hash) => {
    const expected = createHash(hash).update(message).digest('hex')
    expect(Buffer.from(await hashes.digest(hash, pieces)).toString('hex')).toBe(expected)
    expect(await hashes.hexDigest(hash, pieces)).toBe(expected)
    expect(await hashes.hexDigest(hash, [message])).toBe(expected)
  })

  test('compares bytes', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    expect(hashes.equal(bytes, Uint8Array.of(1, 2, 3))).toBe(true)
    expect(hashes.equal(bytes, Uint8Array.of(1, 2, 4))).toBe(false)
    expect(hashes.equal(bytes, Uint8Array.of(129, 2, 3))).toBe(false)
    expect(hashes.equal(bytes, Uint8Array.of(1, 2))).toBe(false)
    expect(hashes.equal(new Uint8Array(0), new Uint8Array(0))).toBe(true)
  })
})

describe('platformHashes', () => {
  test('is synchronous where the runtime has node:crypto', () => {
    expect(platformHashes().digest('sha256', [body])).toBeInstanceOf(Uint8Array)
  })

  test('falls back to WebCrypto where it has not', async () => {
    vi.stubGlobal('process', undefined)
    try {
      expect(nodeHashes()).toBeUndefined()
      expect(platformHashes().digest('sha256', [body])).toBeInstanceOf(Promise)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
