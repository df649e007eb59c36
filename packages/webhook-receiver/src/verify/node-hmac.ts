import { digestBytes, type HashName, type HmacKey } from './hash-provider.ts'
import { pieceBytes, writePiece } from './message-piece.ts'

/** What is used of `node:crypto`; typed by what hands it over, for nothing here imports it. */
type NodeCrypto = ReturnType<typeof globalThis.process.getBuiltinModule<'node:crypto'>>

/** Prepares a key for HMACs. */
export type HmacKeyImport = (hash: HashName, secret: Uint8Array) => HmacKey

/**
 * HMAC on `createHmac`: for long messages, and for runtimes that have no `crypto.hash`. A KeyObject is prepared once; a raw key
 * would be prepared for every message.
 */
export function streamedHmac(crypto: NodeCrypto): HmacKeyImport {
  return (hash, secret) => {
    const key = crypto.createSecretKey(secret)
    return (pieces) => {
      const hmac = crypto.createHmac(hash, key)
      for (const piece of pieces) {
        if (typeof piece === 'string') hmac.update(piece, 'latin1')
        else hmac.update(piece)
      }
      return pooledBytes(hmac.digest('binary'))
    }
  }
}

// Above it copying the message costs more than the stream that `createHmac` makes.
const MAX_ONE_SHOT_BYTES = 16_384

const blockBytes: Readonly<Record<HashName, number>> = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 }
const longestBlockBytes = 128

/**
 * HMAC as RFC 2104 writes it: two hashes, each in one call of `crypto.hash`. For messages of a few kilobytes that takes a
 * fraction of the time of `createHmac`. Long ones go to `streamed`.
 */
export function oneShotHmac(crypto: NodeCrypto, streamed: HmacKeyImport): HmacKeyImport {
  // One for all keys: a message is hashed before the next one is written.
  const message = Buffer.alloc(longestBlockBytes + MAX_ONE_SHOT_BYTES)
  return (hash, secret) => {
    const block = blockBytes[hash]
    const key = secret.length > block ? crypto.createHash(hash).update(secret).digest() : secret
    const innerPad = paddedKey(key, block, 0x36)
    const outer = Buffer.alloc(block + digestBytes[hash])
    outer.set(paddedKey(key, block, 0x5c))
    const stream = streamed(hash, secret)
    return (pieces) => {
      if (pieceBytes(pieces) > MAX_ONE_SHOT_BYTES) return stream(pieces)
      message.set(innerPad)
      let end = block
      for (const piece of pieces) end = writePiece(message, end, piece)
      outer.write(crypto.hash(hash, message.subarray(0, end), 'binary'), block, 'latin1')
      return pooledBytes(crypto.hash(hash, outer, 'binary'))
    }
  }
}

/**
 * A digest from its byte string. A digest that is asked for as bytes is memory outside of the heap, which takes several times as
 * long as this copy into Node's pool.
 */
export function pooledBytes(digest: string): Uint8Array {
  return Buffer.from(digest, 'latin1')
}

function paddedKey(key: Uint8Array, length: number, pad: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set(key)
  return bytes.map((byte) => byte ^ pad)
}
