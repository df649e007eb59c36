import type { LearnedQuota } from './learned-quota.ts'

const SECOND_STEP = 4
const ENOUGH = 64
// Where the first answer does not come, another call follows after this time.
const PATIENCE_MS = 1_000

/**
 * Who may be in flight together after a pause of which nobody knows whether it was long enough: one, then four, and for each
 * that goes through one more. When as many went through as before the limit was hit, it begins again, once: the next one
 * shows whether the window was really over.
 */
export class SlowStart {
  readonly #beganMs: number
  readonly #learned: LearnedQuota | undefined
  #allowed = 1
  #succeeded = 0
  #lastStartMs = -Infinity
  #isSecond = false

  constructor(beganMs: number, learned: LearnedQuota | undefined) {
    this.#beganMs = beganMs
    this.#learned = learned
  }

  /** Whether there is nothing to fear any more. */
  get isOver(): boolean {
    return this.#allowed >= Math.min(ENOUGH, this.#perWindow) && (this.#isSecond || this.#perWindow === Infinity)
  }

  /** When a call may start that comes after `taken` others. */
  startMs(taken: number, nowMs: number): number {
    const allowed = this.#isSecond ? this.#allowed : Math.min(this.#allowed, this.#perWindow - this.#succeeded)
    return taken < allowed ? nowMs : this.#lastStartMs + PATIENCE_MS
  }

  started(nowMs: number): void {
    this.#lastStartMs = nowMs
  }

  finished(startedAtMs: number, isSuccess: boolean): void {
    if (!isSuccess || startedAtMs < this.#beganMs) return
    this.#allowed = Math.max(SECOND_STEP, this.#allowed + 1)
    if (this.#isSecond || ++this.#succeeded < this.#perWindow) return
    this.#isSecond = true
    this.#allowed = 1
  }

  get #perWindow(): number {
    return this.#learned === undefined || this.#learned.isOver ? Infinity : this.#learned.limit
  }
}
