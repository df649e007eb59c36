import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import type { FinishedCall, Quota } from './quota.ts'

// Most resets are told in whole seconds: what is later than the known one by less belongs to the same window.
const GRANULARITY_MS = 1_500
// Nobody waits so long, and such a reset may be a misread one: only a refusal of the provider proves it.
const LONGEST_UNPROVEN_MS = 3_600_000

/**
 * A limit as the answers tell it: so many are left until the reset. Calls in flight may or may not be counted in what an
 * answer says is left, so all of them are taken off. After the reset one call goes ahead: its answer says how many may
 * follow, because a reset need not restore everything (draft-ietf-httpapi-ratelimit-headers). Until it is there, others
 * follow at the average pace of the window.
 */
export class ToldQuota implements Quota {
  readonly #intervalMs: number
  /** Spreads the processes that wait for the same reset. */
  readonly #jitterMs: number
  #limit: number | undefined
  #windowMs: number | undefined
  #longestResetMs = 0
  #isReserved = true
  #remaining = Infinity
  /** `Infinity`: not known. */
  #resetAtMs = Infinity
  /** The window that is known began at this time or later. */
  #beganMs = -Infinity
  #learnedMs = -Infinity
  #lastStartMs: number

  constructor(intervalMs: number, jitterMs: number, nowMs: number) {
    this.#lastStartMs = nowMs
    this.#intervalMs = intervalMs
    this.#jitterMs = jitterMs
  }

  startMs(taken: number, nowMs: number): number {
    const counted = this.#isReserved ? taken : 0
    const left = this.#remaining - counted
    if (left >= 1) return nowMs
    const openMs = this.#resetAtMs + this.#jitterMs
    if (this.#resetAtMs !== Infinity && nowMs < openMs) {
      if (openMs - nowMs > LONGEST_UNPROVEN_MS) return nowMs
      const windows = this.#limit === undefined ? 0 : Math.ceil((1 - left) / Math.max(1, this.#limit)) - 1
      return openMs + windows * (this.#windowMs ?? this.#longestResetMs)
    }
    if (this.#isRested(nowMs) && counted < (this.#limit ?? Infinity)) return nowMs
    return taken === 0 ? nowMs : this.#lastStartMs + this.#averageMs()
  }

  started(nowMs: number): void {
    this.#forgetOldWindow(nowMs)
    this.#lastStartMs = nowMs
  }

  finished({ startedAtMs, isSuccess, reading }: FinishedCall, nowMs: number): void {
    if (reading !== undefined) this.#learn(reading, startedAtMs, nowMs)
    else if (isSuccess && startedAtMs >= this.#resetAtMs) this.#remaining = Infinity
    else if (this.#remaining !== Infinity) this.#remaining = Math.max(0, this.#remaining - 1)
  }

  paceMs(nowMs: number): number | undefined {
    if (this.#remaining === Infinity || this.#remaining < 1 || this.#resetAtMs <= nowMs) return undefined
    return this.#resetAtMs === Infinity ? undefined : (this.#resetAtMs - nowMs) / this.#remaining / 10
  }

  usedUpUntilMs(nowMs: number): number {
    const isUsedUp = this.#remaining < 1 && this.#resetAtMs !== Infinity && this.#resetAtMs > nowMs
    return isUsedUp && this.#resetAtMs - nowMs <= LONGEST_UNPROVEN_MS ? this.#resetAtMs : 0
  }

  resetBy(atMs: number): void {
    if (this.#remaining < 1) this.#resetAtMs = Math.min(this.#resetAtMs, atMs)
  }

  #learn({ limit, remaining, resetMs, windowMs, unit }: RateLimitReading, startedAtMs: number, nowMs: number): void {
    this.#isReserved = unit === undefined
    if (limit !== undefined) this.#limit = limit
    if (windowMs !== undefined) this.#windowMs = windowMs
    this.#longestResetMs = Math.max(this.#longestResetMs, resetMs ?? 0)
    // An answer to what was sent in the window before tells of that one.
    if (remaining === undefined || startedAtMs < this.#beganMs) return
    const resetAtMs = resetMs === undefined ? nowMs + (windowMs ?? Infinity) : nowMs + resetMs
    const isOver = nowMs >= this.#resetAtMs
    if (isOver && startedAtMs < this.#resetAtMs && remaining <= this.#remaining) return
    const isRefilled = startedAtMs > this.#learnedMs && remaining >= this.#remaining
    if (isOver || isRefilled || this.#resetAtMs === Infinity || resetAtMs > this.#resetAtMs + GRANULARITY_MS) {
      if (isOver) this.#beganMs = Math.max(this.#beganMs, Math.min(startedAtMs, this.#resetAtMs))
      this.#remaining = remaining
      this.#resetAtMs = resetAtMs
    } else {
      // Answers come in any order, and a reset in whole seconds is exact only just after it was rounded.
      this.#remaining = Math.min(this.#remaining, remaining)
      this.#resetAtMs = Math.min(this.#resetAtMs, resetAtMs)
    }
    this.#learnedMs = nowMs
  }

  /** Whether nothing was sent for so long that everything is restored, wherever the windows begin. */
  #isRested(nowMs: number): boolean {
    return nowMs - this.#lastStartMs >= (this.#windowMs ?? 2 * this.#longestResetMs)
  }

  #forgetOldWindow(nowMs: number): void {
    if (nowMs < this.#resetAtMs || !this.#isRested(nowMs)) return
    this.#remaining = this.#limit ?? Infinity
    this.#resetAtMs = Infinity
    this.#beganMs = nowMs
  }

  #averageMs(): number {
    const windowMs = this.#windowMs ?? this.#longestResetMs
    return this.#limit === undefined || windowMs === 0 ? this.#intervalMs : windowMs / Math.max(1, this.#limit)
  }
}
