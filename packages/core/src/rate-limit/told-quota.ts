import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import { CallLog } from './call-log.ts'
import { SPREAD } from './declared-quota.ts'
import { commonWindowBelow } from './common-windows.ts'
import { type FinishedCall, LONGEST_UNPROVEN_MS, type Quota } from './quota.ts'

// Most resets are told in whole seconds: what is later than the known one by less belongs to the same window.
const GRANULARITY_MS = 1_500
// The provider's clock may tick in milliseconds, and the edge of a window may belong to it.
const EDGE_MS = 1
const STEPS_PER_WINDOW = 50
const MAX_SPREAD = 1 / 10
// Where the answer to the first call after a reset does not come, another call follows after this time.
const PATIENCE_MS = 1_000
// Where so much of a limit is left, not every answer is read: one of eight, or more where that is few in number.
const PLENTY = 1 / 4
const MAX_UNREAD = 7
const OTHERS_PER_UNREAD = 32
const UNREAD_NEAR_RESET_MS = 1_000
// Who is refused though he waited for the reset keeps to the average pace, and this much below it; for so many windows, and twice
// as long each time. Long windows are not worth it: a call that could go at once would wait for its turn for hours.
const EVEN = 1.1
const EVEN_WINDOWS = 5
const MAX_DOUBLINGS = 4
const LONGEST_EVEN_WINDOW_MS = 60_000
const LONGEST_AVERAGE_MS = 60_000

/**
 * A limit as the answers tell it: so many are left until the reset. Calls in flight may or may not be counted in what an
 * answer says is left, so all of them are taken off. After the reset one call goes ahead: its answer says how many may
 * follow, because a reset need not restore everything (draft-ietf-httpapi-ratelimit-headers).
 *
 * As long as the answers count no calls but ours, our own count serves as well: a place comes back a window after the answer,
 * at the latest. That is what is needed where windows slide and a reset in whole seconds tells little.
 */
export class ToldQuota implements Quota {
  readonly #intervalMs: number
  /** Spreads the processes that wait for the same reset. */
  readonly #jitterMs: number
  readonly #log = new CallLog()
  /** Everything that was ever in the log. */
  #counted = 0
  /** When the first call ended that was counted. */
  #firstEndMs = Infinity
  #limit: number | undefined
  #windowMs: number | undefined
  #longestResetMs = 0
  /** The window, as told, or else the longest time to a reset that was; 0 when nothing was told. */
  #knownWindowMs = 0
  /** Whether our own count explains what the answers say is left: `undefined` as long as that was not put to the test. */
  #isAlone: boolean | undefined
  /** Until when calls keep to the average pace, because a reset restored nothing, as where the window before still counts. */
  #evenUntilMs = -Infinity
  /** How often it restored nothing. */
  #letDowns = 0
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

