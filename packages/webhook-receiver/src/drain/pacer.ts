// Timers fire up to about this late even on an idle machine; a start that comes within it is not a burst.
const TIMER_GRANULARITY_MS = 2
// How much lateness of its own timer the pacer makes up for when the event loop was busy.
const MAX_CATCH_UP_MS = 100

/** Spreads starts evenly in time. Times are monotonic milliseconds. */
export interface Pacer {
  /** Starts per second. */
  ratePerSecond: number
  /**
   * How long the next start has to wait, in milliseconds; 0: it may go now. `woken`: this is asked because the timer for an
   * earlier answer fired; what fell due while that was late may follow at once.
   */
  delayMs(nowMs: number, woken: boolean): number
  /** Uses up one start. */
  take(): void
  /** Starts nothing before `atMs`. */
  holdUntil(atMs: number): void
}

/** Makes a pacer of `ratePerSecond` starts. Starts that nobody used are not saved up, so there is no burst after a quiet time. */
export function createPacer(ratePerSecond: number): Pacer {
  let rate = ratePerSecond
  let intervalMs = 1000 / ratePerSecond
  let nextAtMs: number | undefined
  let heldUntilMs = -Infinity
  return {
    get ratePerSecond() {
      return rate
    },
    set ratePerSecond(next) {
      const nextIntervalMs = 1000 / next
      // The start that is due has waited for the old rate; a faster one need not.
      if (nextAtMs !== undefined && nextIntervalMs < intervalMs) nextAtMs -= intervalMs - nextIntervalMs
      rate = next
      intervalMs = nextIntervalMs
    },
    delayMs(nowMs, woken) {
      if (nowMs < heldUntilMs) return heldUntilMs - nowMs
      const toleranceMs = woken ? MAX_CATCH_UP_MS : Math.min(TIMER_GRANULARITY_MS, intervalMs)
      nextAtMs = nextAtMs === undefined ? nowMs : Math.max(nextAtMs, nowMs - toleranceMs)
      return Math.max(0, nextAtMs - nowMs)
    },
    take() {
      nextAtMs = (nextAtMs ?? 0) + intervalMs
    },
    holdUntil(atMs) {
      heldUntilMs = Math.max(heldUntilMs, atMs)
      nextAtMs = Math.max(nextAtMs ?? atMs, atMs)
    },
  }
}
