/** The last outcomes of something, so that a rule can ask for N of M. */
export interface OutcomeWindow {
  readonly failures: number
  readonly successes: number
  add(success: boolean): void
  clear(): void
}

/** Makes a window over the last `size` outcomes. */
export function createOutcomeWindow(size: number): OutcomeWindow {
  const outcomes: boolean[] = []
  let successes = 0
  return {
    get failures() {
      return outcomes.length - successes
    },
    get successes() {
      return successes
    },
    add(success) {
      outcomes.push(success)
      if (success) successes++
      if (outcomes.length > size && outcomes.shift() === true) successes--
    },
    clear() {
      outcomes.length = 0
      successes = 0
    },
  }
}
