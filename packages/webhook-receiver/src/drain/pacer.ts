// Timers fire up to about this late even on an idle machine; a start that comes within it is not a burst.
const TIMER_GRANULARITY_MS = 2
// How much lateness of its own timer the pacer makes up for when the event loop was busy.
const MAX_CATCH_UP_MS = 100

/** Spreads starts evenly in time. */
export interface Pacer {
  /**
   * How long the next start has to wait, in milliseconds; 0: it may go now. `woken`: this is asked because the timer for an
   * earlier answer fired; what fell due while that was late may follow at once.
   */
  delayMs(nowMs: number, woken: boolean): number
  /** Uses up one start. */
  take(): void
}

/**
 * Makes a pacer of `ratePerSecond` starts. Times are monotonic milliseconds. Starts that nobody used are not saved up, so there
 * is no burst after a quiet time.
 */
export function createPacer(ratePerSecond: number): Pacer {
  const intervalMs = 1000 / ratePerSecond
  let nextAtMs: number | undefined
  return {
    delayMs(nowMs, woken) {
      const toleranceMs = woken ? MAX_CATCH_UP_MS : Math.min(TIMER_GRANULARITY_MS, intervalMs)
      nextAtMs = nextAtMs === undefined ? nowMs : Math.max(nextAtMs, nowMs - toleranceMs)
      return Math.max(0, nextAtMs - nowMs)
    },
    take() {
      nextAtMs = (nextAtMs ?? 0) + intervalMs
    },
  }
}
