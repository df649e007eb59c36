const MAX_DOUBLINGS = 5

/**
 * How long a limit pauses that was hit and does not say how long: twice as long each time until something goes through.
 */
export class UnexplainedPauses {
  #count = 0

  /** The length of the next one, in milliseconds. @param firstMs - That of the first one. */
  nextMs(firstMs: number): number {
    return firstMs * 2 ** Math.min(this.#count++, MAX_DOUBLINGS)
  }
}
