import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import { DeclaredQuota } from './declared-quota.ts'
import { LimitQueue, type Ticket } from './limit-queue.ts'
import type { Quota } from './quota.ts'
import { RestoringQuota } from './restoring-quota.ts'
import { SuccessLog } from './success-log.ts'
import { ToldQuota } from './told-quota.ts'

// Longer pauses are not slept out but refused, and asked about again after this time: the header may have been misread.
const MAX_PAUSE_MS = 3_600_000
const NEWS_MS = 100
const MAX_QUOTAS = 16
// A learned interval is a guess; it slows the line down by no more than this.
const MAX_INTERVAL_FACTOR = 10
const INTERVAL_JITTER = 0.2

// A provider tells its limits in every answer or in none; who was silent for so long is asked less often.
const SILENT_AFTER = 16
const SILENT_LOOK_EVERY = 8

// How long a limit pauses that was hit and says nothing: longer each time until something goes through.
const FIRST_UNEXPLAINED_PAUSE_MS = 1_000
const MAX_UNEXPLAINED_DOUBLINGS = 5

/** A call that came to its end, with what its answer told. */
export interface BucketCall {
  readonly startedAtMs: number
  readonly isSuccess: boolean
  readonly readings: readonly RateLimitReading[]
}

/** A limit that is known before any answer. */
export interface DeclaredLimit {
  readonly limit: number
  readonly windowMs: number
}

/**
 * Who may start when, for the calls that share one limit. A call starts at once while nothing speaks against it: no pause,
 * nobody who waits already, and something left of every quota that was declared or told. Otherwise it waits in a queue, and
 * those who waited start one by one, so that a reset is not met by a herd that only runs into the limit again.
 *
 * All times are monotonic milliseconds.
 */
export class LimitBucket {
  readonly #clock: Clock
  readonly #random: Random
  readonly #releaseIntervalMs: number
  readonly #queue: LimitQueue
  readonly #declared: readonly Quota[]
  readonly #told = new Map<string, Quota>()
  readonly #successes = new SuccessLog()
  #quotas: readonly Quota[]
  #active = 0
  #intervalMs: number
  #pausedUntilMs = 0
  #isExhausted = false
  /** When the first starts of those who waited for the end of the pause. */
  #resumeMs = 0
  #notBeforeMs = 0
  #unexplained = 0
  #silent = 0
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined

