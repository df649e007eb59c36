import { commonWindowAbove, SHORTEST_WINDOW_MS } from './common-windows.ts'
import { DeclaredQuota } from './declared-quota.ts'
import type { FinishedCall, Quota } from './quota.ts'
import type { Burst, SuccessLog } from './success-log.ts'

// Our own measure of a window has the time in it that the first answers took.
const OVERSHOOT = 1.2
// So much in a window was no accident, however slowly it came, or how long the pause is.
const ENOUGH = 4
// Fewer calls teach nothing when it is longer: to keep to one call in an hour would cost more than to be refused again.
const LONGEST_WINDOW_OF_FEW_MS = 60_000
// Who is refused though he kept to what was learned keeps to so much of it.
const LESS = 0.8

// So long, and for so many windows, it is kept to what was learned; then one call more is tried, and when that was not too much for
// a window, twice as much. When it is too much, it is tried half as often.
const TRUSTED_MS = 20_000
const TRUSTED_WINDOWS = 5
const MAX_PROOFS = 5
const MAX_DOUBLINGS = 6

/** A limit that was hit. */
export interface LimitHit {
  /** When the call began that was refused. */
  readonly startedAtMs: number
  readonly atMs: number
  /** How long the pause is that follows. */
  readonly waitMs: number
}

/**
 * A limit that tells nothing but "not now", as far as it has shown itself: what went through before it was hit goes through
 * again after the pause, and not more of it than that in a window that is as long as the pause.
 */
export class LearnedQuota implements Quota {
  readonly #windowMs: number
  readonly #hitMs: number
  readonly #opensMs: number
  /** When what the limit counts began. */
  readonly #beganMs: number
  /** Whether the pause may be over before the window is. */
  readonly #isWindowLonger: boolean
  readonly #window: DeclaredQuota
  /** How often twice as much was too much. */
  readonly #proofs: number
  /** 0: nothing is known yet. */
  #limit: number
  #trustedUntilMs: number
  /** How much was learned, where more than that is tried. */
  #provenLimit: number | undefined
  #newestCost = 1
  #doublings = 0

  /** What is learned from a hit, and from what was learned before, where that was too much. `undefined`: nothing. */
  static from(hit: LimitHit, successes: SuccessLog, before: LearnedQuota | undefined): LearnedQuota | undefined {
    const { startedAtMs, atMs, waitMs } = hit
    const burst = successes.densest(atMs, waitMs)
    if (before !== undefined && before.#limit > 0) {
      const corrected = before.#corrected(hit, burst)
      const isTooLittle = corrected.#limit < ENOUGH && corrected.#windowMs > LONGEST_WINDOW_OF_FEW_MS
      return isTooLittle ? undefined : corrected
    }
    const windowMs = commonWindowAbove(waitMs)
    if (burst === undefined) return new LearnedQuota(0, windowMs, startedAtMs, hit, 0)
    const units = unitsIn(windowMs, burst, hit)
    // A few calls that came slowly were all that was wanted, and others may have used up the limit.
    if (units < ENOUGH && (atMs - burst.beganMs > waitMs || waitMs > LONGEST_WINDOW_OF_FEW_MS)) return undefined
    return new LearnedQuota(units, windowMs, burst.beganMs, hit, 0)
  }