  startMs(taken: number, cost: number, nowMs: number): number {
    // What only a policy says is no limit as long as no answer has told how much of it is left.
    if (cost > (this.#limit ?? Infinity) && this.#learnedMs !== -Infinity) return Infinity
    const missing = taken + cost - this.#remaining
    const evenMs = nowMs < this.#evenUntilMs ? this.#lastStartMs + EVEN * this.#averageMs() : nowMs
    if (missing <= 0) return Math.max(nowMs, evenMs)
    const ownMs = this.#byOwnCount(taken, cost, nowMs)
    const resetMs = this.#byReset(cost, missing, taken, ownMs, nowMs)
    return Math.max(evenMs, this.#isAlone === true ? Math.min(resetMs, ownMs) : resetMs)
  }

  started(nowMs: number): void {
    this.#forgetOldWindow(nowMs)
    this.#lastStartMs = nowMs
  }

  finished(call: FinishedCall, nowMs: number): void {
    const { startedAtMs, isSuccess, reading, cost } = call
    this.#judgeReset(call, nowMs)
    this.#counted += cost
    this.#firstEndMs = Math.min(this.#firstEndMs, nowMs)
    this.#log.add(cost, nowMs, this.#knownWindowMs / STEPS_PER_WINDOW)
    // What was counted when the call began is compared with its answer.
    this.#log.forget(startedAtMs - this.#knownWindowMs - EDGE_MS)
    if (reading !== undefined) {
      this.#learn(reading, startedAtMs, nowMs)
      this.#compare(reading, call)
    } else if (isSuccess && (startedAtMs >= this.#resetAtMs || this.#isDisproved(startedAtMs))) {
      this.#remaining = Infinity
    } else if (this.#remaining !== Infinity) {
      this.#remaining = Math.max(0, this.#remaining - cost)
    }
  }

  paceMs(nowMs: number): number | undefined {
    if (this.#limit !== undefined && this.#knownWindowMs > 0) return this.#averageMs() * SPREAD
    if (this.#remaining === Infinity || this.#remaining < 1 || this.#resetAtMs <= nowMs) return undefined
    return this.#resetAtMs === Infinity ? undefined : ((this.#resetAtMs - nowMs) / this.#remaining) * SPREAD
  }

  usedUpUntilMs(nowMs: number): number {
    const isUsedUp = this.#remaining < 1 && this.#resetAtMs !== Infinity && this.#resetAtMs > nowMs
    return isUsedUp && this.#resetAtMs - nowMs <= LONGEST_UNPROVEN_MS ? this.#resetAtMs : 0
  }

  /** In between, our own calls are counted. Those of others may take as many for each of ours before it is noticed too late. */
  unreadAnswers(nowMs: number): number {
    const isPlenty = this.#remaining !== Infinity && this.#remaining >= (this.#limit ?? Infinity) * PLENTY
    if (!isPlenty || this.#resetAtMs === Infinity || nowMs + UNREAD_NEAR_RESET_MS >= this.#resetAtMs) return 0
    return Math.min(MAX_UNREAD, Math.floor(this.#remaining / OTHERS_PER_UNREAD))
  }

  resetBy(atMs: number): void {
    if (this.#remaining < 1) this.#resetAtMs = Math.min(this.#resetAtMs, atMs)
  }

  #byReset(cost: number, missing: number, taken: number, ownMs: number, nowMs: number): number {
    const openMs = this.#resetAtMs + this.#jitterMs + this.#spreadMs
    if (this.#resetAtMs !== Infinity && nowMs < openMs) {
      if (openMs - nowMs > LONGEST_UNPROVEN_MS) return nowMs
      const windows = this.#limit === undefined ? 0 : Math.ceil(missing / Math.max(1, this.#limit)) - 1
      return openMs + windows * this.#knownWindowMs
    }
    if (this.#isRested(nowMs) && taken + cost <= (this.#limit ?? Infinity)) return nowMs
    const isFirst = this.#resetAtMs === Infinity ? taken === 0 : this.#lastStartMs < this.#resetAtMs
    return isFirst ? nowMs : Math.max(this.#lastStartMs + PATIENCE_MS, ownMs)
  }

  /**
   * Where windows slide, a reset brings back the first call only. As long as it is not known whether they do, one that came
   * soon after it is waited for as well, so that the first answer can tell.
   */
  get #spreadMs(): number {
    if (this.#isAlone !== undefined || this.#limit === undefined) return 0
    const newestMs = this.#log.newestMs ?? this.#firstEndMs
    return Math.min(newestMs - this.#firstEndMs, this.#knownWindowMs * MAX_SPREAD)
  }

  /** When our own calls let the next one start, if there are no others; `nowMs` when nothing is known. */
  #byOwnCount(taken: number, cost: number, nowMs: number): number {
    const windowMs = this.#knownWindowMs
    if (this.#limit === undefined || windowMs === 0 || windowMs > LONGEST_UNPROVEN_MS) return nowMs
    const sinceMs = nowMs - windowMs - EDGE_MS
    const missing = taken + this.#log.unitsSince(sinceMs) + cost - this.#limit
    if (missing <= 0) return nowMs
    return (this.#log.endOf(missing, sinceMs) ?? nowMs) + windowMs + EDGE_MS
  }

  #learn({ limit, remaining, resetMs, windowMs }: RateLimitReading, startedAtMs: number, nowMs: number): void {
    // That an answer comes at all shows that a limit of nothing means something else.
    if (limit !== undefined && limit >= 1) this.#limit = limit
    if (windowMs !== undefined) this.#windowMs = windowMs
    const isLonger = resetMs !== undefined && resetMs > this.#longestResetMs
    if (isLonger) this.#longestResetMs = resetMs
    if (isLonger || windowMs !== undefined)
      this.#knownWindowMs = this.#windowMs ?? commonWindowBelow(this.#longestResetMs, GRANULARITY_MS)
    // What our own count did not explain, it may in a longer window.
    if (isLonger && this.#isAlone === false) this.#isAlone = undefined
    // An answer to what was sent in the window before tells of that one.
    if (remaining === undefined || startedAtMs < this.#beganMs) return
    // A reset that is now, with something left, tells when the next call may come and not when all may.
    const resetInMs = resetMs === 0 && remaining > 0 ? undefined : resetMs
    const resetAtMs = nowMs + (resetInMs ?? windowMs ?? Infinity)
    const isOver = nowMs >= this.#resetAtMs
    // Answers come in any order: that something came back shows only in one that was asked for after the last.
    const isNewer = startedAtMs > this.#learnedMs
    if (isOver && startedAtMs < this.#resetAtMs && !(isNewer && remaining > this.#remaining)) return
    const isRefilled = isNewer && remaining >= this.#remaining
    // The reset was told at some time since the call began.
    const isLater = startedAtMs + (resetAtMs - nowMs) > this.#resetAtMs + GRANULARITY_MS
    if (isOver || isRefilled || isLater || this.#resetAtMs === Infinity) {
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

  /** Who waited for the reset and is refused was let down by it. Who was refused before it was not: others may use the limit. */
  #judgeReset({ startedAtMs, isSuccess, reading }: FinishedCall, nowMs: number): void {
    if (isSuccess || reading?.remaining !== 0 || startedAtMs < this.#resetAtMs) return
    this.#isAlone = false
    if (this.#knownWindowMs > LONGEST_EVEN_WINDOW_MS) return
    this.#evenUntilMs = nowMs + EVEN_WINDOWS * this.#knownWindowMs * 2 ** Math.min(this.#letDowns++, MAX_DOUBLINGS)
  }

  /** Whether a call went through after it was told that nothing is left, and not until when. */
  #isDisproved(startedAtMs: number): boolean {
    return this.#remaining < 1 && this.#resetAtMs === Infinity && startedAtMs > this.#learnedMs
  }

  /** Compares what the provider says is left with what would be if there were none but us. */
  #compare({ limit, remaining }: RateLimitReading, { startedAtMs, inFlight }: FinishedCall): void {
    if (limit === undefined || limit < 1 || remaining === undefined || this.#isAlone === false) return
    // As long as much is left, nobody asks.
    if (remaining > limit / 2) return
    const sinceMs = startedAtMs - this.#knownWindowMs - EDGE_MS
    if (remaining < limit - this.#log.unitsSince(sinceMs) - inFlight) this.#isAlone = false
    // Only what should have come back by now puts it to the test, and a little may come back by itself.
    else if (this.#counted - this.#log.unitsSince(sinceMs) >= limit / 2) this.#isAlone = true
  }

  /** Whether nothing was sent for so long that everything is restored, wherever the windows begin. */
  #isRested(nowMs: number): boolean {
    const restMs = this.#windowMs ?? 2 * this.#longestResetMs
    return restMs > 0 && nowMs - this.#lastStartMs >= restMs
  }

  #forgetOldWindow(nowMs: number): void {
    if (nowMs < this.#resetAtMs || !this.#isRested(nowMs)) return
    this.#remaining = this.#limit ?? Infinity
    this.#resetAtMs = Infinity
    this.#beganMs = nowMs
  }

  #averageMs(): number {
    const windowMs = this.#knownWindowMs
    if (this.#limit === undefined || windowMs === 0) return this.#intervalMs
    return Math.min(windowMs / Math.max(1, this.#limit), LONGEST_AVERAGE_MS)
  }
}
