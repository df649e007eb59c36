const FIRST_PAUSE_MS = 1_000
const FIRST_EXHAUSTED_PAUSE_MS = 60_000
const MAX_DOUBLINGS = 5

/**
 * How long a limit pauses that was hit and says nothing, and a quota that is used up: longer each time until something goes
 * through.
 */
export class UnexplainedPauses {
  #count = 0

  /** The length of the next one, in milliseconds. */
  nextMs(isExhausted: boolean): number {
    const doublings = Math.min(this.#count++, MAX_DOUBLINGS)
    return (isExhausted ? FIRST_EXHAUSTED_PAUSE_MS : FIRST_PAUSE_MS) * 2 ** doublings
  }
}
