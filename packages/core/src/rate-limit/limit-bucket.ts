import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import type { Place } from '../policy/place.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import { ActiveCalls } from './active-calls.ts'
import { AnswerSampling } from './answer-sampling.ts'
import type { BucketCall, Hit } from './bucket-call.ts'
import { LearnedQuota } from './learned-quota.ts'
import { LimitPause } from './limit-pause.ts'
import { type Candidate, LimitQueue, type Load, type Ticket } from './limit-queue.ts'
import { type DeclaredLimit, LimitQuotas } from './limit-quotas.ts'
import type { LocalCalls } from './local-calls.ts'
import type { SharedLimit } from './shared-limit.ts'
import { SlowStart } from './slow-start.ts'
import { SuccessLog } from './success-log.ts'

const INTERVAL_JITTER = 0.2

/** Those of every bucket of which no limit is known. */
const noQuotas = new LimitQuotas([])
const nothing: Load = Object.freeze({ calls: 0, units: 0, unpriced: 0 })

/**
 * Who may start when, for the calls that share one limit. A call starts at once while nothing speaks against it: no pause,
 * nobody who waits already, and enough left of every quota that was declared, told or learned. Otherwise it waits in a queue,
 * and those who waited start one by one, so that a reset is not met by a herd that only runs into the limit again.
 *
 * All times are monotonic milliseconds.
 */
export class LimitBucket {
  /** What other processes have to do with it; absent when no store was given. */
  readonly shared: SharedLimit | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #releaseIntervalMs: number
  /** Absent as long as nobody had to wait. */
  #queue: LimitQueue | undefined
  #quotas = noQuotas
  readonly #successes = new SuccessLog()
  #learned: LearnedQuota | undefined
  #slowStart: SlowStart | undefined
  readonly #active = new ActiveCalls()
  /** Absent as long as the limit was not hit. */
  #pause: LimitPause | undefined
  /** When the first starts of those who waited for the end of the pause. */
  #resumeMs = 0
  #notBeforeMs = 0
  readonly #sampling = new AnswerSampling()
  #timer: (() => void) | undefined
  /** What a call takes of which nobody says it. */
  readonly #unpricedUnits: number

