import type { SignatureAlgorithm } from '@holdfast/core'
import type { HashName } from './hash-provider.ts'
import type { KeyKind, PublicKey } from './keys/public-key.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { MessagePiece } from './message-piece.ts'

/** Says whether a signature over pieces, in order, was made with the private half of a key that was imported once. */
export type VerifySignature = (signature: Uint8Array, pieces: readonly MessagePiece[]) => MaybePromise<boolean>

/** The public-key signatures that verification needs. ECDSA signatures are `r || s`; `rawFromDer` makes them so. */
export interface SignatureProvider {
  /** The key is of the kind of the algorithm and its form was checked, so that this does not throw. */
  importKey(algorithm: SignatureAlgorithm, key: PublicKey): VerifySignature
}

/** What an algorithm is made of. */
export interface AlgorithmFacts {
  readonly kind: KeyKind
  /** Absent: the algorithm has its own. */
  readonly hash?: HashName
  readonly padding?: 'pkcs1' | 'pss'
  /** Length of a signature in bytes; of RSA, the key decides. */
  readonly signatureBytes?: number
}

export const signatureAlgorithms: Readonly<Record<SignatureAlgorithm, AlgorithmFacts>> = Object.freeze({
  ed25519: { kind: 'ed25519', signatureBytes: 64 },
  'ecdsa-p256-sha1': { kind: 'p256', hash: 'sha1', signatureBytes: 64 },
  'ecdsa-p256-sha256': { kind: 'p256', hash: 'sha256', signatureBytes: 64 },
  'ecdsa-p384-sha384': { kind: 'p384', hash: 'sha384', signatureBytes: 96 },
  'rsa-sha1': { kind: 'rsa', hash: 'sha1', padding: 'pkcs1' },
  'rsa-sha256': { kind: 'rsa', hash: 'sha256', padding: 'pkcs1' },
  'rsa-sha512': { kind: 'rsa', hash: 'sha512', padding: 'pkcs1' },
  'rsa-pss-sha256': { kind: 'rsa', hash: 'sha256', padding: 'pss' },
  'rsa-pss-sha512': { kind: 'rsa', hash: 'sha512', padding: 'pss' },
})

/**
 * The only length that a signature can have, in bytes. Checked here because Node throws for ECDSA numbers of another length, and
 * takes RSA signatures without their leading zeros (RFC 8017 section 8.1.2 does not).
 */
export function signatureLength(algorithm: SignatureAlgorithm, { modulusBytes }: PublicKey): number | undefined {
  return signatureAlgorithms[algorithm].signatureBytes ?? modulusBytes
}
