import type { KeySource } from './key-source.ts'
import type { SignatureEncoding, SignatureSource } from './signature-source.ts'
import type { SchemeBase, SecretFormat } from './scheme-base.ts'

/** Algorithms of JSON Web Signatures (RFC 7518, RFC 8037, RFC 9864) that schemes may name. `none` is none of them. */
export type JwtAlgorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'EdDSA'
  | 'Ed25519'

/** A JSON Web Token (RFC 7519) that comes with the request, and says what it is about in its claims. */
export interface JwtScheme extends SchemeBase {
  readonly scheme: 'jwt'
  /** Algorithms that are accepted, whatever the token says. Those with `HS` take `secret`, all others `key`. */
  readonly algorithms: readonly JwtAlgorithm[]
  /** Where the token is. */
  readonly token: SignatureSource
  /** How secrets for `HS…` are written. */
  readonly secret?: SecretFormat
  readonly key?: KeySource
  readonly claims?: JwtClaims
  /** Age of the token, by `iat`, beyond which it is stale, in milliseconds. Absent: only `exp` and `nbf` bound it. */
  readonly maxAgeMs?: number
  /** Allowed difference of the clocks, in milliseconds. Default: 60,000. */
  readonly leewayMs?: number
}

/** What the claims must say. */
export interface JwtClaims {
  /** Hash of the raw body. Without it, the token binds nothing of the body. */
  readonly bodyHash?: JwtHashClaim
  /** Hash of the URL that the provider calls. */
  readonly urlHash?: JwtHashClaim
  /** Value of `iss`. */
  readonly issuer?: string
  /** `aud` is, or holds, the URL that the provider calls. */
  readonly audience?: 'url'
  /** Claims that must be there besides. */
  readonly requires?: readonly string[]
}

/** A claim that holds a hash. */
export interface JwtHashClaim {
  readonly name: string
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  readonly encoding: SignatureEncoding
  /** The claim may be absent where the body is empty. */
  readonly optional?: true
}
