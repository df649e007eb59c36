/** The calls of this process under a limit. */
export interface LocalCalls {
  /** What those in flight take. */
  readonly activeUnits: () => number
  /** What those that wait take, and the first of them. */
  readonly waitingUnits: () => number
  readonly firstUnits: () => number
  /** How many are in flight, and how many wait, whatever they take. */
  readonly activeCalls: () => number
  readonly waitingCalls: () => number
  /** Lets those start who may by now. */
  readonly wake: () => void
  /** Takes over the pause of another process; never shortens one. */
  readonly pauseUntil: (untilMs: number, isExhausted: boolean) => void
}
