import type { KeySource } from './key-source.ts'
import type { ValueSource } from './value-source.ts'
import type { SignedMessage } from './scheme-base.ts'

/**
 * Algorithms of `SignatureScheme`. `rsa-…` is RSASSA-PKCS1-v1_5; the salt of `rsa-pss-…` is as long as its hash (RFC 8017).
 */
export type SignatureAlgorithm =
  | 'ed25519'
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p256-sha1'
  | 'ecdsa-p384-sha384'
  | 'rsa-sha1'
  | 'rsa-sha256'
  | 'rsa-sha512'
  | 'rsa-pss-sha256'
  | 'rsa-pss-sha512'

/** A public-key signature over the message. */
export interface SignatureScheme extends SignedMessage {
  readonly scheme: 'signature'
  readonly algorithm: SignatureAlgorithm
  /** How an ECDSA signature is written: DER, or `raw`, the two numbers one after the other (IEEE P1363). Default: `der`. */
  readonly form?: 'der' | 'raw'
  readonly key: KeySource
  /**
   * A signed value that must be one of the `secrets`, for a provider whose key signs for all of its customers: without it
   * any of them could send events to the others.
   */
  readonly recipient?: ValueSource
}
