const SLOTS = 6
const SLOT_MS = 10_000

/**
 * The calls and the retries of the last minute, in steps of ten seconds: the window is never longer than a minute, and never
 * shorter than fifty seconds. All times are monotonic milliseconds.
 */
export class RetryRatio {
  readonly #maxRatio: number
  readonly #minRetries: number
  // The newest first.
  readonly #calls: number[] = noCounts()
  /** Absent as long as there were none: most hosts need none. */
  #retries: number[] | undefined
  #slot = 0

  constructor(maxRatio: number, minRetries: number) {
    this.#maxRatio = maxRatio
    this.#minRetries = minRetries
  }

  /** Counts a call that begins. */
  countCall(nowMs: number): void {
    this.#turn(nowMs)
    this.#calls[0]!++
  }

  /** Counts a retry that is made. */
  countRetry(nowMs: number): void {
    this.#turn(nowMs)
    this.#retries ??= noCounts()
    this.#retries[0]!++
  }

  /** Whether there may be one more retry. */
  allowsRetry(nowMs: number): boolean {
    this.#turn(nowMs)
    return sum(this.#retries ?? []) + 1 <= Math.max(this.#minRetries, this.#maxRatio * sum(this.#calls))
  }

  #turn(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS)
    if (slot <= this.#slot) return
    for (let turns = Math.min(slot - this.#slot, SLOTS); turns > 0; turns--) {
      turn(this.#calls)
      if (this.#retries !== undefined) turn(this.#retries)
    }
    this.#slot = slot
  }
}

function noCounts(): number[] {
  return Array.from({ length: SLOTS }, () => 0)
}

function turn(counts: number[]): void {
  counts.pop()
  counts.unshift(0)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
