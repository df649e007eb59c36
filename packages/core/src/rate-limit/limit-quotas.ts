import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import type { Random } from '../random/random.ts'
import { ConcurrencyQuota } from './concurrency-quota.ts'
import { DeclaredQuota } from './declared-quota.ts'
import type { Load } from './limit-queue.ts'
import type { Quota } from './quota.ts'
import { RestoringQuota } from './restoring-quota.ts'
import { ToldQuota } from './told-quota.ts'

const MAX_QUOTAS = 16

const none: readonly never[] = Object.freeze([])

/** A limit that is known before any answer. */
export interface DeclaredLimit {
  readonly policy: string
  readonly limit: number
  readonly windowMs: number
  /** What is counted, where it is not calls. */
  readonly unit?: string | undefined
}

/** A call that came to its end, with everything that its answer told. */
interface Finished {
  readonly startedAtMs: number
  readonly isSuccess: boolean
  readonly readings: readonly RateLimitReading[]
  readonly cost?: number | undefined
}

interface Kept {
  readonly policy: string | undefined
  readonly quota: Quota
  /**
   * `calls`: each call is one. `units`: what calls take, where that is known. `either`: a call of unknown cost is one.
   */
  readonly counts: 'calls' | 'units' | 'either'
}

/** All quotas of one bucket: declared, told by answers, and learned. A call has to satisfy each of them. */
export class LimitQuotas {
  readonly #declared: readonly Kept[]
  #told: readonly Kept[] = none
  #learned: Kept | undefined
  #concurrency: ConcurrencyQuota | undefined
  #all: Kept[]

  constructor(declared: readonly DeclaredLimit[]) {
    this.#declared =
      declared.length === 0
        ? none
        : declared.map(({ policy, limit, windowMs, unit }) => ({
            policy,
            quota: new DeclaredQuota(limit, windowMs),
            counts: unit === undefined ? 'either' : 'units',
          }))
    this.#all = [...this.#declared]
  }

  get size(): number {
    return this.#all.length
  }

  /** What was learned from a limit that was hit. */
  set learned(quota: Quota | undefined) {
    this.#learned = quota === undefined ? undefined : { policy: undefined, quota, counts: 'either' }
    this.#collect()
  }

  /** So many calls at a time were too many. @param most - How many went through, or may have. */
  crowded(most: number, startedAtMs: number, nowMs: number): void {
    if (this.#concurrency !== undefined) this.#concurrency.refused(startedAtMs, nowMs)
    else {
      this.#concurrency = new ConcurrencyQuota(Math.max(1, Math.floor(most)), nowMs)
      this.#collect()
    }
  }

  /** Begins to keep a limit that an answer tells of, unless it is kept already, and as what it is. */
  add(
    policy: string,
    readings: readonly RateLimitReading[],
    releaseIntervalMs: number,
    random: Random,
    nowMs: number,
  ): void {
    const known = this.#told.find((kept) => kept.policy === policy)
    const own = readings.filter((reading) => reading.policy === policy)
    const isRestored = own.some(({ restorePerSecond }) => restorePerSecond !== undefined)
    // While everything is left, some do not tell that it comes back evenly.
    const isOther = isRestored && !(known?.quota instanceof RestoringQuota)
    if (known !== undefined && !isOther) return
    const others = this.#told.filter((kept) => kept !== known)
    if (others.length >= MAX_QUOTAS) {
      // What is told no more makes room: names of limits may change.
      const gone = others.findIndex((kept) => !readings.some((told) => told.policy === kept.policy))
      if (gone < 0) return
      others.splice(gone, 1)
    }
    const jitterMs = releaseIntervalMs * random.next()
    const quota = isRestored ? new RestoringQuota() : new ToldQuota(releaseIntervalMs, jitterMs, nowMs)
    // Where something else is counted beside calls, that is what calls have a cost in.
    const hasUnits = readings.some(({ unit }) => unit !== undefined)
    const counts = own.some(({ unit }) => unit !== undefined) ? 'units' : hasUnits ? 'calls' : 'either'
    this.#told = [...others, { policy, quota, counts }]
    this.#collect()
  }

  startMs(active: Load, ahead: Load, cost: number | undefined, nowMs: number): number {
    let startMs = nowMs
    for (const { quota, counts } of this.#all) {
      const units = counts === 'calls' ? 1 : (cost ?? 1)
      startMs = Math.max(startMs, quota.startMs(takenOf(counts, active) + takenOf(counts, ahead), units, nowMs))
    }
    return startMs
  }

  started(inFlight: Load, nowMs: number): void {
    for (const { quota, counts } of this.#all) quota.started(nowMs, takenOf(counts, inFlight))
    if (this.#concurrency?.isOver !== true) return
    this.#concurrency = undefined
    this.#collect()
  }

  finished({ startedAtMs, isSuccess, readings, cost }: Finished, inFlight: Load, nowMs: number): void {
    for (const { policy, quota, counts } of this.#all) {
      const reading = policy === undefined ? undefined : readings.find((told) => told.policy === policy)
      quota.finished(
        {
          startedAtMs,
          isSuccess,
          reading,
          cost: reading?.cost ?? (counts === 'calls' ? 1 : (cost ?? (counts === 'units' ? 0 : 1))),
          inFlight: takenOf(counts, inFlight),
        },
        nowMs,
      )
    }
  }

  paceMs(nowMs: number): number | undefined {
    let paceMs: number | undefined
    for (const { quota } of this.#all) {
      const quotaMs = quota.paceMs(nowMs)
      if (quotaMs !== undefined) paceMs = Math.max(paceMs ?? 0, quotaMs)
    }
    return paceMs
  }

  usedUpUntilMs(nowMs: number): number {
    let untilMs = 0
    for (const { quota } of this.#all) untilMs = Math.max(untilMs, quota.usedUpUntilMs(nowMs))
    return untilMs
  }

  /** How many answers need not be read now: none, as long as none has told anything. */
  unreadAnswers(nowMs: number): number {
    let unread = Infinity
    for (const { quota, counts } of this.#told.values()) {
      // What a call takes of anything else only its answer tells.
      if (counts === 'units') return 0
      unread = Math.min(unread, quota.unreadAnswers?.(nowMs) ?? 0)
    }
    return unread === Infinity ? 0 : unread
  }

  resetBy(atMs: number): void {
    for (const { quota } of this.#all) quota.resetBy(atMs)
  }

  /** Whether calls are counted that no answer would tell of again. */
  isCounting(nowMs: number): boolean {
    return this.#all.some(({ quota }) => quota.isCounting?.(nowMs) === true)
  }

  #collect(): void {
    this.#all = [...this.#declared, ...this.#told]
    if (this.#learned !== undefined) this.#all.push(this.#learned)
    if (this.#concurrency !== undefined)
      this.#all.push({ policy: undefined, quota: this.#concurrency, counts: 'calls' })
  }
}

function takenOf(counts: Kept['counts'], { calls, units, unpriced }: Load): number {
  if (counts === 'calls') return calls
  return counts === 'units' ? units : units + unpriced
}
