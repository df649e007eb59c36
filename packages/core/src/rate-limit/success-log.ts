// A provider counts no finer than this.
const STEP_MS = 1
const MAX_STEPS = 48
const REMEMBERED_MS = 3_600_000

/** What went through lately, as far as a limit that was hit now is explained by it. */
export interface Burst {
  /** How many units. */
  readonly count: number
  /** When the first of them went through. */
  readonly beganMs: number
}

/**
 * Remembers what went through, to learn how much a provider takes: the newest to the millisecond, and the older, the
 * coarser. All times in monotonic milliseconds.
 */
export class SuccessLog {
  // Nothing is kept for who never had a success.
  #fromMs: number[] | undefined
  #units: number[] | undefined

  add(units: number, nowMs: number): void {
    const fromMs = this.#fromMs
    const counts = this.#units
    if (fromMs === undefined || counts === undefined) {
      // An array that grows makes room for many more, which who is called once does not need.
      this.#fromMs = [nowMs]
      this.#units = [units]
      return
    }
    const newest = fromMs.length - 1
    if (nowMs - (fromMs[newest] as number) < STEP_MS) {
      counts[newest] = (counts[newest] as number) + units
      return
    }
    fromMs.push(nowMs)
    counts.push(units)
    if (fromMs.length > MAX_STEPS) this.#thin(fromMs, counts, nowMs)
  }

  /**
   * Those that speak for the highest rate, when a limit was hit now and asks to wait `waitMs`: k units in a time s, and then
   * a wait of w, make k units in s + w.
   */
  densest(nowMs: number, waitMs: number): Burst | undefined {
    let best: Burst | undefined
    let shortestMs = Infinity
    let count = 0
    for (let index = (this.#fromMs?.length ?? 0) - 1; index >= 0; index--) {
      const beganMs = this.#fromMs?.[index] as number
      count += this.#units?.[index] ?? 0
      const intervalMs = (nowMs - beganMs + waitMs) / count
      if (intervalMs > shortestMs) continue
      shortestMs = intervalMs
      best = { count, beganMs }
    }
    return best
  }

  clear(): void {
    this.#fromMs = undefined
    this.#units = undefined
  }

  /** Of the older half, makes one step of two; what is too old is forgotten. */
  #thin(fromMs: readonly number[], counts: readonly number[], nowMs: number): void {
    const times: number[] = []
    const units: number[] = []
    for (const [index, beganMs] of fromMs.entries()) {
      const isOld = index < MAX_STEPS / 2
      const count = counts[index] as number
      if (isOld && nowMs - beganMs > REMEMBERED_MS) continue
      if (isOld && index % 2 === 1 && units.length > 0) {
        units[units.length - 1] = (units.at(-1) as number) + count
      } else {
        times.push(beganMs)
        units.push(count)
      }
    }
    this.#fromMs = times
    this.#units = units
  }
}
