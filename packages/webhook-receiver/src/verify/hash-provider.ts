import type { MaybePromise } from './maybe-promise.ts'
import type { MessagePiece } from './message-piece.ts'

/** Hash functions that signature schemes use. */
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** Computes the HMAC (RFC 2104) of pieces, in order, with one key that was imported once. */
export type HmacKey = (pieces: readonly MessagePiece[]) => MaybePromise<Uint8Array>

/** The keyed and plain hashes that verification needs. */
export interface HashProvider {
  importKey(hash: HashName, secret: Uint8Array): HmacKey
  digest(hash: HashName, pieces: readonly MessagePiece[]): MaybePromise<Uint8Array>
  /** The digest in lower-case hexadecimal. */
  hexDigest(hash: HashName, pieces: readonly MessagePiece[]): MaybePromise<string>
  /** Compares in a time that depends on the length alone. Different lengths are unequal. */
  equal(left: Uint8Array, right: Uint8Array): boolean
}

/** Length of a digest in bytes. */
export const digestBytes: Readonly<Record<HashName, number>> = Object.freeze({
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
})
