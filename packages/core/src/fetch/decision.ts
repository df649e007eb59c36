import type { ErrorCode } from '../errors/codes.ts'
import type { RetryOwner } from '../events/core-event-map.ts'

/** Why a hedge was not sent: what it would have needed at once. */
export type HedgeStop = 'body' | 'rate_limit' | 'bulkhead' | 'circuit_open' | 'budget'

/** Something that Holdfast decided about a call between its attempts, and why. */
export type Decision =
  /** The attempt before failed with `code`, which may be repeated. */
  | {
      readonly kind: 'retry'
      /** The attempt that follows. */
      readonly attempt: number
      readonly code: ErrorCode
      /** What is waited for: the backoff, or the end of a rate limit's pause. */
      readonly wait: 'backoff' | 'rate_limit'
      readonly delayMs: number
      /** What the server asked for, in milliseconds. */
      readonly serverWaitMs?: number
    }
  /** The first attempt had no answer after `delayMs`, so that this one was sent beside it. */
  | { readonly kind: 'hedge'; readonly attempt: number; readonly delayMs: number }
  /** It had none, but another one was not to be had at once. */
  | { readonly kind: 'no_hedge'; readonly reason: HedgeStop; readonly delayMs: number }
  /** Somebody else repeats the call. */
  | { readonly kind: 'nested'; readonly owner: RetryOwner; readonly yields: boolean }
  /** A 401 was answered with another token of the provider. */
  | { readonly kind: 'new_token'; readonly attempt: number }
