import type { Random } from '../random/random.ts'

// A longer pause is more likely a header that was misread than a limit that anybody would sit out.
const MAX_PAUSE_MS = 3_600_000
const NEWS_MS = 100
const REMEMBERED_SUCCESSES = 64
// A learned interval is a guess; it slows the line down by no more than this.
const MAX_INTERVAL_FACTOR = 10
const INTERVAL_JITTER = 0.2

/**
 * Who may start when, for the calls that share one limit. While it is paused, callers take places in a line: the first one
 * shortly after the end of the pause, each further one an interval later, so that the reset is not met by a herd that only
 * runs into the limit again. All times are monotonic milliseconds.
 *
 * The interval is learned from what went through before the limit was hit: k successes in a time s, and then a wait of w
 * until the reset, make k calls in s + w. It lies between `releaseIntervalMs` and ten times that.
 */
export class LimitBucket {
  readonly #releaseIntervalMs: number
  readonly #random: Random
  readonly #successes = new Float64Array(REMEMBERED_SUCCESSES)
  #successCount = 0
  #intervalMs: number
  #pausedUntilMs = 0
  #lastPlaceMs = 0

  constructor(releaseIntervalMs: number, random: Random) {
    this.#releaseIntervalMs = releaseIntervalMs
    this.#intervalMs = releaseIntervalMs
    this.#random = random
  }

  /** Notes that a call went through. */
  succeeded(nowMs: number): void {
    this.#successes[this.#successCount++ % REMEMBERED_SUCCESSES] = nowMs
  }

  /**
   * Pauses until `waitMs` from now, at most an hour; never shortens a pause. Returns the pause in milliseconds, or 0 when it
   * is no news, as when the answers of several parallel calls arrive one after the other.
   */
  pause(waitMs: number, nowMs: number): number {
    const pauseMs = Math.min(waitMs, MAX_PAUSE_MS)
    const prolongedMs = nowMs + pauseMs - this.#pausedUntilMs
    if (pauseMs <= 0 || prolongedMs <= 0) return 0
    const isNews = this.pausedMs(nowMs) === 0 || prolongedMs > NEWS_MS
    this.#pausedUntilMs = nowMs + pauseMs
    const learnedMs = this.#learnedIntervalMs(pauseMs, nowMs)
    const longestMs = this.#releaseIntervalMs * MAX_INTERVAL_FACTOR
    this.#intervalMs = Math.min(Math.max(learnedMs, this.#releaseIntervalMs), longestMs)
    return isNews ? pauseMs : 0
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
    const placeMs = earliestMs + this.#intervalMs * (1 + INTERVAL_JITTER * this.#random.next())
    if (placeMs >= latestMs) return undefined
    this.#lastPlaceMs = placeMs
    return placeMs - nowMs
  }

  /** The shortest interval that the remembered successes speak for; 0 when nothing is known. */
  #learnedIntervalMs(waitMs: number, nowMs: number): number {
    const known = Math.min(this.#successCount, REMEMBERED_SUCCESSES)
    let shortestMs = Infinity
    for (let count = 1; count <= known; count++) {
      const sinceMs = this.#successes[(this.#successCount - count) % REMEMBERED_SUCCESSES] ?? nowMs
      shortestMs = Math.min(shortestMs, (nowMs - sinceMs + waitMs) / count)
    }
    return known === 0 ? 0 : shortestMs
  }
}
