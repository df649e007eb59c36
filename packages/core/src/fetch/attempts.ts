import type { CircuitPermit } from '../circuit-breaker/breaker-state.ts'
import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { systemClock } from '../time/system-clock.ts'
import { CallSignal, timeoutError } from '../timeout/call-signal.ts'
import { TimerAnchor } from '../timeout/timer-anchor.ts'
import { Attempt } from './attempt.ts'
import type { AttemptExtras } from './attempt-extras.ts'
import { type Call, failureFacts } from './call.ts'
import type { CallRecord } from './call-record.ts'
import type { HedgeStop } from './decision.ts'
import { exchange } from './exchange.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { canHedge, HedgedAttempt } from './hedged-attempt.ts'
import { cancelLimits, learnLimits, reserveLimits, tryReserve } from './limits.ts'
import type { Outcome } from './outcome.ts'
import { refuse, unsentDelivery } from './refusals.ts'
import type { Sharing } from './sharing.ts'
import { waitForSlot } from './waits.ts'

/** The part of the pipeline that each attempt goes through: limits, bulkhead, breaker, time limit, and what they learn of it. */
export class Attempts {
  readonly #options: ResolvedFetchOptions
  readonly #events: Emitter<CoreEventMap>
  readonly #sharing: Sharing | undefined
  readonly #timerAnchor: TimerAnchor | undefined

  constructor(options: ResolvedFetchOptions, events: Emitter<CoreEventMap>, sharing: Sharing | undefined) {
    this.#options = options
    this.#events = events
    this.#sharing = sharing
    const { clock, attemptTimeoutMs, deadlineMs } = options
    // Other clocks have no use for it.
    if (clock === systemClock) this.#timerAnchor = new TimerAnchor(clock, Math.min(attemptTimeoutMs, deadlineMs))
  }

  dispose(): void {
    this.#timerAnchor?.dispose()
  }

  /** Sends once, when the policies let it: at once, when none of them has to be waited for. */
  send(call: Call, nowMs: number): Promise<Outcome> {
    if (call.extras?.isMade === true) return this.#sendWithBody(call, call.extras)
    const news = this.#sharing?.news(call, nowMs)
    if (news !== undefined || !this.#tryAdmit(call, nowMs)) return this.#sendLater(call, news)
    return this.#sendAdmitted(call, nowMs)
  }

  async #sendWithBody(call: Call, extras: AttemptExtras): Promise<Outcome> {
    // Before anything is taken that others could use, and before a wait for it: what is told then has to hold when it is sent.
    extras.keepBody(await extras.makeBody(call, this.#options.clock))
    return this.#sendLater(call, this.#sharing?.news(call, this.#nowMs()))
  }

  async #sendLater(call: Call, news: Promise<void> | undefined): Promise<Outcome> {
    // Who has nothing to wait for takes its place in a queue at once, before those that come after it.
    if (news !== undefined) await this.#hear(call, news)
    return (await this.#admit(call)) ?? this.#sendAdmitted(call, this.#nowMs())
  }

  /** Sends what limits and bulkhead have let through. */
  #sendAdmitted(call: Call, nowMs: number): Promise<Outcome> {
    const claim = this.#sharing?.claimProbes(call, nowMs)
    return claim === undefined ? this.#send(this.#begin(call, nowMs)) : this.#sendClaimed(call, claim)
  }

  async #sendClaimed(call: Call, claim: Promise<void>): Promise<Outcome> {
    await this.#heard(call, claim)
    if (!call.callerSignal?.aborted) return this.#send(this.#begin(call, this.#nowMs()))
    this.#giveBack(call)
    throw call.callerSignal.reason
  }

  /** Begins an attempt that limits and bulkhead have let through, unless it is too late or the circuit is open. */
  #begin(call: Call, nowMs: number): Attempt | Outcome {
    if (nowMs >= call.deadlineAtMs) return this.#unsent(call, deadlinePassed(call.record))
    const { circuit } = call
    const permit = circuit?.breaker.admit(nowMs)
    if (circuit !== undefined && permit === undefined)
      return this.#unsent(call, refuse(call.record, circuit.refusal(nowMs)))
    this.#timerAnchor?.note()
    // Who loses a race is aborted, also where nothing is limited in time.
    const mayRace = this.#options.hedge !== false && canHedge(call)
    const signal = call.signal ?? (mayRace ? new CallSignal(call.callerSignal) : undefined)
    return new Attempt(call, call.record.attempts.length + 1, nowMs, permit, signal, this.#options)
  }

