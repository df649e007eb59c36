import type { Random } from '../random/random.ts'

// A longer pause is more likely a header that was misread than a limit that anybody would sit out.
const MAX_PAUSE_MS = 3_600_000

/**
 * Who may start when, for the calls that share one limit. While it is paused, callers take places in a line: the first one
 * shortly after the end of the pause, each further one `releaseIntervalMs` later (±50 %), so that the reset is not met by a herd.
 * All times are monotonic milliseconds.
 */
export class LimitBucket {
  readonly #releaseIntervalMs: number
  readonly #random: Random
  #pausedUntilMs = 0
  #lastPlaceMs = 0

  constructor(releaseIntervalMs: number, random: Random) {
    this.#releaseIntervalMs = releaseIntervalMs
    this.#random = random
  }

  /** Pauses until `waitMs` from now, at most an hour. Returns the pause in milliseconds, or 0 when it was already as long. */
  pause(waitMs: number, nowMs: number): number {
    const pauseMs = Math.min(waitMs, MAX_PAUSE_MS)
    if (pauseMs <= 0 || nowMs + pauseMs <= this.#pausedUntilMs) return 0
    this.#pausedUntilMs = nowMs + pauseMs
    return pauseMs
  }

  /** How long the pause still lasts. */
  pausedMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs)
  }

  /** How long the next caller has to wait, without taking a place. 0: it may start now. */
  expectedWaitMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs, this.#lastPlaceMs - nowMs)
  }

  /**
   * Takes the next place in the line, unless it is not before `latestMs`. Returns how long to wait for it. A caller that
   * cannot wait so long takes no place, so that refused calls do not prolong the line.
   */
  takePlace(nowMs: number, latestMs: number): number | undefined {
    const earliestMs = Math.max(this.#pausedUntilMs, this.#lastPlaceMs, nowMs)
    const placeMs = earliestMs + this.#releaseIntervalMs * (0.5 + this.#random.next())
    if (placeMs >= latestMs) return undefined
    this.#lastPlaceMs = placeMs
    return placeMs - nowMs
  }
}
