import type { HttpSignatureScheme } from './http-signature-scheme.ts'
import type { JwtScheme } from './jwt-scheme.ts'
import type { SchemeBase, SecretFormat, SignedMessage } from './scheme-base.ts'
import type { SignatureScheme } from './signature-scheme.ts'

/** One way to verify an incoming webhook. */
export type VerificationScheme =
  | HmacScheme
  | DigestScheme
  | SignatureScheme
  | JwtScheme
  | HttpSignatureScheme
  | TokenScheme
  | BasicScheme
  | NoneScheme

/** A keyed hash (RFC 2104) over the message. */
export interface HmacScheme extends SignedMessage {
  readonly scheme: 'hmac'
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  readonly secret: SecretFormat
}

/** A plain hash over a message that holds the secret: weaker than an HMAC, where the provider offers no better. */
export interface DigestScheme extends SignedMessage {
  readonly scheme: 'digest'
  readonly hash: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  readonly secret: SecretFormat
}

/** A shared secret that comes with the request. It authenticates the sender but binds nothing of the request. */
export interface TokenScheme extends SchemeBase {
  readonly scheme: 'token'
  /** Lower-case header that holds the token. Looked at first. */
  readonly header?: string
  /** What stands before the token in the header, for example `Bearer `. */
  readonly prefix?: string
  /** JSON Pointer to the token in the body, where the header is absent. */
  readonly bodyPointer?: string
  /** Query parameter that holds the token, where neither has it. */
  readonly query?: string
}

/** HTTP basic authentication (RFC 7617). The secret is `user:password`. */
export interface BasicScheme extends SchemeBase {
  readonly scheme: 'basic'
}

/** The provider proves nothing at all. Taken only where the application says `allowUnverified: true`. */
export interface NoneScheme extends SchemeBase {
  readonly scheme: 'none'
}
