import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import type { FinishedCall, Quota } from './quota.ts'

/** A limit that comes back evenly, a so-called leaky bucket: what the last answer told, and what was restored since. */
export class RestoringQuota implements Quota {
  #remaining = Infinity
  #limit = Infinity
  #perMs = 1
  #atMs = 0

  startMs(taken: number, nowMs: number): number {
    const level = this.#levelAt(nowMs) - taken
    return level >= 1 ? nowMs : nowMs + (1 - level) / this.#perMs
  }

  started(): void {
    // Counted as in flight until the answer tells what is left.
  }

  finished({ reading }: FinishedCall, nowMs: number): void {
    if (reading !== undefined) this.#learn(reading, nowMs)
    else if (this.#remaining !== Infinity) this.#remaining -= 1
  }

  paceMs(): number {
    return 1 / this.#perMs / 10
  }

  usedUpUntilMs(nowMs: number): number {
    const level = this.#levelAt(nowMs)
    return level >= 1 ? 0 : nowMs + (1 - level) / this.#perMs
  }

  resetBy(): void {
    // What is restored, is.
  }

  #learn({ limit, remaining, restorePerSecond }: RateLimitReading, nowMs: number): void {
    if (restorePerSecond !== undefined) this.#perMs = restorePerSecond / 1_000
    if (limit !== undefined) this.#limit = limit
    if (remaining === undefined) return
    this.#remaining = remaining
    this.#atMs = nowMs
  }

  #levelAt(nowMs: number): number {
    return Math.min(this.#limit, this.#remaining + (nowMs - this.#atMs) * this.#perMs)
  }
}
