import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'

/** A call that came to its end, with what its answer told. */
export interface BucketCall {
  readonly startedAtMs: number
  readonly isSuccess: boolean
  readonly readings: readonly RateLimitReading[]
  /** What was expected to be taken when it started. */
  readonly cost?: number | undefined
  /** That the limit was hit; absent when it was not. */
  readonly hit?: Hit | undefined
}

/** What the answer says to what was refused because of the limit. */
export interface Hit {
  readonly wait: Wait
  /** Nobody waits for the end: all are refused. */
  readonly isExhausted: boolean
  /** Too many at a time: a place is free when another call ends. */
  readonly isCrowded?: boolean
}

/** How long to wait, and who says it: the answer, or only the documentation of the provider, and then it may be longer. */
export type Wait = { readonly kind: 'told' | 'documented'; readonly ms: number } | { readonly kind: 'unknown' }
