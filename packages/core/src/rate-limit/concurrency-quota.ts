import type { FinishedCall, Quota } from './quota.ts'

// So long nothing more is tried than what went through; then one more at a time and, while that is not too much, twice as many more.
const TRUSTED_MS = 20_000
const MAX_PROOFS = 5
const MAX_RAISES = 6
// Each call that ends lets the next one start; this is for an end that frees nothing.
const SHORTEST_LOOK_MS = 100
// How much of what is known of the time that calls take comes from the last one.
const NEWEST_SHARE = 1 / 4

/** How many calls a provider takes at a time, as far as its refusals have shown it. */
export class ConcurrencyQuota implements Quota {
  #most: number
  /** How often in a row more was tried. */
  #raises = 0
  /** How often more was too much. */
  #proofs = 0
  #trustedUntilMs = 0
  /** When it went back to what went through. */
  #fellAtMs = -Infinity
  /** How long calls take that go through. */
  #tookMs = 0

  /** @param most - So many went through, or may have. */
  constructor(most: number, nowMs: number) {
    this.#most = most
    this.#trustFrom(nowMs)
  }

  /** Whether so much more was tried that nothing of what was learned is left. */
  get isOver(): boolean {
    return this.#raises > MAX_RAISES
  }

  /** Another call was one too many. */
  refused(startedAtMs: number, nowMs: number): void {
    // It was sent when more was tried, and that is over.
    if (startedAtMs <= this.#fellAtMs) return
    if (this.#raises > 0) {
      this.#fellAtMs = nowMs
      this.#most -= 2 ** this.#raises - 1
      this.#raises = 0
      this.#proofs = Math.min(this.#proofs + 1, MAX_PROOFS)
    } else this.#most = Math.max(1, this.#most - 1)
    this.#trustFrom(nowMs)
  }

  /** A place is free when a call ends: an estimate. */
  startMs(taken: number, cost: number, nowMs: number): number {
    const rounds = Math.ceil((taken + cost - this.#most) / this.#most)
    return rounds <= 0 ? nowMs : nowMs + rounds * Math.max(SHORTEST_LOOK_MS, this.#tookMs)
  }

  /** More is tried when somebody needs it: all places are taken. */
  started(nowMs: number, inFlight: number): void {
    if (nowMs < this.#trustedUntilMs || inFlight < this.#most) return
    this.#most += 2 ** this.#raises++
    this.#trustFrom(nowMs)
  }

  finished({ startedAtMs, isSuccess }: FinishedCall, nowMs: number): void {
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
    return nowMs < this.#trustedUntilMs
  }

  #trustFrom(nowMs: number): void {
    this.#trustedUntilMs = nowMs + TRUSTED_MS * 2 ** this.#proofs
  }
}
