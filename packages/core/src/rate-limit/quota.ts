import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'

/** What is known of one limit, and when it lets the next call start. All times are monotonic milliseconds. */
export interface Quota {
  /**
   * When a call may start that comes after `taken` others, those in flight included; `nowMs` or earlier: now. An estimate
   * where `taken` counts calls that have not started.
   */
  startMs(taken: number, nowMs: number): number
  /** A call started. */
  started(nowMs: number): void
  /** A call came to its end: `reading` is what its answer told of this limit, `isSuccess` whether it went through. */
  finished(call: FinishedCall, nowMs: number): void
  /** How far apart calls should start that waited for it; `undefined` when that is not known. */
  paceMs(nowMs: number): number | undefined
  /** The end of the pause that a limit which is used up makes; 0 when it makes none. */
  usedUpUntilMs(nowMs: number): number
  /** A `Retry-After` wins over every other announcement. */
  resetBy(atMs: number): void
}

/** A call that came to its end. */
export interface FinishedCall {
  readonly startedAtMs: number
  readonly isSuccess: boolean
  readonly reading: RateLimitReading | undefined
}
