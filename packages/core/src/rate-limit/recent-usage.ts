const STRETCH_MS = 250

/** What started lately. All times are monotonic milliseconds. */
export class RecentUsage {
  #sinceMs = 0
  #units = 0
  #unitsBefore = 0

  started(units: number, nowMs: number): void {
    this.#moveTo(nowMs)
    this.#units += units
  }

  /** In the stretch of a quarter of a second that is not over, or in the one before, whichever was more. */
  mostUnits(nowMs: number): number {
    this.#moveTo(nowMs)
    return Math.max(this.#units, this.#unitsBefore)
  }

  #moveTo(nowMs: number): void {
    const stretches = Math.floor((nowMs - this.#sinceMs) / STRETCH_MS)
    if (stretches <= 0) return
    this.#unitsBefore = stretches === 1 ? this.#units : 0
    this.#sinceMs = nowMs
    this.#units = 0
  }
}
