/** A value now where the platform can, a promise of it where it cannot. `await` takes both. */
export type MaybePromise<Value> = Value | Promise<Value>

/** Hash functions that signature schemes use. */
export type HashName = 'sha1' | 'sha256' | 'sha512'

/**
 * A piece of a message: raw bytes, or a byte string, in which each UTF-16 unit from 0 to 255 is one byte. HTTP header values
 * come as byte strings; keeping them so means that nothing is ever decoded and encoded again.
 */
export type MessagePiece = Uint8Array | string

/** Computes the HMAC (RFC 2104) of pieces, in order, with one key that was imported once. */
export type HmacKey = (pieces: readonly MessagePiece[]) => MaybePromise<Uint8Array>

/** The keyed and plain hashes that verification needs. */
export interface HashProvider {
  importKey(hash: HashName, secret: Uint8Array): HmacKey
  sha256(pieces: readonly MessagePiece[]): MaybePromise<Uint8Array>
  /** Compares in a time that depends on the length alone. Different lengths are unequal. */
  equal(left: Uint8Array, right: Uint8Array): boolean
}

/** Length of a digest in bytes. */
export const digestBytes: Readonly<Record<HashName, number>> = Object.freeze({ sha1: 20, sha256: 32, sha512: 64 })

/**
 * The fastest provider of this platform: `node:crypto` where the runtime has it (synchronous, several times faster on small
 * bodies), WebCrypto everywhere else.
 */
export function platformHashes(): HashProvider {
  return nodeHashes() ?? webHashes()
}

/** Hashes on `node:crypto`, taken without an import so that bundles for other runtimes hold no trace of it. */
export function nodeHashes(): HashProvider | undefined {
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto')
  if (crypto === undefined) return undefined
  return {
    importKey(hash, secret) {
      // A KeyObject is prepared once; a raw key would be prepared for every message.
      const key = crypto.createSecretKey(secret)
      return (pieces) => pooled(updateAll(crypto.createHmac(hash, key), pieces).digest('binary'))
    },
    sha256: (pieces) => pooled(updateAll(crypto.createHash('sha256'), pieces).digest('binary')),
    equal: (left, right) => left.length === right.length && crypto.timingSafeEqual(left, right),
  }
}

/**
 * A digest from its byte string. `digest()` without an encoding allocates memory outside of the heap for every message, which
 * takes several times as long as this copy into Node's pool.
 */
function pooled(digest: string): Uint8Array {
  return Buffer.from(digest, 'latin1')
}

/** Hashes on WebCrypto. A message of several pieces is joined first, for WebCrypto takes only one. */
export function webHashes(): HashProvider {
  const { subtle } = globalThis.crypto
  return {
    importKey(hash, secret) {
      const algorithm = { name: 'HMAC', hash: webNames[hash] }
      // Imported at the first message, so that a key that nobody uses leaves no promise behind.
      let imported: ReturnType<typeof subtle.importKey> | undefined
      return async (pieces) => {
        imported ??= subtle.importKey('raw', ownBytes(secret), algorithm, false, ['sign'])
        return new Uint8Array(await subtle.sign('HMAC', await imported, joinPieces(pieces)))
      }
    },
    sha256: async (pieces) => new Uint8Array(await subtle.digest('SHA-256', joinPieces(pieces))),
    equal(left, right) {
      if (left.length !== right.length) return false
      let difference = 0
      for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0)
      return difference === 0
    },
  }
}

const webNames: Readonly<Record<HashName, string>> = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' }

interface Updatable<Self> {
  update(data: Uint8Array): Self
  update(data: string, encoding: 'latin1'): Self
}

function updateAll<Hash extends Updatable<Hash>>(hash: Hash, pieces: readonly MessagePiece[]): Hash {
  for (const piece of pieces) {
    if (typeof piece === 'string') hash.update(piece, 'latin1')
    else hash.update(piece)
  }
  return hash
}

function joinPieces(pieces: readonly MessagePiece[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      for (let index = 0; index < piece.length; index++) joined[offset + index] = piece.charCodeAt(index)
    } else {
      joined.set(piece, offset)
    }
    offset += piece.length
  }
  return joined
}

function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
