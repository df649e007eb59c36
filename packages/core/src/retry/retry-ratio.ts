import type { ResolvedRetryBudgetOptions } from './retry-options.ts'

const SLOTS = 6
const SLOT_MS = 10_000

/** Which share of the calls may be retries, and how many are allowed whatever the calls. */
export type RetryShare = Pick<ResolvedRetryBudgetOptions, 'maxRatio' | 'minRetriesPerMinute'>

/**
 * The calls and the retries of the last minute, in steps of ten seconds: the window is never longer than a minute, and never
 * shorter than fifty seconds. All times are monotonic milliseconds.
 */
export class RetryRatio<Limits extends RetryShare = RetryShare> {
  /** Calls of the newest step. */
  #calls = 0
  #slot = 0
  /** Calls of the steps before it, the newest first; absent as long as there were none. */
  #olderCalls: number[] | undefined
  /** Retries of all steps, the newest first; absent as long as there were none: most hosts need none. */
  #retries: number[] | undefined
  protected readonly limits: Limits

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Counts a call that begins. */
  countCall(nowMs: number): void {
    this.#turn(nowMs)
    this.#calls++
  }

  /** Counts a retry that is made. */
  countRetry(nowMs: number): void {
    this.#turn(nowMs)
    this.#retries ??= noCounts(SLOTS)
    this.#retries[0]!++
  }

  /** Whether there may be one more retry. */
  allowsRetry(nowMs: number): boolean {
    this.#turn(nowMs)
    const calls = this.#calls + sum(this.#olderCalls)
    const { maxRatio, minRetriesPerMinute } = this.limits
    return sum(this.#retries) + 1 <= Math.max(minRetriesPerMinute, maxRatio * calls)
  }

  #turn(nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS)
    if (slot <= this.#slot) return
    for (let turns = Math.min(slot - this.#slot, SLOTS); turns > 0; turns--) {
      if (this.#calls > 0) this.#olderCalls ??= noCounts(SLOTS - 1)
      turn(this.#olderCalls, this.#calls)
      this.#calls = 0
      turn(this.#retries, 0)
    }
    this.#slot = slot
  }
}

function noCounts(length: number): number[] {
  return Array.from({ length }, () => 0)
}

function turn(counts: number[] | undefined, newest: number): void {
  if (counts === undefined) return
  counts.pop()
  counts.unshift(newest)
}

function sum(counts: readonly number[] = []): number {
  return counts.reduce((total, count) => total + count, 0)
}
