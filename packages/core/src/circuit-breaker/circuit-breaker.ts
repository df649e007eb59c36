import type { Random } from '../random/random.ts'
import {
  type BreakerState,
  type CircuitPermit,
  closedState,
  halfOpenState,
  noProbes,
  type ProbeTally,
  type Slowness,
} from './breaker-state.ts'
import type { ResolvedCircuitBreakerOptions } from './circuit-breaker-options.ts'

/** What became of a call, as far as the health of the other side goes. `neutral` (4xx, 429, an abort) says nothing of it. */
export type CallVerdict = 'success' | 'failure' | 'neutral'

export type CircuitState = 'closed' | 'open' | 'half_open' | 'isolated'

/** Why a circuit opened: too many calls failed, or too many were slow. */
export type OpenReason = 'failures' | 'slow_calls'

/** Told when the state changed, after the change. */
export interface CircuitListener {
  readonly opened: (breakMs: number, reason: OpenReason) => void
  readonly halfOpened: () => void
  readonly closed: () => void
  readonly isolated: () => void
}

/** What outlives the process. */
export interface CircuitRecord {
  readonly state: CircuitState
  /** How often it opened again without having closed. */
  readonly reopened: number
  /** What is left of the break; 0 unless it is open. */
  readonly remainingMs: number
  /** What probes have brought that did not decide; absent: nothing. */
  readonly probed?: ProbeTally
}

/** A circuit breaker, as `BreakerState` describes it. All times are monotonic milliseconds. */
export class CircuitBreaker {
  readonly #options: ResolvedCircuitBreakerOptions
  readonly #random: Random
  readonly #listener: CircuitListener
  #state: BreakerState

  constructor(options: ResolvedCircuitBreakerOptions, random: Random, listener: CircuitListener) {
    this.#options = options
    this.#random = random
    this.#listener = listener
    this.#state = closedState(options)
  }

  get state(): CircuitState {
    return this.#state.name
  }

