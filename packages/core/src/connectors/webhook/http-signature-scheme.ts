import type { KeySource } from './key-source.ts'
import type { SchemeBase, SecretFormat } from './scheme-base.ts'

/** Algorithms of the HTTP Signature Algorithms registry (RFC 9421 section 6.2.2). */
export type HttpSignatureAlgorithm =
  | 'hmac-sha256'
  | 'ed25519'
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p384-sha384'
  | 'rsa-pss-sha512'
  | 'rsa-v1_5-sha256'

/** HTTP Message Signatures (RFC 9421); the body is bound through `Content-Digest` (RFC 9530). */
export interface HttpSignatureScheme extends SchemeBase {
  readonly scheme: 'http-signature'
  /** Algorithms that are accepted, whatever `alg` says. `hmac-sha256` takes `secret`, all others `key`. */
  readonly algorithms: readonly HttpSignatureAlgorithm[]
  /** Label of the signature. Default: any; one that covers what `requires` says and fits suffices. */
  readonly label?: string
  /** Value of the `tag` parameter. Default: any. */
  readonly tag?: string
  /** Components that must be covered, as they are written in the input: `@method`, `content-digest`, `@query-param;name="a"`. */
  readonly requires: readonly string[]
  /** Parameters that must be there. */
  readonly requiresParameters?: readonly ('created' | 'expires' | 'nonce' | 'alg' | 'keyid' | 'tag')[]
  /**
   * Allowed distance of `created` from the arrival time, both ways, in milliseconds; `created` must then be there. `expires`
   * is judged always. Absent: only `expires` bounds it.
   */
  readonly toleranceMs?: number
  readonly secret?: SecretFormat
  readonly key?: KeySource
}