  constructor(releaseIntervalMs: number, clock: Clock, random: Random, declared: readonly DeclaredLimit[] = []) {
    this.#clock = clock
    this.#random = random
    this.#releaseIntervalMs = releaseIntervalMs
    this.#intervalMs = releaseIntervalMs
    this.#declared = declared.map(({ limit, windowMs }) => new DeclaredQuota(limit, windowMs))
    this.#quotas = this.#declared
    this.#queue = new LimitQueue(clock, () => this.#release())
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Whether the headers of a success are worth a look. */
  get isListening(): boolean {
    return this.#silent < SILENT_AFTER || this.#silent % SILENT_LOOK_EVERY === 0
  }

  /** Whether the pause is that of a quota, which nobody waits for. */
  isExhausted(nowMs: number): boolean {
    return this.#isExhausted && this.#pausedUntilMs > nowMs
  }

  /** Starts a call, when it may start now. What was started ends with `finish` or `cancel`. */
  tryStart(nowMs: number): boolean {
    if (this.#queue.size > 0 || this.#startMs(0, nowMs) > nowMs) return false
    this.#start(nowMs)
    return true
  }

  /** How long a call with this order has to wait, as far as is known. */
  expectedWaitMs(order: number, nowMs: number): number {
    const ahead = this.#queue.ahead(order)
    const waitMs = this.#startMs(ahead, nowMs) - nowMs
    return waitMs <= 0 && ahead > 0 ? ahead * this.#paceMs(nowMs) : Math.max(0, waitMs)
  }

  /** Joins the queue, to start before `latestMs` or be refused. Calls with a lower `order` are served first. */
  join(order: number, latestMs: number, nowMs: number, signal: AbortSignal | undefined): Ticket {
    const ticket = this.#queue.join(order, latestMs, nowMs, signal)
    this.#release()
    return ticket
  }

  /** A call that had started was not sent after all. */
  cancel(): void {
    this.#active--
    this.#release()
  }

  /** A call came to its end. Returns the pause in milliseconds that its answer announced; 0 when that is no news. */
  finish({ startedAtMs, isSuccess, readings }: BucketCall, nowMs: number): number {
    this.#active--
    if (readings.length > 0) this.#silent = 0
    else if (isSuccess) this.#silent++
    if (isSuccess) {
      this.#successes.add(nowMs)
      this.#unexplained = 0
    }
    let newsMs = 0
    if (this.#quotas.length > 0 || readings.length > 0) {
      const usedUpMs = this.#usedUpUntilMs(nowMs)
      for (const { policy } of readings) this.#addQuota(policy, readings, nowMs)
      for (const quota of this.#declared) quota.finished({ startedAtMs, isSuccess, reading: undefined }, nowMs)
      for (const [policy, quota] of this.#told)
        quota.finished({ startedAtMs, isSuccess, reading: readings.find((told) => told.policy === policy) }, nowMs)
      const nowUsedUpMs = this.#usedUpUntilMs(nowMs)
      if (usedUpMs === 0 && nowUsedUpMs > 0) newsMs = nowUsedUpMs - nowMs
    }
    if (this.#queue.size > 0) this.#release()
    return newsMs
  }

  /**
   * Pauses until `waitMs` from now; never shortens a pause. Without `waitMs`, for as long as seems wise. `exhausted`: nobody
   * waits for the end, all are refused. Returns the pause in milliseconds, or 0 when it is no news, as when the answers of
   * several parallel calls arrive one after the other.
   */
  pause(waitMs: number | undefined, nowMs: number, exhausted = false): number {
    const pauseMs = Math.min(waitMs ?? this.#unexplainedPauseMs(nowMs), MAX_PAUSE_MS)
    const prolongedMs = nowMs + pauseMs - this.#pausedUntilMs
    if (pauseMs <= 0 || prolongedMs <= 0) return 0
    const isNews = this.#pausedUntilMs <= nowMs || prolongedMs > NEWS_MS
    this.#pausedUntilMs = nowMs + pauseMs
    this.#isExhausted = exhausted
    const learnedMs = this.#successes.shortestIntervalMs(nowMs, pauseMs)
    const longestMs = this.#releaseIntervalMs * MAX_INTERVAL_FACTOR
    this.#intervalMs = Math.min(Math.max(learnedMs, this.#releaseIntervalMs), longestMs)
    if (waitMs !== undefined) for (const quota of this.#quotas) quota.resetBy(this.#pausedUntilMs)
    this.#resumeMs = this.#pausedUntilMs + this.#jittered(this.#paceMs(this.#pausedUntilMs))
    this.#queue.refuseLate((ahead) => (exhausted ? Infinity : this.#startMs(ahead, nowMs)))
    this.#release()
    return isNews ? pauseMs : 0
  }

  /** How long nothing starts any more, because of a pause or of a quota that is used up. */
  pausedMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs, this.#usedUpUntilMs(nowMs) - nowMs)
  }

  #start(nowMs: number): void {
    this.#active++
    for (const quota of this.#quotas) quota.started(nowMs)
  }

  /** When the call may start that has `ahead` others before it. */
  #startMs(ahead: number, nowMs: number): number {
    const isLine = this.#queue.size > 0 || this.#pausedUntilMs > nowMs
    let startMs = Math.max(this.#notBeforeMs, isLine ? this.#resumeMs : this.#pausedUntilMs)
    if (ahead > 0 && startMs > nowMs) startMs += ahead * this.#paceMs(nowMs)
    for (const quota of this.#quotas) startMs = Math.max(startMs, quota.startMs(this.#active + ahead, nowMs))
    return startMs
  }

  /** Lets those start who may, and sets the timer for the next. */
  #release(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    while (this.#queue.size > 0) {
      const nowMs = this.#clock.monotonicMs()
      const atMs = this.#startMs(0, nowMs)
      if (atMs > nowMs) {
        this.#timer = { atMs, cancel: this.#clock.schedule(atMs - nowMs, () => this.#release()) }
        return
      }
      this.#start(nowMs)
      this.#notBeforeMs = nowMs + this.#jittered(this.#paceMs(nowMs))
      this.#queue.shift()
    }
  }

  /** How far apart those start who waited: what a quota allows is used within a tenth of its window. */
  #paceMs(nowMs: number): number {
    let paceMs: number | undefined
    for (const quota of this.#quotas) {
      const quotaMs = quota.paceMs(nowMs)
      if (quotaMs !== undefined) paceMs = Math.max(paceMs ?? 0, quotaMs)
    }
    return paceMs === undefined ? this.#intervalMs : Math.min(this.#intervalMs, paceMs)
  }

  #jittered(intervalMs: number): number {
    return intervalMs * (1 + INTERVAL_JITTER * this.#random.next())
  }

  #usedUpUntilMs(nowMs: number): number {
    let untilMs = 0
    for (const quota of this.#quotas) untilMs = Math.max(untilMs, quota.usedUpUntilMs(nowMs))
    return untilMs
  }

  #unexplainedPauseMs(nowMs: number): number {
    // The other answers of calls that were in flight together are no further sign.
    if (this.#pausedUntilMs > nowMs) return 0
    const doublings = Math.min(this.#unexplained++, MAX_UNEXPLAINED_DOUBLINGS)
    return FIRST_UNEXPLAINED_PAUSE_MS * 2 ** doublings
  }

  #addQuota(policy: string, readings: readonly RateLimitReading[], nowMs: number): void {
    if (this.#told.has(policy) || this.#told.size >= MAX_QUOTAS) return
    const isRestored = readings.some((told) => told.policy === policy && told.restorePerSecond !== undefined)
    const jitterMs = this.#releaseIntervalMs * this.#random.next()
    this.#told.set(policy, isRestored ? new RestoringQuota() : new ToldQuota(this.#releaseIntervalMs, jitterMs, nowMs))
    this.#quotas = [...this.#declared, ...this.#told.values()]
  }
}
