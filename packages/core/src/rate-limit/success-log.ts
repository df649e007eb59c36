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
  /** The time and the units of one step after the other: one array takes less than two. Absent as long as it is empty. */
  #steps: number[] | undefined

  add(units: number, nowMs: number): void {
    const steps = this.#steps
    if (steps === undefined) {
      // An array that grows makes room for many more, which who is called once does not need.
      this.#steps = [nowMs, units]
      return
    }
    const newest = steps.length - 2
    if (nowMs - (steps[newest] as number) < STEP_MS) {
      steps[newest + 1] = (steps[newest + 1] as number) + units
      return
    }
    steps.push(nowMs, units)
    if (steps.length > 2 * MAX_STEPS) this.#steps = thinned(steps, nowMs)
  }

  /**
   * Those that speak for the highest rate, when a limit was hit now and asks to wait `waitMs`: k units in a time s, and then
   * a wait of w, make k units in s + w.
   */
  densest(nowMs: number, waitMs: number): Burst | undefined {
    const steps = this.#steps ?? []
    let best: Burst | undefined
    let shortestMs = Infinity
    let count = 0
    for (let index = steps.length - 2; index >= 0; index -= 2) {
      const beganMs = steps[index] as number
      count += steps[index + 1] as number
      const intervalMs = (nowMs - beganMs + waitMs) / count
      if (intervalMs > shortestMs) continue
      shortestMs = intervalMs
      best = { count, beganMs }
    }
    return best
  }

  /** How much went through since then, as far as it is remembered. */
  since(sinceMs: number): number {
    const steps = this.#steps ?? []
    let units = 0
    for (let index = steps.length - 2; index >= 0 && (steps[index] as number) >= sinceMs; index -= 2)
      units += steps[index + 1] as number
    return units
  }

  clear(): void {
    this.#steps = undefined
  }
}

/** Of the older half, makes one step of two; what is too old is forgotten. */
function thinned(steps: readonly number[], nowMs: number): number[] {
  const kept: number[] = []
  for (let index = 0; index < steps.length; index += 2) {
    const beganMs = steps[index] as number
    const count = steps[index + 1] as number
    const isOld = index < MAX_STEPS
    if (isOld && nowMs - beganMs > REMEMBERED_MS) continue
    const isSecond = isOld && index % 4 === 2 && kept.length > 0
    if (isSecond) kept[kept.length - 1] = (kept.at(-1) as number) + count
    else kept.push(beganMs, count)
  }
  return kept
}