  /** @param share - Shares the limit with other processes. */
  constructor(
    releaseIntervalMs: number,
    clock: Clock,
    random: Random,
    declared: readonly DeclaredLimit[] = [],
    share?: (calls: LocalCalls) => SharedLimit,
  ) {
    this.#clock = clock
    this.#random = random
    this.#releaseIntervalMs = releaseIntervalMs
    if (declared.length > 0) this.#quotas = new LimitQuotas(declared)
    this.#unpricedUnits = declared.some(({ unit }) => unit !== undefined) ? 0 : 1
    this.shared = share?.({
      activeUnits: () => this.#unitsOfLoad(this.#active),
      waitingUnits: () => this.#unitsOfLoad(this.#queue?.load ?? nothing),
      firstUnits: () => (this.#queue?.first === undefined ? 0 : this.unitsOf(this.#queue.first.cost)),
      activeCalls: () => this.#active.calls,
      waitingCalls: () => this.waiting,
      wake: () => this.#release(),
      pauseUntil: (untilMs, isExhausted) => {
        const nowMs = this.#clock.monotonicMs()
        this.#pause ??= new LimitPause()
        if (this.#pause.prolongUntil(untilMs, isExhausted, nowMs)) this.#hold(this.#pause, nowMs)
      },
    })
  }

  /** Calls that wait. */
  get waiting(): number {
    return this.#queue?.size ?? 0
  }

  /** Whether the headers of a success are worth a look. */
  isListening(nowMs: number): boolean {
    return this.#sampling.isDue(this.#quotas, nowMs)
  }

  /** What a success says by the looks of its headers, where no rule reads them. */
  read(headers: Headers, now: number): readonly RateLimitReading[] {
    return this.#sampling.read(headers, now)
  }

  /** What a call takes, as far as other processes are concerned. */
  unitsOf(cost: number | undefined): number {
    return cost ?? this.#unpricedUnits
  }

  /** Whether the pause is that of a quota, which nobody waits for. */
  isExhausted(nowMs: number): boolean {
    return this.#pause?.isExhausted(nowMs) === true
  }

  /** Whether something would be lost if it were forgotten: somebody waits or is in flight, or calls are held back. */
  get isNeeded(): boolean {
    if (this.waiting > 0 || this.#active.calls > 0) return true
    const nowMs = this.#clock.monotonicMs()
    return this.#startMs(nothing, undefined, nowMs) > nowMs || this.#quotas.isCounting(nowMs)
  }

  /**
   * Starts a call, when it may start now. What was started ends with `finish` or `cancel`.
   *
   * @param cost - What it takes; `undefined`: one call, and nobody knows how much of what else is counted.
   */
  tryStart(nowMs: number, cost?: number): boolean {
    if (this.waiting > 0 || this.#startMs(nothing, cost, nowMs) > nowMs) return false
    this.#start(cost, nowMs)
    return true
  }

  /** How long a call with this place has to wait, as far as is known. `Infinity`: the limit never has so much. */
  expectedWaitMs(place: Place, nowMs: number, cost?: number): number {
    const ahead = this.#queue?.ahead(place) ?? nothing
    const waitMs = this.#startMs(ahead, cost, nowMs) - nowMs
    return waitMs <= 0 && ahead.calls > 0 ? ahead.calls * this.#paceMs(nowMs) : Math.max(0, waitMs)
  }

  /** Joins the queue, to start in time or be refused. */
  join(candidate: Candidate, nowMs: number, signal: AbortSignal | undefined): Ticket {
    this.#queue ??= new LimitQueue(this.#clock, () => this.#release())
    const ticket = this.#queue.join(candidate, nowMs, signal)
    this.#release()
    return ticket
  }

  /** A call that had started was not sent after all. */
  cancel(cost?: number): void {
    this.#active.ended(cost)
    this.#release()
  }

  /**
   * A call came to its end. When the limit was hit, that pauses it; what was announced before is never shortened. Returns the
   * pause in milliseconds that the answer announced; 0 when that is no news, as when the answers of several parallel calls
   * arrive one after the other.
   */
  finish(call: BucketCall, nowMs: number): number {
    const { startedAtMs, isSuccess, readings, cost, hit } = call
    this.#active.ended(cost)
    this.#sampling.note(readings.length > 0, isSuccess)
    if (isSuccess) {
      this.#pause?.succeeded(startedAtMs)
      if (this.#learned?.isBeforeHit(startedAtMs) !== true) this.#successes.add(cost ?? 1, nowMs)
    }
    let newsMs = 0
    const quotas = readings.length > 0 ? this.#ownQuotas : this.#quotas
    if (quotas !== noQuotas) {
      const usedUpMs = quotas.usedUpUntilMs(nowMs)
      for (const { policy } of readings) quotas.add(policy, readings, this.#releaseIntervalMs, this.#random, nowMs)
      quotas.finished(call, this.#active, nowMs)
      const nowUsedUpMs = quotas.usedUpUntilMs(nowMs)
      if (usedUpMs === 0 && nowUsedUpMs > 0) newsMs = nowUsedUpMs - nowMs
    }
    if (readings.length > 0 && this.shared === undefined) this.#sampling.skip(this.#quotas.unreadAnswers(nowMs))
    this.shared?.finished(call, this.unitsOf(cost), nowMs)
    if (this.#slowStart !== undefined) {
      this.#slowStart.finished(startedAtMs, isSuccess)
      if (this.#slowStart.isOver) this.#slowStart = undefined
    }
    if (hit !== undefined) newsMs = Math.max(newsMs, this.#hit(hit, call, nowMs))
    if (this.waiting > 0 || this.#timer !== undefined) this.#release()
    return newsMs
  }

  /** How long nothing starts any more, because of a pause or of a quota that is used up. */
  pausedMs(nowMs: number): number {
    return Math.max(0, this.#pausedUntilMs - nowMs, this.#quotas.usedUpUntilMs(nowMs) - nowMs)
  }

  /** How long a quota that is used up stays so, as far as that was told. */
  backMs(nowMs: number): number {
    return Math.max(this.pausedMs(nowMs), (this.#pause?.backAtMs ?? 0) - nowMs)
  }

  /** Returns the length of the pause, or 0 when it is no news. */
  #hit(hit: Hit, call: BucketCall, nowMs: number): number {
    const { wait, isExhausted, isCrowded = false } = hit
    // What the answer told otherwise holds the others back already.
    if (wait.kind === 'unknown' && !isExhausted && this.pausedMs(nowMs) > 0) return 0
    if (isCrowded && wait.kind !== 'told' && this.#makesRoom(call, nowMs)) return 0
    const pause = (this.#pause ??= new LimitPause())
    const prolonged = pause.prolong(hit, call.startedAtMs, nowMs)
    if (prolonged === undefined) return 0
    if (wait.kind !== 'unknown') this.#quotas.resetBy(pause.untilMs)
    // Where the answer tells the very limit that was hit, nothing has to be guessed.
    if (this.#quotas.usedUpUntilMs(nowMs) === 0) {
      if (!isExhausted && !isCrowded) this.#learn(call.startedAtMs, prolonged.ms, nowMs)
      this.#slowStart = new SlowStart(pause.untilMs, this.#learned)
    }
    this.#hold(pause, nowMs)
    this.shared?.paused(pause.untilMs, isExhausted)
    return prolonged.isNews ? prolonged.ms : 0
  }

  /** Keeps to the calls at a time that go through. Whether there are any: else others have all the places. */
  #makesRoom({ startedAtMs, cost = 1 }: BucketCall, nowMs: number): boolean {
    const shared = this.shared?.concurrency
    const own = this.#active.beside(startedAtMs, cost, this.#successes)
    if (own <= 0 && shared?.isUsedByOthers !== true) return false
    const learning = shared ?? this.#ownQuotas
    learning.crowded(own, startedAtMs, nowMs)
    return true
  }

  /** Nobody starts before the end of the pause, and who cannot wait for it is refused. */
  #hold(pause: LimitPause, nowMs: number): void {
    this.#resumeMs = pause.untilMs + this.#jittered(this.#paceMs(pause.untilMs))
    this.#queue?.refuseLate((ahead, cost) => (pause.isExhausted(nowMs) ? Infinity : this.#startMs(ahead, cost, nowMs)))
  }

  #start(cost: number | undefined, nowMs: number): void {
    this.#active.started(cost)
    this.#quotas.started(this.#active, nowMs)
    this.shared?.started(this.unitsOf(cost), nowMs)
    this.#slowStart?.started(nowMs)
    if (this.#learned?.isOver === true) {
      this.#ownQuotas.learned = undefined
      this.#learned = undefined
    }
  }

  /** 0: it was never paused. */
  get #pausedUntilMs(): number {
    return this.#pause?.untilMs ?? 0
  }

  get #ownQuotas(): LimitQuotas {
    if (this.#quotas === noQuotas) this.#quotas = new LimitQuotas([])
    return this.#quotas
  }

  #unitsOfLoad({ units, unpriced }: Load): number {
    return units + unpriced * this.#unpricedUnits
  }

  /** When a call may start that has `ahead` before it. */
  #startMs(ahead: Load, cost: number | undefined, nowMs: number): number {
    const isLine = this.waiting > 0 || this.#pausedUntilMs > nowMs
    let startMs = Math.max(this.#notBeforeMs, isLine ? this.#resumeMs : this.#pausedUntilMs)
    if (ahead.calls > 0 && startMs > nowMs) startMs += ahead.calls * this.#paceMs(nowMs)
    if (this.#quotas.size > 0) startMs = Math.max(startMs, this.#quotas.startMs(this.#active, ahead, cost, nowMs))
    if (this.shared !== undefined) {
      const taken = this.#unitsOfLoad(this.#active) + this.#unitsOfLoad(ahead)
      startMs = Math.max(startMs, this.shared.startMs(taken, this.unitsOf(cost), nowMs))
      startMs = Math.max(startMs, this.shared.concurrency.startMs(this.#active.calls + ahead.calls, nowMs))
    }
    if (this.#slowStart !== undefined)
      startMs = Math.max(startMs, this.#slowStart.startMs(this.#active.calls + ahead.calls, nowMs))
    return startMs
  }

  /** Lets those start who may, and sets the timer for the next. */
  #release(): void {
    this.#timer?.()
    this.#timer = undefined
    const queue = this.#queue
    for (let next = queue?.first; next !== undefined; next = queue?.first) {
      const nowMs = this.#clock.monotonicMs()
      const atMs = this.#startMs(nothing, next.cost, nowMs)
      if (atMs === Infinity) {
        queue?.shift('refused')
        continue
      }
      if (atMs > nowMs) {
        const lookMs = Math.min(atMs, this.shared?.lookAgainMs(nowMs) ?? Infinity)
        this.#timer = this.#clock.schedule(lookMs - nowMs, () => this.#release())
        return
      }
      this.#start(next.cost, nowMs)
      this.#notBeforeMs = nowMs + this.#jittered(this.#paceMs(nowMs))
      queue?.shift('started')
    }
  }

  /** How far apart those start who waited: what a quota allows is used within a part of its window. */
  #paceMs(nowMs: number): number {
    const paceMs = this.#quotas.paceMs(nowMs) ?? this.shared?.concurrency.paceMs
    return Math.min(this.#releaseIntervalMs, paceMs ?? Infinity)
  }

  #jittered(intervalMs: number): number {
    return intervalMs * (1 + INTERVAL_JITTER * this.#random.next())
  }

  #learn(startedAtMs: number, waitMs: number, nowMs: number): void {
    // The other answers of calls that were in flight together teach nothing more.
    if (this.#learned?.isBeforeHit(startedAtMs) === true) return
    this.#learned = LearnedQuota.from({ startedAtMs, atMs: nowMs, waitMs }, this.#successes, this.#learned)
    this.#ownQuotas.learned = this.#learned
    this.#successes.clear()
  }
}
