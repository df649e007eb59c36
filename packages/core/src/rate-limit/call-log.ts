interface Step {
  /** When the first and the last of its calls came to their ends. */
  readonly fromMs: number
  toMs: number
  units: number
}

/** What finished calls took of a limit, by the time of their ends; in steps, so that it stays small. All times monotonic. */
export class CallLog {
  #steps: Step[] = []
  /** What is before it is forgotten; now and then it is thrown away. */
  #first = 0
  #units = 0

  get isEmpty(): boolean {
    return this.#first === this.#steps.length
  }

  /** What all calls took that are not forgotten. */
  get units(): number {
    return this.#units
  }

  /** When the last call ended. */
  get newestMs(): number | undefined {
    return this.isEmpty ? undefined : this.#steps.at(-1)?.toMs
  }

  /** Calls that end within `stepMs` are kept as one that ended with the last of them. */
  add(units: number, nowMs: number, stepMs: number): void {
    this.#units += units
    const newest = this.isEmpty ? undefined : this.#steps.at(-1)
    if (newest === undefined) {
      // An array that grows makes room for many more, and most logs have one step only.
      this.#steps = [{ fromMs: nowMs, toMs: nowMs, units }]
      this.#first = 0
    } else if (nowMs - newest.fromMs > stepMs) {
      this.#steps.push({ fromMs: nowMs, toMs: nowMs, units })
    } else {
      newest.toMs = nowMs
      newest.units += units
    }
  }

  /** Forgets what ended at `untilMs` or before. */
  forget(untilMs: number): void {
    for (
      let step = this.#steps[this.#first];
      step !== undefined && step.toMs <= untilMs;
      step = this.#steps[this.#first]
    ) {
      this.#units -= step.units
      this.#first++
    }
    if (this.isEmpty) {
      this.#steps = []
      this.#first = 0
      // Fractions do not add up to nothing.
      this.#units = 0
    } else if (this.#first > this.#steps.length / 2) {
      this.#steps = this.#steps.slice(this.#first)
      this.#first = 0
    }
  }

  /** What ended after `sinceMs`. */
  unitsSince(sinceMs: number): number {
    let units = 0
    for (let index = this.#steps.length - 1; index >= this.#first; index--) {
      const step = this.#steps[index] as Step
      if (step.toMs <= sinceMs) break
      units += step.units
    }
    return units
  }

  /** When, after `sinceMs`, `units` of them had ended; `undefined` when there are not so many. */
  endOf(units: number, sinceMs: number): number | undefined {
    let left = units
    for (let index = this.#first; index < this.#steps.length; index++) {
      const step = this.#steps[index] as Step
      if (step.toMs <= sinceMs) continue
      left -= step.units
      if (left <= 0) return step.toMs
    }
    return undefined
  }
}
