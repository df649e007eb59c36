import type { CircuitPermit } from '../circuit-breaker/breaker-state.ts'
import { CircuitBreaker, type CircuitListener, type OpenReason } from '../circuit-breaker/circuit-breaker.ts'
import type { ResolvedCircuitBreakerOptions } from '../circuit-breaker/circuit-breaker-options.ts'
import type { ErrorCode } from '../errors/codes.ts'
import type { IntegrationErrorInit } from '../errors/integration-error.ts'
import type { CircuitEvent, CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Random } from '../random/random.ts'
import type { Clock } from '../time/clock.ts'
import type { CircuitSnapshot } from './fetch-snapshot.ts'
import type { Outcome } from './outcome.ts'
import { circuitRefusal, isolationRefusal } from './refusals.ts'
import type { LocalCircuit, SharedCircuit, StoredCircuit } from './shared-circuit.ts'
import type { SharedCircuits } from './shared-circuits.ts'
import { verdictOf } from './verdict.ts'

/** What all circuits of a function have in common. */
export interface CircuitSettings {
  readonly options: ResolvedCircuitBreakerOptions
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<CoreEventMap>
}

/** A breaker, with what it says to callers, listeners and other processes. */
export class Circuit implements LocalCircuit, CircuitListener {
  readonly breaker: CircuitBreaker
  /** Absent when no store was given. */
  readonly shared: SharedCircuit | undefined
  readonly #facts: CircuitEvent
  readonly #events: Emitter<CoreEventMap>
  /** The failure that was counted last; not kept while it is closed. */
  #lastFailure: IntegrationErrorInit | undefined
  #openReason: OpenReason = 'failures'

  constructor(facts: CircuitEvent, { options, random, events }: CircuitSettings, sharedCircuits?: SharedCircuits) {
    this.#facts = facts
    this.#events = events
    this.breaker = new CircuitBreaker(options, random, this)
    this.shared = sharedCircuits?.add(this, facts.group ?? '', options.breakMs)
  }

  opened(breakMs: number, reason: OpenReason): void {
    this.#openReason = reason
    if (this.#events.has('circuit:opened'))
      this.#events.emit('circuit:opened', { ...this.#facts, breakMs, ...this.openedBy })
    this.shared?.changed()
  }

  halfOpened(): void {
    this.#events.emit('circuit:half-opened', this.#facts)
  }

  closed(): void {
    this.#lastFailure = undefined
    this.#events.emit('circuit:closed', this.#facts)
    this.shared?.changed()
  }

  isolated(): void {
    this.#events.emit('circuit:isolated', this.#facts)
  }

  /** Takes what came of an attempt. */
  record(permit: CircuitPermit, outcome: Outcome, attempt: number, nowMs: number): void {
    const verdict = verdictOf(outcome, attempt)
    if (verdict === 'failure') this.#lastFailure = outcome.failure
    this.breaker.record(permit, verdict, nowMs, outcome.failure?.retryAfterMs)
    if (this.breaker.state === 'closed') this.#lastFailure = undefined
    if (permit.probe) this.shared?.probed(nowMs)
  }

  /** What to say to a call that was not admitted. */
  refusal(nowMs: number): IntegrationErrorInit {
    return this.breaker.state === 'isolated'
      ? isolationRefusal()
      : circuitRefusal(this.breaker.retryAfterMs(nowMs), this.#openedBy, this.#openReason)
  }

  /** Whether a call that starts in `delayMs` is sure to be refused. */
  refusesFor(delayMs: number, nowMs: number): boolean {
    const { state } = this.breaker
    return (state === 'open' || state === 'isolated') && this.breaker.retryAfterMs(nowMs) > delayMs
  }

  /** To be called when nobody finds it any more, so that who counts the open circuits does not count it for ever. */
  forget(): void {
    this.shared?.detach()
    if (this.breaker.state !== 'isolated') this.breaker.close()
  }

  snapshot(nowMs: number, wallMs: number): CircuitSnapshot {
    const { state, reopened, remainingMs } = this.breaker.toRecord(nowMs)
    return {
      ...(this.#facts.group === undefined ? {} : { group: this.#facts.group }),
      state,
      ...(state === 'open' ? { openUntil: wallMs + remainingMs } : {}),
      ...(reopened === 0 ? {} : { reopened }),
      ...(state === 'open' || state === 'half_open' ? this.openedBy : {}),
    }
  }

  /** Takes over what an earlier snapshot said. A break ends when it would have ended. */
  restore(
    { state, openUntil = 0, reopened = 0, reason = 'failures', code }: CircuitSnapshot,
    nowMs: number,
    wallMs: number,
  ): void {
    this.breaker.restore({ state, reopened, remainingMs: Math.max(0, openUntil - wallMs) }, nowMs)
    this.#blame(reason, code)
  }

  /** Why it opened last. */
  get openedBy(): Pick<StoredCircuit, 'reason' | 'code'> {
    const code = this.#openedBy?.code
    return { reason: this.#openReason, ...(code === undefined ? {} : { code }) }
  }

  /** Takes over what other processes found out. Who probes now has `remainingMs` for it, so long the others do not send. */
  adopt(
    { state, reopened, reason, code, successes, failures }: StoredCircuit,
    remainingMs: number,
    nowMs: number,
  ): void {
    const { breaker } = this
    if (state === 'closed') {
      breaker.close()
      return
    }
    const isNews = breaker.state === 'closed' || state === 'open'
    breaker.restore({ state: 'open', reopened, remainingMs, probed: { successes, failures } }, nowMs)
    this.#blame(reason, code)
    if (!isNews || remainingMs === 0 || !this.#events.has('circuit:opened')) return
    const facts = { ...this.#facts, breakMs: remainingMs, ...this.openedBy, shared: true } as const
    this.#events.emit('circuit:opened', facts)
  }

  #blame(reason: OpenReason, code: ErrorCode | undefined): void {
    this.#openReason = reason
    this.#lastFailure = code === undefined ? undefined : { code }
  }

  get #openedBy(): IntegrationErrorInit | undefined {
    return this.#openReason === 'failures' ? this.#lastFailure : undefined
  }
}
