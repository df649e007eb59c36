const REMEMBERED = 64

/** Remembers when the last calls went through, to learn how many a provider takes. All times in monotonic milliseconds. */
export class SuccessLog {
  readonly #times = new Float64Array(REMEMBERED)
  #count = 0

  add(nowMs: number): void {
    this.#times[this.#count++ % REMEMBERED] = nowMs
  }

  /**
   * The shortest interval that the remembered successes speak for, when a limit was hit now and asks to wait `waitMs`: k
   * successes in a time s, and then a wait of w, make k calls in s + w. 0 when nothing is known.
   */
  shortestIntervalMs(nowMs: number, waitMs: number): number {
    const known = Math.min(this.#count, REMEMBERED)
    let shortestMs = Infinity
    for (let count = 1; count <= known; count++) {
      const sinceMs = this.#times[(this.#count - count) % REMEMBERED] ?? nowMs
      shortestMs = Math.min(shortestMs, (nowMs - sinceMs + waitMs) / count)
    }
    return known === 0 ? 0 : shortestMs
  }
}
