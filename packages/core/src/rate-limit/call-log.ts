interface Step {
  /** When the first and the last of its calls came to their ends. */
  readonly fromMs: number
  toMs: number
  units: number
}

/** What finished calls took of a limit, by the time of their ends; in steps, so that it stays small. All times monotonic. */
export class CallLog {
  #steps: Step[] = []

  get isEmpty(): boolean {
    return this.#steps.length === 0
  }

  /** When the last call ended. */
  get newestMs(): number | undefined {
    return this.#steps.at(-1)?.toMs
  }

  /** Calls that end within `stepMs` are kept as one that ended with the last of them. */
  add(units: number, nowMs: number, stepMs: number): void {
    const newest = this.#steps.at(-1)
    if (newest === undefined || nowMs - newest.fromMs > stepMs) {
      this.#steps.push({ fromMs: nowMs, toMs: nowMs, units })
    } else {
      newest.toMs = nowMs
      newest.units += units
    }
  }

  /** Forgets what ended at `untilMs` or before. */
  forget(untilMs: number): void {
    const kept = this.#firstAfter(untilMs)
    if (kept > 0) this.#steps = this.#steps.slice(kept)
  }

  /** What ended after `sinceMs`. */
  unitsSince(sinceMs: number): number {
    let units = 0
    for (let index = this.#steps.length - 1; index >= 0; index--) {
      const step = this.#steps[index] as Step
      if (step.toMs <= sinceMs) break
      units += step.units
    }
    return units
  }

  /** When, after `sinceMs`, `units` of them had ended; `undefined` when there are not so many. */
  endOf(units: number, sinceMs: number): number | undefined {
    let left = units
    for (let index = this.#firstAfter(sinceMs); index < this.#steps.length; index++) {
      const step = this.#steps[index] as Step
      left -= step.units
      if (left <= 0) return step.toMs
    }
    return undefined
  }

  #firstAfter(ms: number): number {
    let index = 0
    while (index < this.#steps.length && (this.#steps[index] as Step).toMs <= ms) index++
    return index
  }
}
