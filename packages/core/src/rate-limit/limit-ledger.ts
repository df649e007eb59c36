import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import { Holders } from './holders.ts'
import type { DeclaredLimit } from './limit-quotas.ts'
import { LIMIT_FORMAT, type StoredLimit, type ToldLimit } from './stored-limit.ts'

// Most resets are told in whole seconds: what is later than the known one by less belongs to the same window.
const GRANULARITY_MS = 1_500
// What asks for longer is not believed before a refusal proves it, and then it is a pause.
const LONGEST_TOLD_MS = 3_600_000
// The provider's clock may tick in milliseconds, and the edge of a window may belong to it.
const EDGE_MS = 1
const STEPS_PER_WINDOW = 64
// Where the answer to the first call after a reset does not come, another call follows after this time.
const PATIENCE_MS = 1_000
const KEPT_MS = 60_000
// Where a reset restored nothing, as where windows slide and it is that of the first call only, for so many windows a whole one is waited for. Long ones are not
// worth it: where clocks only differ a little, nothing would be sent for an hour.
const LET_DOWN_WINDOWS = 20
const LONGEST_LET_DOWN_WINDOW_MS = 60_000

/** A call that came to its end. */
export interface LedgerCall {
  /** Or earlier. */
  readonly startedMs: number
  /** Or later. */
  readonly endedMs: number
  readonly isSuccess: boolean
  readonly units: number
  readonly readings: readonly RateLimitReading[]
}

/**
 * What all processes have taken of a limit, while one of them reads and changes it. What a process holds is taken until it
 * says what became of it; what it sent, as `DeclaredQuota` and `ToldQuota` would count it if there were only one process.
 */
export class LimitLedger {
  readonly holders: Holders
  readonly #nowMs: number
  readonly #limits: readonly DeclaredLimit[]
  readonly #logs = new Map<string, [endedMs: number, units: number][]>()
  readonly #told: Map<string, ToldLimit>
  #pausedUntilMs: number
  #isExhausted: boolean

  constructor(stored: StoredLimit | undefined, limits: readonly DeclaredLimit[], nowMs: number) {
    this.#nowMs = nowMs
    this.#limits = limits
    this.#pausedUntilMs = stored?.pausedUntil ?? 0
    this.#isExhausted = stored?.isExhausted ?? false
    this.holders = new Holders(stored?.holders, nowMs)
    this.#told = new Map(Object.entries(stored?.told ?? {}))
    const logs = new Map(Object.entries(stored?.declared ?? {}))
    for (const { policy, windowMs } of limits) {
      const log = (logs.get(policy) ?? [])
        // Nothing was answered later than now: somebody's clock, or the store's, was set back.
        .map(([endedMs, units]): [number, number] => [Math.min(endedMs, nowMs), units])
        .filter(([endedMs]) => endedMs > nowMs - windowMs - EDGE_MS)
      this.#logs.set(policy, log)
    }
    this.#takeForSent()
  }

  /** Whether anybody has to hold what he wants to send. */
  get isBinding(): boolean {
    return this.#limits.length > 0 || this.#told.size > 0
  }

  get pausedUntilMs(): number {
    return this.#pausedUntilMs
  }

  get isExhausted(): boolean {
    return this.#isExhausted
  }

