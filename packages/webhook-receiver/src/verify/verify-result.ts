import type { VerificationScheme, WebhookField } from '@holdfast/core'
import type { VerificationHint } from './verification-hint.ts'

/**
 * What a verified signature covers. Headers that are no id, query parameters and fields of the body are named; a body that is
 * covered field by field is not covered.
 */
export type BoundPart =
  | 'body'
  | 'url'
  | 'method'
  | 'timestamp'
  | 'id'
  | `header:${string}`
  | `query:${string}`
  | `field:${string}`

/** Why a request failed verification. */
export type VerifyFailureReason =
  /** A header that the scheme needs is absent, or no scheme of the connector applies. */
  | 'missing_header'
  /** A field of the body or a parameter of the URL that the scheme needs is absent. */
  | 'missing_field'
  /** The token is in none of the places where it may be. */
  | 'missing_token'
  /** The scheme signs the URL, and the application did not say which one the sender used. */
  | 'missing_url'
  /** The signature is there, but no part of it has the form of one. */
  | 'malformed_signature'
  /** No signature fits any secret. */
  | 'mismatch'
  /** The scheme signs form fields, and the body is no form: nothing would cover it. */
  | 'unsigned_body'
  /** The signature fits, and the hash of the body that it covers does not. */
  | 'body_mismatch'
  /** What is signed could be a challenge, which the provider's handshake has hashed with the same key for anybody who asks. */
  | 'could_be_challenge'
  /** The signature fits, and is for another URL: did the application say the one that the sender used? */
  | 'url_mismatch'
  /** The signature fits, and is for somebody else. */
  | 'wrong_recipient'
  /** A claim of the token does not say what it must. */
  | 'wrong_claim'
  /** A claim that the token must have is absent. */
  | 'missing_claim'
  /** The signature covers less than it must. */
  | 'insufficient_coverage'
  /** The signature names an algorithm that the connector does not allow. */
  | 'unexpected_algorithm'
  /** The timestamp has not the form that it should have, or there are several. */
  | 'malformed_timestamp'
  /** Authentic, and older than the tolerance at arrival. */
  | 'stale_timestamp'
  /** Authentic, and further ahead than the tolerance at arrival. */
  | 'future_timestamp'
  /** A header that must be unambiguous came more than once. */
  | 'duplicate_header'
  /** A field or parameter that must be unambiguous came more than once. */
  | 'duplicate_field'
  /** There is no key for this sender. */
  | 'unknown_key'
  /** The key cannot be had now; a repeat may succeed. */
  | 'key_unavailable'

/** The sender proved what `strength` says. */
export interface Verified {
  readonly ok: true
  readonly scheme: VerificationScheme['scheme']
  /** What the proof covers; whatever is not in it could have been changed on the way. */
  readonly bound: readonly BoundPart[]
  /**
   * `signature`: over the whole body. `partial`: over some of it, or weakly; see `bound`. `token`: the sender showed the
   * secret itself, and nothing is covered. `none`: nothing was proved, as the application allowed.
   */
  readonly strength: 'signature' | 'partial' | 'token' | 'none'
  /** Where the scheme that applied has the event id. */
  readonly eventId?: WebhookField
  /**
   * Index in `secrets` of the one that fitted, or in what the resolver returned. Lets you see when a rotated secret is no
   * longer used. -1: no secret was needed.
   */
  readonly keyIndex: number
  /** `id` of the secret that fitted; of a published key, its id or where it is. */
  readonly keyId?: string
  /** Claims of the token, or parameters of the HTTP message signature. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** The request is not authentic, or not fresh, or cannot be judged now. */
export interface NotVerified {
  readonly ok: false
  readonly code: 'signature_invalid' | 'timestamp_stale' | 'upstream_unavailable'
  readonly reason: VerifyFailureReason
  /** What probably went wrong, where trying told. For your logs, never for the sender. */
  readonly hint?: VerificationHint
  /** When a repeat may succeed, of `key_unavailable`; in milliseconds from now. */
  readonly retryAfterMs?: number
  /** Why the key cannot be had: what the key fetcher threw. */
  readonly cause?: unknown
}

/** Outcome of verification. Never thrown: a request that fails is an ordinary thing. */
export type VerifyResult = Verified | NotVerified

/** Builds the failure for `reason`; the code follows from it. */
export function notVerified(reason: VerifyFailureReason): NotVerified {
  return { ok: false, code: codeOf(reason), reason }
}

function codeOf(reason: VerifyFailureReason): NotVerified['code'] {
  if (reason === 'stale_timestamp' || reason === 'future_timestamp') return 'timestamp_stale'
  return reason === 'key_unavailable' ? 'upstream_unavailable' : 'signature_invalid'
}
