import type { HashProvider } from './hash-provider.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { MessagePiece } from './message-piece.ts'
import type { KeyMatch, MatchKey, MessageToMatch } from './signed-message.ts'
import { type CheckedSecret, isValidAt } from './webhook-secret.ts'

/** A secret, and the digest that a signature made with it would be. */
export interface DigestKey {
  readonly secret: CheckedSecret
  readonly digest: (pieces: readonly MessagePiece[]) => MaybePromise<Uint8Array>
}

/** Matches signatures that are digests: one hash for each key until one fits. Stays synchronous as long as the hashes do. */
export function matchKeys(keys: readonly DigestKey[], hashes: HashProvider): MatchKey {
  const fits = (digest: Uint8Array, signatures: readonly Uint8Array[]): boolean => {
    for (const signature of signatures) {
      if (hashes.equal(signature, digest)) return true
    }
    return false
  }

  const matchFrom = (first: number, message: MessageToMatch): MaybePromise<KeyMatch> => {
    const { receivedAt } = message.reader.request
    for (let index = first; index < keys.length; index++) {
      const { secret, digest } = keys[index] as DigestKey
      if (!isValidAt(secret, receivedAt)) continue
      const bytes = digest(message.pieces)
      if (bytes instanceof Promise) {
        return bytes.then((own) => (fits(own, message.signatures) ? secret : matchFrom(index + 1, message)))
      }
      if (fits(bytes, message.signatures)) return secret
    }
    return 'mismatch'
  }

  return (message) => matchFrom(0, message)
}
