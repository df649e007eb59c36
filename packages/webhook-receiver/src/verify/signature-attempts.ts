import type { MaybePromise } from './maybe-promise.ts'
import type { MessagePiece } from './message-piece.ts'
import type { VerifySignature } from './signature-provider.ts'

/** A key to try, the message that it may have signed, and what it means when it has. */
export interface SignatureAttempt<Match> {
  readonly verify: VerifySignature
  readonly pieces: readonly MessagePiece[]
  readonly match: Match
}

/** Tries every key with every signature until one fits. Stays synchronous as long as the signatures do. */
export function firstFitting<Match>(
  attempts: readonly SignatureAttempt<Match>[],
  signatures: readonly Uint8Array[],
  from = 0,
): MaybePromise<Match | undefined> {
  const total = attempts.length * signatures.length
  for (let index = from; index < total; index++) {
    const { verify, pieces, match } = attempts[Math.floor(index / signatures.length)] as SignatureAttempt<Match>
    const fits = verify(signatures[index % signatures.length] as Uint8Array, pieces)
    if (fits instanceof Promise) {
      return fits.then((fitted) => (fitted ? match : firstFitting(attempts, signatures, index + 1)))
    }
    if (fits) return match
  }
  return undefined
}
