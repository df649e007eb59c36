import { encodeHex } from './encoding.ts'
import type { HashName, HashProvider } from './hash-provider.ts'
import { joinPieces, type MessagePiece } from './message-piece.ts'

/** Hashes on WebCrypto. A message of several pieces is joined first, for WebCrypto takes only one. */
export function webHashes(): HashProvider {
  const { subtle } = globalThis.crypto
  const digest = async (hash: HashName, pieces: readonly MessagePiece[]): Promise<Uint8Array> =>
    new Uint8Array(await subtle.digest(webNames[hash], joinPieces(pieces)))
  return {
    importKey(hash, secret) {
      const algorithm = { name: 'HMAC', hash: webNames[hash] }
      // Imported at the first message, so that a key that nobody uses leaves no promise behind.
      let imported: ReturnType<typeof subtle.importKey> | undefined
      return async (pieces) => {
        imported ??= subtle.importKey('raw', new Uint8Array(secret), algorithm, false, ['sign'])
        return new Uint8Array(await subtle.sign('HMAC', await imported, joinPieces(pieces)))
      }
    },
    digest,
    hexDigest: async (hash, pieces) => encodeHex(await digest(hash, pieces)),
    equal(left, right) {
      if (left.length !== right.length) return false
      let difference = 0
      for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0)
      return difference === 0
    },
  }
}

const webNames: Readonly<Record<HashName, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
}
