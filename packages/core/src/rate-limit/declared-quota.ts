import { CallLog } from './call-log.ts'
import type { FinishedCall, Quota } from './quota.ts'

// A log of this many steps per window is exact enough, however many calls the window allows.
const STEPS_PER_WINDOW = 500
// The provider's clock may tick in milliseconds, and the edge of a window may belong to it.
const EDGE_MS = 1
/** What is allowed is used within this part of a window. */
export const SPREAD: number = 1 / 50

/**
 * A limit that is known beforehand: `limit` units per window. It is kept for every window, wherever the provider lets its
 * own begin and whenever between request and answer it counts: a place is taken from the start of a call until a whole window
 * after its answer. A bucket that refills evenly (GCRA) would let up to twice the limit through within one window of the
 * provider.
 */
export class DeclaredQuota implements Quota {
  #limit: number
  readonly #windowMs: number
  readonly #log = new CallLog()

  constructor(limit: number, windowMs: number) {
    this.#limit = Math.max(1, limit)
    this.#windowMs = windowMs
  }

  /** More is allowed than was known. */
  raiseTo(limit: number): void {
    this.#limit = Math.max(this.#limit, limit)
  }

  startMs(taken: number, cost: number, nowMs: number): number {
    if (cost > this.#limit) return Infinity
    const sinceMs = this.#expire(nowMs)
    const missing = taken + this.#log.units + cost - this.#limit
    if (missing <= 0) return nowMs
    const endMs = this.#log.endOf(missing, sinceMs)
    if (endMs !== undefined) return endMs + this.#windowMs + EDGE_MS
    const windows = 1 + Math.ceil((missing - this.#log.units) / this.#limit)
    return (this.#log.newestMs ?? nowMs) + windows * this.#windowMs
  }

  started(): void {
    // Counted as in flight until its answer is there.
  }

  finished({ cost }: Pick<FinishedCall, 'cost'>, nowMs: number): void {
    this.#log.add(cost, nowMs, this.#windowMs / STEPS_PER_WINDOW)
    this.#expire(nowMs)
  }

  paceMs(): number {
    return (this.#windowMs / this.#limit) * SPREAD
  }

  usedUpUntilMs(): number {
    // To be held back by what was declared is no news.
    return 0
  }

  resetBy(): void {
    // What was declared holds whatever one answer says.
  }

  isCounting(nowMs: number): boolean {
    this.#expire(nowMs)
    return !this.#log.isEmpty
  }

  /** Forgets what is a window ago, and returns that time. */
  #expire(nowMs: number): number {
    const sinceMs = nowMs - this.#windowMs - EDGE_MS
    this.#log.forget(sinceMs)
    return sinceMs
  }
}
