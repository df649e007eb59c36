import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import { SPREAD } from './declared-quota.ts'
import { type FinishedCall, LONGEST_UNPROVEN_MS, type Quota } from './quota.ts'

/**
 * A limit that comes back evenly, a so-called leaky bucket, as the generic cell rate algorithm keeps it: one number, the
 * time at which everything is restored again. Each answer that tells what is left corrects it.
 */
export class RestoringQuota implements Quota {
  #limit = Infinity
  /** Whether an answer has told the limit, or it is a guess. */
  #isTold = false
  /** How long one unit takes. */
  #unitMs = 1_000
  /** When the bucket is full again. */
  #fullAtMs = -Infinity
  #learnedMs = -Infinity

  startMs(taken: number, cost: number, nowMs: number): number {
    if (this.#limit === Infinity) return nowMs
    if (cost > this.#limit && this.#isTold) return Infinity
    const aloneMs = Math.max(this.#fullAtMs, nowMs) + Math.min(0, cost - this.#limit) * this.#unitMs
    return aloneMs - nowMs > LONGEST_UNPROVEN_MS ? nowMs : aloneMs + taken * this.#unitMs
  }

  started(): void {
    // Counted as in flight until the answer tells what is left.
  }

  finished({ startedAtMs, reading, cost }: FinishedCall, nowMs: number): void {
    if (reading?.remaining !== undefined) this.#learn(reading, reading.remaining, startedAtMs, nowMs)
    else this.#fullAtMs = Math.max(this.#fullAtMs, nowMs) + cost * this.#unitMs
  }

  paceMs(): number {
    return this.#unitMs * SPREAD
  }

  usedUpUntilMs(nowMs: number): number {
    const atMs = this.startMs(0, 1, nowMs)
    return atMs > nowMs && atMs !== Infinity ? atMs : 0
  }

  resetBy(): void {
    // What is restored, is.
  }

  #learn({ limit, restorePerSecond }: RateLimitReading, remaining: number, startedAtMs: number, nowMs: number): void {
    if (restorePerSecond !== undefined && restorePerSecond > 0) this.#unitMs = 1_000 / restorePerSecond
    // Without a limit, what was left at most is the best guess.
    const known = this.#limit === Infinity ? 1 : this.#limit
    const told = limit !== undefined && limit >= 1 ? limit : undefined
    this.#isTold = told !== undefined
    this.#limit = told ?? Math.max(known, remaining)
    const fullAtMs = nowMs + (this.#limit - remaining) * this.#unitMs
    // Answers come in any order: one that was asked for before the last one came can only tell of more that was taken.
    this.#fullAtMs = startedAtMs >= this.#learnedMs ? fullAtMs : Math.max(this.#fullAtMs, fullAtMs)
    this.#learnedMs = nowMs
  }
}
