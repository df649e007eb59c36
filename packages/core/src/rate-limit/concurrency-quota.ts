import type { FinishedCall, Quota } from './quota.ts'

// So long nothing more is tried than what went through; then one more at a time and, while that is not too much, twice as many more.
const TRUSTED_MS = 20_000
const MAX_PROOFS = 5
const MAX_RAISES = 6

/** How many calls a provider takes at a time, as far as its refusals have shown it. */
export class ConcurrencyQuota implements Quota {
  #most: number
  /** How often in a row more was tried. */
  #raises = 0
  /** How often more was too much. */
  #proofs = 0
  #trustedUntilMs = 0
  /** How long the last call took. */
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
  refused(nowMs: number): void {
    if (this.#raises > 0) {
      this.#most -= 2 ** this.#raises - 1
      this.#raises = 0
      this.#proofs = Math.min(this.#proofs + 1, MAX_PROOFS)
    } else this.#most = Math.max(1, this.#most - 1)
    this.#trustFrom(nowMs)
  }

  /** A place is free when a call ends: an estimate. */
  startMs(taken: number, cost: number, nowMs: number): number {
    const rounds = Math.ceil((taken + cost - this.#most) / this.#most)
    return rounds <= 0 ? nowMs : nowMs + rounds * Math.max(1, this.#tookMs)
  }

  started(nowMs: number): void {
    if (nowMs < this.#trustedUntilMs) return
    this.#most += 2 ** this.#raises++
    this.#trustFrom(nowMs)
  }

  finished({ startedAtMs }: FinishedCall, nowMs: number): void {
    this.#tookMs = nowMs - startedAtMs
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
