import type { HashName, HashProvider } from './hash-provider.ts'
import type { MessagePiece } from './message-piece.ts'
import { oneShotHmac, pooledBytes, streamedHmac } from './node-hmac.ts'

/** Hashes on `node:crypto`, taken without an import so that bundles for other runtimes hold no trace of it. */
export function nodeHashes(): HashProvider | undefined {
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto')
  if (crypto === undefined) return undefined
  // Younger than the rest, and not on every runtime that has the rest.
  const hashOnce = crypto.hash as typeof crypto.hash | undefined
  const streamed = streamedHmac(crypto)
  const digest = (hash: HashName, pieces: readonly MessagePiece[], encoding: 'binary' | 'hex'): string => {
    const [piece] = pieces
    // One call where there is one piece of bytes: no object has to be made for it.
    return pieces.length === 1 && typeof piece === 'object' && hashOnce !== undefined
      ? hashOnce(hash, piece, encoding)
      : updateAll(crypto.createHash(hash), pieces).digest(encoding)
  }
  return {
    importKey: hashOnce === undefined ? streamed : oneShotHmac(crypto, streamed),
    digest: (hash, pieces) => pooledBytes(digest(hash, pieces, 'binary')),
    hexDigest: (hash, pieces) => digest(hash, pieces, 'hex'),
    equal: (left, right) => left.length === right.length && crypto.timingSafeEqual(left, right),
  }
}

interface Updatable<Self> {
  update(data: Uint8Array): Self
  update(data: string, encoding: 'latin1'): Self
}

/** Hashes pieces one after the other. */
export function updateAll<Hash extends Updatable<Hash>>(hash: Hash, pieces: readonly MessagePiece[]): Hash {
  for (const piece of pieces) {
    if (typeof piece === 'string') hash.update(piece, 'latin1')
    else hash.update(piece)
  }
  return hash
}