  #send(attempt: Attempt | Outcome): Promise<Outcome> {
    if (!(attempt instanceof Attempt)) return Promise.resolve(attempt)
    const { call } = attempt
    const { hedge } = this.#options
    if (hedge === false || !canHedge(call)) return exchange(attempt, this.#options, this.#finish)
    const gate = {
      news: (nowMs: number) => this.#sharing?.news(call, nowMs),
      admit: (nowMs: number) => this.#admitHedge(call, nowMs),
      finish: this.#finish,
    }
    return new HedgedAttempt(attempt, hedge, this.#options, this.#events, gate).run()
  }

  /** Tells every policy what became of an attempt. */
  readonly #finish = (attempt: Attempt, outcome: Outcome): void => {
    const { call } = attempt
    const nowMs = this.#nowMs()
    try {
      this.#learn(attempt, outcome, nowMs)
    } finally {
      // What a stand-in for `fetch` has answered may be unreadable; the slot is somebody else's next.
      call.scope.bulkhead?.release()
      call.attemptEndedAtMs = nowMs
    }
  }

  #learn(attempt: Attempt, outcome: Outcome, nowMs: number): void {
    const { call, number, startedMs, permit } = attempt
    const { failure } = outcome
    const durationMs = nowMs - startedMs
    call.noteAttempt(attempt, outcome, durationMs)
    if (failure !== undefined && failure.reason !== 'hedge_lost' && this.#events.has('attempt:failed')) {
      const facts = { ...call.eventFacts(nowMs), ...failureFacts(failure) }
      this.#events.emit('attempt:failed', { ...facts, attempt: number, durationMs })
    }
    if (permit !== undefined) call.circuit?.record(permit, outcome, call.record.attempts.length, nowMs)
    learnLimits(call, outcome, startedMs, nowMs, this.#options, this.#events)
  }

  #admitHedge(call: Call, nowMs: number): { permit: CircuitPermit | undefined } | HedgeStop {
    const { circuit, limits, scope } = call
    if (!tryReserve(call, nowMs)) return 'rate_limit'
    let stop: HedgeStop = 'bulkhead'
    if (scope.bulkhead === undefined || scope.bulkhead.tryAcquire()) {
      // A hedge is not worth claiming the probes of all processes.
      const permit = circuit?.shared?.mustClaim(nowMs) === true ? undefined : circuit?.breaker.admit(nowMs)
      if (circuit === undefined || permit !== undefined) {
        if (scope.budget === undefined || scope.budget.pay(false, nowMs) !== undefined) return { permit }
        if (permit !== undefined) circuit?.breaker.record(permit, 'neutral', nowMs)
        stop = 'budget'
      } else stop = 'circuit_open'
      scope.bulkhead?.release()
    }
    cancelLimits(limits)
    return stop
  }

  /** Waits for news. @throws the reason of the caller's signal when it has aborted. */
  async #hear(call: Call, news: Promise<void>): Promise<void> {
    await this.#heard(call, news)
    if (call.callerSignal?.aborted) throw call.callerSignal.reason
  }

  /** Waits for the store, which takes a moment at most. */
  async #heard(call: Call, news: Promise<void>): Promise<void> {
    const askedMs = this.#nowMs()
    await news
    const heardMs = this.#nowMs()
    if (heardMs > askedMs) call.noteWait('state', heardMs - askedMs)
  }

  /** Gives back what an attempt had taken that is not sent. */
  #giveBack(call: Call): void {
    cancelLimits(call.limits)
    call.scope.bulkhead?.release()
  }

  #unsent(call: Call, refusal: Outcome): Outcome {
    this.#giveBack(call)
    return refusal
  }

  /** Takes a place under each limit and a slot of the bulkhead, when there is nothing to wait for. */
  #tryAdmit(call: Call, nowMs: number): boolean {
    const { bulkhead } = call.scope
    if (!tryReserve(call, nowMs)) return false
    if (bulkhead === undefined || bulkhead.tryAcquire()) return true
    cancelLimits(call.limits)
    return false
  }

  async #admit(call: Call): Promise<Outcome | undefined> {
    const { bulkhead } = call.scope
    for (;;) {
      const limited = await reserveLimits(call, this.#options, this.#events)
      if (limited !== undefined) return limited
      if (bulkhead === undefined || bulkhead.tryAcquire()) return undefined
      // Who waits for a slot holds no place that others could use.
      cancelLimits(call.limits)
      const full = await waitForSlot(call, this.#options, this.#events)
      if (full !== undefined) return full
      const nowMs = this.#nowMs()
      if (tryReserve(call, nowMs)) return undefined
      bulkhead.release()
      // What this process held of a shared limit it may have given back meanwhile.
      const news = this.#sharing?.news(call, nowMs)
      if (news !== undefined) await this.#hear(call, news)
    }
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}

/** The wait before an attempt took all the time there was. */
function deadlinePassed(record: CallRecord): Outcome {
  const failure = { code: 'timeout', reason: 'total', phase: 'local', delivery: unsentDelivery(record) } as const
  return { kind: 'error', error: timeoutError(), failure }
}
