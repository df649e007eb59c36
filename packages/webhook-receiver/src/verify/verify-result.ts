import type { WebhookField } from '@holdfast/core'

/** What a verified signature covers. A header that is no id is named as `header:<name>`. */
export type BoundPart = 'body' | 'timestamp' | 'id' | `header:${string}`

/** Why a request failed verification. */
export type VerifyFailureReason =
  /** A header that the scheme needs is absent, or no scheme of the connector applies. */
  | 'missing_header'
  /** The token is neither in the header nor in the body. */
  | 'missing_token'
  /** The signature is there, but no part of it has the form of one. */
  | 'malformed_signature'
  /** No signature fits any secret. */
  | 'mismatch'
  /** The timestamp is no whole number, or there are several. */
  | 'malformed_timestamp'
  /** Authentic, and older than the tolerance at arrival. */
  | 'stale_timestamp'
  /** Authentic, and further ahead than the tolerance at arrival. */
  | 'future_timestamp'
  /** A header that must be unambiguous came more than once. */
  | 'duplicate_header'

/** The sender proved that it knows one of the secrets. */
export interface Verified {
  readonly ok: true
  readonly scheme: 'hmac' | 'token'
  /** What the proof covers; whatever is not in it could have been changed on the way. */
  readonly bound: readonly BoundPart[]
  /** `signature`: over what `bound` says. `token`: the sender showed the secret itself, and nothing is covered. */
  readonly strength: 'signature' | 'token'
  /** Where the scheme that applied has the event id. */
  readonly eventId?: WebhookField
  /** Index in `secrets` of the one that fitted. Lets you see when a rotated secret is no longer used. */
  readonly keyIndex: number
}

/** The request is not authentic, or not fresh. */
export interface NotVerified {
  readonly ok: false
  readonly code: 'signature_invalid' | 'timestamp_stale'
  readonly reason: VerifyFailureReason
}

/** Outcome of verification. Never thrown: a request that fails is an ordinary thing. */
export type VerifyResult = Verified | NotVerified

/** Builds the failure for `reason`; the code follows from it. */
export function notVerified(reason: VerifyFailureReason): NotVerified {
  const stale = reason === 'stale_timestamp' || reason === 'future_timestamp'
  return { ok: false, code: stale ? 'timestamp_stale' : 'signature_invalid', reason }
}