  /** How much may be held by all together. @param callUnits - What one call takes. */
  capacity(callUnits: number): number {
    let capacity = Infinity
    for (const { policy, limit } of this.#limits) capacity = Math.min(capacity, limit - sum(this.#logs.get(policy)))
    for (const told of this.#told.values()) capacity = Math.min(capacity, this.#toldCapacity(told, callUnits))
    return capacity
  }

  /** What the narrowest limit allows at most; 0: not known. */
  get limit(): number {
    const limits = [...this.#limits, ...this.#told.values()].map(({ limit }) => limit)
    return Math.min(...limits)
  }

  /** The shortest window of all limits; `Infinity`: none is known. */
  get shortestWindowMs(): number {
    return Math.min(...[...this.#limits, ...this.#told.values()].map(({ windowMs }) => windowMs))
  }

  /** When all together may hold so much, as far as is known. */
  freeAtMs(units: number): number {
    let freeMs = this.#nowMs
    for (const { policy, limit, windowMs } of this.#limits) {
      let missing = units + sum(this.#logs.get(policy)) - limit
      if (missing <= 0) continue
      let atMs: number | undefined
      for (const [endedMs, ended] of this.#logs.get(policy) ?? []) {
        missing -= ended
        atMs = endedMs + windowMs + EDGE_MS
        if (missing <= 0) break
      }
      const windows = missing > 0 ? Math.ceil(missing / limit) : 0
      freeMs = Math.max(freeMs, (atMs ?? this.#nowMs) + windows * windowMs)
    }
    for (const told of this.#told.values())
      if (units > this.#toldCapacity(told, units)) freeMs = Math.max(freeMs, this.#openAtMs(told))
    return freeMs
  }

  pause(untilMs: number, isExhausted: boolean): void {
    if (untilMs <= this.#pausedUntilMs) return
    this.#pausedUntilMs = untilMs
    this.#isExhausted = isExhausted
  }

  finished(call: LedgerCall): void {
    this.#log(call.endedMs, call.units)
    const told = new Set<string>()
    for (const reading of call.readings) {
      told.add(reading.policy)
      this.#learn(reading, call)
    }
    for (const [policy, known] of this.#told) {
      if (told.has(policy)) continue
      if (call.isSuccess && call.startedMs >= known.resetAt) this.#told.delete(policy)
      else this.#told.set(policy, { ...known, remaining: Math.max(0, known.remaining - call.units) })
    }
  }

  /** Whether a process holds so much already, and for a while yet; without a limit nobody holds anything. */
  holds(id: string, units: number, isWaiting: boolean): boolean {
    return !this.isBinding || this.holders.holds(id, units, isWaiting)
  }

  /** What a process holds from now on. */
  hold(id: string, units: number, isWaiting: boolean): void {
    this.holders.hold(id, units, isWaiting)
    if (units === 0) return
    for (const [policy, told] of this.#told) {
      // What is held while nothing is left is in flight already.
      if (told.remaining < 1 && this.#nowMs < this.#openAtMs(told)) continue
      const isRested = this.#nowMs >= told.resetAt && this.#isRested(told)
      if (isRested && told.limit === 0) this.#told.delete(policy)
      else this.#told.set(policy, { ...told, ...(isRested ? this.#anew(told) : {}), grantedAt: this.#nowMs })
    }
  }

  toStored(): StoredLimit {
    return {
      format: LIMIT_FORMAT,
      pausedUntil: this.#pausedUntilMs,
      isExhausted: this.#isExhausted,
      holders: this.holders.toStored(),
      declared: Object.fromEntries(this.#logs),
      told: Object.fromEntries(this.#told),
    }
  }

  /** After how long nothing of it matters any more. */
  get ttlMs(): number {
    const windows = [...this.#limits, ...this.#told.values()].map(({ windowMs }) => 2 * windowMs)
    const ends = [...this.#told.values()].map(({ resetAt }) => resetAt - this.#nowMs)
    return KEPT_MS + Math.max(0, this.#pausedUntilMs - this.#nowMs, ...ends, ...windows)
  }

  /** What a process does not speak of any more was sent, as far as anybody knows. */
  #takeForSent(): void {
    for (const { units, until } of this.holders.ended) {
      this.#log(Math.min(until, this.#nowMs), units)
      for (const [policy, told] of this.#told)
        this.#told.set(policy, { ...told, remaining: Math.max(0, told.remaining - units) })
    }
  }

  #log(endedMs: number, units: number): void {
    if (units === 0) return
    for (const { policy, windowMs } of this.#limits) {
      const log = this.#logs.get(policy)
      if (log === undefined || endedMs <= this.#nowMs - windowMs - EDGE_MS) continue
      // In steps, so that it stays small: calls of one step are kept as if they had ended with the last of them.
      const stepMs = windowMs / STEPS_PER_WINDOW
      const step = Math.floor(endedMs / stepMs)
      let index = log.length
      while (index > 0 && Math.floor((log[index - 1]?.[0] ?? 0) / stepMs) > step) index--
      const before = log[index - 1]
      if (before !== undefined && Math.floor(before[0] / stepMs) === step)
        log[index - 1] = [Math.max(before[0], endedMs), before[1] + units]
      else log.splice(index, 0, [endedMs, units])
    }
  }

  #toldCapacity(told: ToldLimit, callUnits: number): number {
    const { limit, remaining, resetAt, grantedAt } = told
    if (this.#nowMs < this.#openAtMs(told)) return remaining
    if (this.#isRested(told)) return limit === 0 ? Infinity : limit
    // A reset need not restore everything: one goes first, and its answer tells.
    const isLate = grantedAt >= resetAt && this.#nowMs - grantedAt >= PATIENCE_MS
    return callUnits + (isLate ? this.holders.unitsOfOthers('') : 0)
  }

  /** When something is left again. */
  #openAtMs({ remaining, resetAt, windowMs, grantedAt, letDownUntil }: ToldLimit): number {
    // The answer to what was sent since the reset tells.
    const isLetDown = remaining < 1 && this.#nowMs < letDownUntil && grantedAt < resetAt
    return isLetDown ? Math.max(resetAt, grantedAt + windowMs + EDGE_MS) : resetAt
  }

  /** Whether nothing was sent for so long that everything is restored, wherever the windows begin. */
  #isRested({ windowMs, grantedAt, learnedAt }: ToldLimit): boolean {
    return windowMs > 0 && this.#nowMs - Math.max(grantedAt, learnedAt) >= 2 * windowMs
  }

  #anew({ limit, windowMs }: ToldLimit): Partial<ToldLimit> {
    return { remaining: limit, resetAt: this.#nowMs + windowMs, beganAt: this.#nowMs }
  }

  #learn(reading: RateLimitReading, { startedMs, endedMs, isSuccess }: LedgerCall): void {
    const { policy, limit = 0, remaining = 0, resetMs, windowMs } = reading
    const resetInMs = resetMs ?? windowMs ?? 0
    const known = this.#told.get(policy)
    const ownWindowMs = Math.max(windowMs ?? resetInMs, known?.windowMs ?? 0)
    const isLetDown =
      !isSuccess &&
      remaining === 0 &&
      startedMs >= (known?.resetAt ?? Infinity) &&
      ownWindowMs <= LONGEST_LET_DOWN_WINDOW_MS
    const fresh: ToldLimit = {
      limit: limit === 0 ? (known?.limit ?? 0) : limit,
      remaining,
      resetAt: endedMs + resetInMs,
      windowMs: ownWindowMs,
      beganAt: known?.beganAt ?? 0,
      learnedAt: endedMs,
      grantedAt: Math.max(startedMs, known?.grantedAt ?? endedMs),
      letDownUntil: isLetDown ? endedMs + LET_DOWN_WINDOWS * ownWindowMs : (known?.letDownUntil ?? 0),
    }
    if (known === undefined) {
      this.#told.set(policy, fresh)
      return
    }
    // An answer to what was sent in the window before tells of that one.
    if (startedMs < known.beganAt) return
    const isOver = endedMs >= known.resetAt
    // Answers come in any order: that something came back shows only in one that was asked for after the last.
    const isNewer = startedMs > known.learnedAt
    if (isOver && startedMs < known.resetAt && !(isNewer && remaining > known.remaining)) return
    const isRefilled = isNewer && remaining >= known.remaining
    // The reset was told at some time since the call began.
    const isLater = startedMs + resetInMs > known.resetAt + GRANULARITY_MS
    if (isOver || isRefilled || isLater) {
      const beganAt = isOver ? Math.max(known.beganAt, Math.min(startedMs, known.resetAt)) : known.beganAt
      this.#told.set(policy, { ...fresh, beganAt })
    } else {
      // Answers come in any order, and a reset in whole seconds is exact only just after it was rounded.
      this.#told.set(policy, {
        ...fresh,
        remaining: Math.min(known.remaining, remaining),
        resetAt: Math.min(known.resetAt, fresh.resetAt),
        learnedAt: Math.max(known.learnedAt, endedMs),
      })
    }
  }
}

/**
 * Whether a limit that an answer tells is kept to together: it counts calls, and comes back within an hour. Of the others
 * each process is told by its own answers.
 */
export function isSharedReading({ remaining, resetMs, windowMs, unit, restorePerSecond }: RateLimitReading): boolean {
  const resetInMs = resetMs ?? windowMs
  if (remaining === undefined || resetInMs === undefined || resetInMs > LONGEST_TOLD_MS) return false
  return unit === undefined && restorePerSecond === undefined && (resetInMs > 0 || remaining === 0)
}

function sum(log: readonly (readonly [number, number])[] = []): number {
  let units = 0
  for (const [, ended] of log) units += ended
  return units
}
