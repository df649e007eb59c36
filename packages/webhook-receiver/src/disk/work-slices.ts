import { untilEndOfTurn } from './end-of-turn.ts'

/**
 * Divides long work into slices, so that the event loop gets its turn. Call it once per step; when it returns a promise, await it.
 */
export function sliced(stepsPerSlice: number): () => Promise<void> | undefined {
  let steps = 0
  return () => {
    steps++
    if (steps < stepsPerSlice) return undefined
    steps = 0
    return untilEndOfTurn()
  }
}