  /** Leave to send a call now, or nothing when it is refused. */
  admit(nowMs: number): CircuitPermit | undefined {
    const state = this.#state
    switch (state.name) {
      case 'closed': {
        const { slowness } = state
        if (slowness === undefined) return state
        if (this.#hangs(slowness, nowMs)) {
          this.#open(0, state.restUntilMs, 'slow_calls', nowMs)
          return undefined
        }
        const permit = { probe: false, admittedAtMs: nowMs }
        slowness.inFlight.add(permit)
        return permit
      }
      case 'open': {
        if (nowMs < state.untilMs) return undefined
        this.#state = halfOpenState(state.reopened, state.probed)
        this.#listener.halfOpened()
        return this.admit(nowMs)
      }
      case 'half_open': {
        this.#endLeases(state.probes, nowMs)
        if (state.probes.size + state.successes + state.failures >= this.#options.halfOpenCalls) return undefined
        const probe = { probe: true, admittedAtMs: nowMs }
        state.probes.add(probe)
        return probe
      }
      case 'isolated':
        return undefined
    }
  }

  /** How long until another call may be let through, while calls are refused; `Infinity` when that is up to somebody. */
  retryAfterMs(nowMs: number): number {
    const state = this.#state
    switch (state.name) {
      case 'closed':
        return 0
      case 'open':
        return Math.max(0, state.untilMs - nowMs)
      case 'half_open': {
        const [oldest] = state.probes
        return Math.max(0, (oldest?.admittedAtMs ?? -Infinity) + this.#options.breakMs - nowMs)
      }
      case 'isolated':
        return Infinity
    }
  }

  /** Whether it holds calls back now, by itself, that would pass if it were forgotten. */
  isHolding(nowMs: number): boolean {
    const state = this.#state
    if (state.name === 'open') return nowMs < state.untilMs
    if (state.name !== 'half_open') return false
    this.#endLeases(state.probes, nowMs)
    return state.probes.size > 0
  }

  /**
   * Takes what became of a call. `restMs` is how long the host asks to be left alone: it prolongs the break when the circuit
   * opens.
   */
  record(permit: CircuitPermit, verdict: CallVerdict, nowMs: number, restMs = 0): void {
    const state = this.#state
    if (state.name === 'closed') this.#recordCall(state, permit, verdict, nowMs, restMs)
    else if (state.name === 'half_open') this.#recordProbe(state, permit, verdict, nowMs, restMs)
  }

  /** Refuses every call until `close`. */
  isolate(): void {
    if (this.#state.name === 'isolated') return
    this.#state = { name: 'isolated' }
    this.#listener.isolated()
  }

  /** Lets calls pass, and forgets what was counted. */
  close(): void {
    const { name } = this.#state
    this.#state = closedState(this.#options)
    if (name !== 'closed') this.#listener.closed()
  }

  /** The state as it can be carried to another process. */
  toRecord(nowMs: number): CircuitRecord {
    const state = this.#state
    return {
      state: state.name,
      reopened: 'reopened' in state ? state.reopened : 0,
      remainingMs: state.name === 'open' ? Math.max(0, state.untilMs - nowMs) : 0,
      ...(state.name === 'open' && state.probed !== noProbes ? { probed: state.probed } : {}),
    }
  }

  /** Leaves it to others to go on with the probes, unless some are under way. Returns whether it did. */
  stopProbing(nowMs: number): boolean {
    const state = this.#state
    if (state.name !== 'half_open' || state.probes.size > 0) return false
    const { reopened, successes, failures } = state
    this.#state = { name: 'open', untilMs: nowMs, reopened, probed: { successes, failures } }
    return true
  }

  /** Takes over a state; no break becomes longer than `maxBreakMs` by that. Tells the listener nothing. */
  restore({ state, reopened, remainingMs, probed = noProbes }: CircuitRecord, nowMs: number): void {
    switch (state) {
      case 'closed':
        this.#state = closedState(this.#options)
        return
      case 'open':
        this.#state = {
          name: 'open',
          untilMs: nowMs + Math.min(remainingMs, this.#options.maxBreakMs),
          reopened,
          probed,
        }
        return
      case 'half_open':
        this.#state = halfOpenState(reopened, probed)
        return
      case 'isolated':
        this.#state = { name: 'isolated' }
    }
  }

  #recordCall(
    state: BreakerState & { name: 'closed' },
    permit: CircuitPermit,
    verdict: CallVerdict,
    nowMs: number,
    restMs: number,
  ): void {
    const { slowness } = state
    const isCurrent = slowness === undefined ? permit === state : slowness.inFlight.delete(permit)
    if (!isCurrent || verdict === 'neutral') return
    const failed = verdict === 'failure'
    if (failed) state.restUntilMs = Math.max(state.restUntilMs, nowMs + restMs)
    const isFailing = state.failures.record(failed, nowMs)
    const isSlowing =
      slowness !== undefined &&
      (slowness.calls.record(this.#isSlow(permit, nowMs), nowMs) || this.#hangs(slowness, nowMs))
    if (isFailing) this.#open(0, state.restUntilMs, 'failures', nowMs)
    else if (isSlowing) this.#open(0, state.restUntilMs, 'slow_calls', nowMs)
  }

  #recordProbe(
    state: BreakerState & { name: 'half_open' },
    permit: CircuitPermit,
    verdict: CallVerdict,
    nowMs: number,
    restMs: number,
  ): void {
    this.#endLeases(state.probes, nowMs)
    if (!state.probes.delete(permit) || verdict === 'neutral') return
    const { failureRatio, halfOpenCalls } = this.#options
    const isSlow = this.#isSlow(permit, nowMs)
    if (verdict === 'success' && !isSlow) {
      state.successes++
      if (halfOpenCalls - state.successes < failureRatio * halfOpenCalls) this.close()
      return
    }
    state.failures++
    state.restUntilMs = Math.max(state.restUntilMs, nowMs + restMs)
    if (state.failures >= failureRatio * halfOpenCalls)
      this.#open(state.reopened + 1, state.restUntilMs, verdict === 'failure' ? 'failures' : 'slow_calls', nowMs)
  }

  #open(reopened: number, restUntilMs: number, reason: OpenReason, nowMs: number): void {
    const { breakMs, maxBreakMs } = this.#options
    // Give or take a tenth, so that those who were refused together do not come back together.
    const jitter = 0.9 + 0.2 * this.#random.next()
    const grownMs = Math.min(breakMs * 2 ** reopened, maxBreakMs) * jitter
    const durationMs = Math.min(Math.max(Math.round(grownMs), restUntilMs - nowMs), maxBreakMs)
    this.#state = { name: 'open', untilMs: nowMs + durationMs, reopened, probed: noProbes }
    this.#listener.opened(durationMs, reason)
  }

  #endLeases(probes: Set<CircuitPermit>, nowMs: number): void {
    for (const probe of probes) {
      if (nowMs - (probe.admittedAtMs ?? 0) < this.#options.breakMs) return
      probes.delete(probe)
    }
  }

  #isSlow(permit: CircuitPermit, nowMs: number): boolean {
    return nowMs - (permit.admittedAtMs ?? nowMs) >= this.#options.slowCallMs
  }

  /** Whether calls in flight are slow already and make the slow ones too many. */
  #hangs({ calls, inFlight }: Slowness, nowMs: number): boolean {
    let pending = 0
    for (const permit of inFlight) {
      if (!this.#isSlow(permit, nowMs)) break
      pending++
    }
    return pending > 0 && calls.isExceededWith(pending, nowMs)
  }
}
