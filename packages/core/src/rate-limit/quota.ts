import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'

/** Nobody waits so long because of what a success tells: it may be a misread one. Only a refusal of the provider proves it. */
export const LONGEST_UNPROVEN_MS: number = 3_600_000

/**
 * What is known of one limit, and when it lets the next call start. What a limit counts are units: calls, or whatever the
 * provider makes of them. All times are monotonic milliseconds.
 */
export interface Quota {
  /**
   * When a call that takes `cost` may start, after others that take `taken`, those in flight included; `nowMs` or earlier:
   * now; `Infinity`: never, because the limit never has so much. An estimate where `taken` holds calls that have not started.
   */
  startMs(taken: number, cost: number, nowMs: number): number
  /** A call started. @param inFlight - What it takes, together with the others that are in flight. */
  started(nowMs: number, inFlight: number): void
  /** A call came to its end. */
  finished(call: FinishedCall, nowMs: number): void
  /** How far apart calls should start that waited for it; `undefined` when that is not known. */
  paceMs(nowMs: number): number | undefined
  /** The end of the pause that a limit which is used up makes; 0 when it makes none. */
  usedUpUntilMs(nowMs: number): number
  /** A `Retry-After` wins over every other announcement. */
  resetBy(atMs: number): void
  /** How many answers need not be read, because so much is left. Without it: none. */
  unreadAnswers?(nowMs: number): number
  /** Whether it counts calls now that no answer will tell of. */
  isCounting?(nowMs: number): boolean
}

/** A call that came to its end. */
export interface FinishedCall {
  readonly startedAtMs: number
  /** Whether it went through. */
  readonly isSuccess: boolean
  /** What its answer told of this limit. */
  readonly reading: RateLimitReading | undefined
  /** What it took, as its answer told or else as was expected. */
  readonly cost: number
  /** What other calls take that are still in flight. */
  readonly inFlight: number
}
