import { afterRefusal, type ConcurrencyLimit, concurrencyOf, isForgotten, raised } from './concurrency-limit.ts'
import type { FinishedCall, Quota } from './quota.ts'

// Each call that ends lets the next one start; this is for an end that frees nothing.
const SHORTEST_LOOK_MS = 100
// How much of what is known of the time that calls take comes from the last one.
const NEWEST_SHARE = 1 / 4

/** Keeps to the calls at a time that a provider takes, as far as its refusals have shown it. */
export class ConcurrencyQuota implements Quota {
  #limit: ConcurrencyLimit
  /** How long calls take that go through. */
  #tookMs = 0

  /** @param most - So many went through, or may have. */
  constructor(most: number, nowMs: number) {
    this.#limit = concurrencyOf(most, nowMs)
  }

  get most(): number {
    return this.#limit.most
  }

  /** Whether so much more was tried that nothing of what was learned is left. */
  get isOver(): boolean {
    return isForgotten(this.#limit)
  }

  /** Another call was one too many. */
  refused(startedAtMs: number, nowMs: number): void {
    this.#limit = afterRefusal(this.#limit, { startedAtMs, inFlight: 0 }, nowMs)
  }

  /** It was learned elsewhere how many go through. */
  keepTo(most: number, nowMs: number): void {
    this.#limit = concurrencyOf(most, nowMs)
  }

  /** A place is free when a call ends: an estimate. @param most - How many places there are. */
  startMs(taken: number, cost: number, nowMs: number, most: number = this.#limit.most): number {
    const rounds = Math.ceil((taken + cost - most) / Math.max(1, most))
    return rounds <= 0 ? nowMs : nowMs + rounds * Math.max(SHORTEST_LOOK_MS, this.#tookMs)
  }

  /** More is tried when somebody needs it: all places are taken. */
  started(nowMs: number, inFlight: number): void {
    if (nowMs < this.#limit.trustedUntil || inFlight < this.#limit.most) return
    this.#limit = raised(this.#limit, nowMs)
  }

  finished({ startedAtMs, isSuccess }: Pick<FinishedCall, 'startedAtMs' | 'isSuccess'>, nowMs: number): void {
    if (isSuccess) this.#tookMs += NEWEST_SHARE * (nowMs - startedAtMs - this.#tookMs)
  }

  /** Who waited starts as soon as a place is free. */
  paceMs(): number {
    return 0
  }

  usedUpUntilMs(): number {
    return 0
  }

  resetBy(): void {
    // What others ask to wait says nothing of it.
  }

  isCounting(nowMs: number): boolean {
    return nowMs < this.#limit.trustedUntil
  }
}
