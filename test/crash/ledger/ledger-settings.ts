/** What a process of the ledger test is told. */
export interface LedgerSettings {
  /** The buffer's directory. */
  readonly directory: string
  /** Where the books are, which outlive every process. */
  readonly books: string
  readonly seed: number
  readonly run: number
  /** Events that there are at most. */
  readonly events: number
  readonly keys: number
  readonly concurrency: number
  /** Share of the attempts that fail. */
  readonly failureRatio: number
  /** Events that are appended in a second, at most. */
  readonly eventsPerSecond: number
  /** How far the process's wall clock is from the machine's, ms. */
  readonly skewMs: number
  /** Whether its disk fails now and then. */
  readonly isFaulty: boolean
}

/** How a process ends whose disk fails too often. */
export const FAILED_TOO_OFTEN = 3