  private constructor(limit: number, windowMs: number, beganMs: number, hit: LimitHit, proofs: number) {
    const { atMs, waitMs } = hit
    this.#limit = limit
    this.#windowMs = windowMs
    this.#beganMs = beganMs
    this.#hitMs = atMs
    this.#opensMs = atMs + waitMs
    this.#isWindowLonger = waitMs < SHORTEST_WINDOW_MS
    this.#window = new DeclaredQuota(limit, windowMs)
    this.#proofs = Math.min(proofs, MAX_PROOFS)
    this.#trustedUntilMs = this.#opensMs + this.#trustMs
    if (this.#isWindowLonger && limit > 0) this.#window.finished({ cost: limit }, atMs)
  }

  #corrected(hit: LimitHit, burst: Burst | undefined): LearnedQuota {
    const { atMs, waitMs } = hit
    if (this.#provenLimit !== undefined)
      return new LearnedQuota(this.#provenLimit, this.#windowMs, this.#beganMs, hit, this.#proofs + 1)
    const shownMs = Math.max(this.#windowMs, commonWindowAbove(waitMs))
    if (burst !== undefined && atMs > this.#opensMs + 2 * this.#windowMs) {
      const limit = Math.min(unitsIn(shownMs, burst, hit), Math.floor(LESS * this.#limit))
      return new LearnedQuota(Math.max(1, limit), shownMs, burst.beganMs, hit, this.#proofs)
    }
    // The window is as long as from what it counted first to the end of the pause.
    const beganMs = burst?.beganMs ?? this.#beganMs
    const windowMs = Math.max(shownMs, commonWindowAbove((atMs - beganMs + waitMs) / OVERSHOOT))
    const limit = burst === undefined ? this.#limit : unitsIn(windowMs, burst, hit)
    return new LearnedQuota(limit, windowMs, beganMs, hit, this.#proofs)
  }

  /** Whether the hit is too long ago to say anything. */
  get isOver(): boolean {
    return this.#doublings > MAX_DOUBLINGS
  }

  /** Whether a call was under way when the limit was hit. */
  isBeforeHit(startedAtMs: number): boolean {
    return startedAtMs <= this.#hitMs
  }

  /** How much goes through in a window; `Infinity` when nothing is known. */
  get limit(): number {
    return this.#limit === 0 ? Infinity : this.#limit
  }

  startMs(taken: number, cost: number, nowMs: number): number {
    if (this.#limit === 0) return nowMs
    // That a call takes more than was seen proves nothing: it goes alone.
    return this.#window.startMs(taken, Math.min(cost, this.#limit), nowMs)
  }

  started(nowMs: number): void {
    if (nowMs < this.#trustedUntilMs) return
    if (this.#provenLimit === undefined && this.#limit > 0) {
      this.#provenLimit = this.#limit
      this.#raiseTo(this.#limit + this.#newestCost)
      this.#trustedUntilMs = nowMs + 2 * this.#windowMs
      return
    }
    this.#doublings++
    this.#raiseTo((this.#provenLimit ?? 0) * 2 ** this.#doublings)
    this.#trustedUntilMs = nowMs + this.#trustMs
  }

  finished(call: FinishedCall, nowMs: number): void {
    this.#newestCost = call.cost
    if (!this.isBeforeHit(call.startedAtMs)) {
      this.#window.finished(call, nowMs)
    } else if (call.isSuccess) {
      // The provider had taken it before it said no, and its answer came later.
      this.#raiseTo(this.#limit + call.cost)
      if (this.#isWindowLonger) this.#window.finished(call, nowMs)
    }
  }

  paceMs(): number | undefined {
    return this.#limit === 0 ? undefined : this.#window.paceMs()
  }

  usedUpUntilMs(): number {
    return 0
  }

  resetBy(): void {
    // The pause is kept by the bucket.
  }

  isCounting(nowMs: number): boolean {
    return nowMs < this.#trustedUntilMs
  }

  #raiseTo(limit: number): void {
    this.#limit = limit
    this.#window.raiseTo(limit)
  }

  get #trustMs(): number {
    return Math.max(TRUSTED_MS, TRUSTED_WINDOWS * this.#windowMs) * 2 ** this.#proofs
  }
}

/** How much went through in a window that ends with the pause. */
function unitsIn(windowMs: number, burst: Burst | undefined, { atMs, waitMs }: LimitHit): number {
  if (burst === undefined) return 0
  const units = Math.round((windowMs * burst.count) / (atMs - burst.beganMs + waitMs))
  return Math.min(Math.max(units, 1), burst.count)
}
