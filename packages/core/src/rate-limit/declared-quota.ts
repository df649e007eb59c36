import type { FinishedCall, Quota } from './quota.ts'

// A log of this many steps per window is exact enough, however many calls the window allows.
const STEPS_PER_WINDOW = 500
// The provider's clock may tick in milliseconds, and the edge of a window may belong to it.
const EDGE_MS = 1

/**
 * A limit that is known beforehand: `limit` calls per window. It is kept for every window, wherever the provider lets its
 * own begin: a place is taken from the start of a call until a whole window after its answer. A bucket that refills
 * evenly (GCRA) would let up to twice the limit through within one window of the provider.
 */
export class DeclaredQuota implements Quota {
  readonly #limit: number
  readonly #windowMs: number
  // When places become free again, in order, and how many at each time.
  #releases: { atMs: number; count: number }[] = []
  #cooling = 0

  constructor(limit: number, windowMs: number) {
    this.#limit = Math.max(1, limit)
    this.#windowMs = windowMs
  }

  startMs(taken: number, nowMs: number): number {
    this.#expire(nowMs)
    let missing = taken + this.#cooling + 1 - this.#limit
    if (missing <= 0) return nowMs
    for (const { atMs, count } of this.#releases) {
      missing -= count
      if (missing <= 0) return atMs
    }
    return (this.#releases.at(-1)?.atMs ?? nowMs) + Math.ceil(missing / this.#limit) * this.#windowMs
  }

  started(): void {
    // Counted as in flight until its answer is there.
  }

  finished(_call: FinishedCall, nowMs: number): void {
    this.#cooling++
    const atMs = nowMs + this.#windowMs + EDGE_MS
    const newest = this.#releases.at(-1)
    if (newest === undefined || atMs - newest.atMs > this.#windowMs / STEPS_PER_WINDOW) {
      this.#releases.push({ atMs, count: 1 })
    } else {
      newest.atMs = atMs
      newest.count++
    }
    this.#expire(nowMs)
  }

  paceMs(): number {
    return this.#windowMs / this.#limit / 10
  }

  usedUpUntilMs(): number {
    // To be held back by what was declared is no news.
    return 0
  }

  resetBy(): void {
    // What was declared holds whatever one answer says.
  }

  #expire(nowMs: number): void {
    let expired = 0
    for (const { atMs, count } of this.#releases) {
      if (atMs > nowMs) break
      expired++
      this.#cooling -= count
    }
    if (expired > 0) this.#releases = this.#releases.slice(expired)
  }
}
