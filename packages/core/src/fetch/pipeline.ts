import { isToken } from '../auth/auth-options.ts'
import { BearerAuth } from '../auth/bearer-auth.ts'
import type { CircuitPermit } from '../circuit-breaker/circuit-breaker.ts'
import { classifyFailure } from '../errors/classify-failure.ts'
import { IntegrationError, type IntegrationErrorInit } from '../errors/integration-error.ts'
import { redactUrl } from '../errors/redact.ts'
import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { LimitBuckets } from '../rate-limit/limit-buckets.ts'
import { driveAttempts } from '../retry/drive-attempts.ts'
import { abortable } from '../timeout/abortable.ts'
import { CallSignal, timeoutError, withTimer } from '../timeout/call-signal.ts'
import { TimerAnchor } from '../timeout/timer-anchor.ts'
import { Attempt } from './attempt.ts'
import type { AttemptExtras } from './attempt-extras.ts'
import { Call, failureFacts } from './call.ts'
import type { CallRecord } from './call-record.ts'
import type { HedgeStop } from './decision.ts'
import { exchange } from './exchange.ts'
import { remember } from './explain.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { FetchSnapshot } from './fetch-snapshot.ts'
import { HostScopes } from './host-scopes.ts'
import { canHedge, HedgedAttempt } from './hedged-attempt.ts'
import { cancelLimits, learnLimits, reserveLimits, tryReserve } from './limits.ts'
import { NestedRetries } from './nested-retries.ts'
import { discardBody, type Outcome } from './outcome.ts'
import { prepareRetry, stopOf } from './prepare-retry.ts'
import { refusalResponse, refuse, unsentDelivery } from './refusals.ts'
import { reportEnd } from './report-end.ts'
import { captureArguments, type FetchInput } from './request-facts.ts'
import { Sharing } from './sharing.ts'
import { waitForSlot } from './waits.ts'

/**
 * The composition of all policies. A call goes through them in this order, outermost first:
 *
 *     deadline → idempotency key → auth → retry [ budget → hedge [ limit → bulkhead → breaker → attempt timeout → fetch ] ]
 *
 * The breaker is inside the retry so that it sees each attempt, and inside the waits so that these do not count as latency.
 */
export class Pipeline {
  readonly #options: ResolvedFetchOptions
  readonly #events: Emitter<CoreEventMap>
  readonly #auth: BearerAuth | undefined
  readonly #scopes: HostScopes
  readonly #buckets: LimitBuckets | undefined
  readonly #sharing: Sharing | undefined
  readonly #timerAnchor: TimerAnchor
  readonly #nested: NestedRetries
  #calls = 0

  constructor(options: ResolvedFetchOptions, events: Emitter<CoreEventMap>) {
    const { auth, connector } = options
    this.#options = options
    this.#events = events
    this.#nested = new NestedRetries(options, events)
    this.#auth = auth === undefined ? undefined : new BearerAuth(auth, connector?.http?.hosts)
    const { rateLimit, clock, random, state } = options
    const sharing = state === undefined ? undefined : new Sharing(state, options, events)
    this.#sharing = sharing
    // A surfaced limit pauses nobody.
    if (rateLimit !== false && rateLimit.onLimit !== 'surface')
      this.#buckets = new LimitBuckets(rateLimit, options, clock, random)
    this.#timerAnchor = new TimerAnchor(clock, Math.min(options.attemptTimeoutMs, options.deadlineMs))
    this.#scopes = new HostScopes(options, this.#buckets, events, sharing && ((host) => sharing.circuitsOf(host)))
    if (options.restore !== undefined) this.#restore(options.restore)
  }

  get scopes(): HostScopes {
    return this.#scopes
  }

  dispose(): void {
    this.#scopes.clear()
    this.#buckets?.clear()
    this.#timerAnchor.dispose()
  }

  /** @param isNested - Whether another function made by `createFetch` calls, and repeats. */
  async send(input: FetchInput, init: RequestInit | undefined, isNested = false): Promise<Response> {
    const { transport, attemptTimeoutMs } = this.#options
    const args = captureArguments(input, init)
    if (args === undefined) return transport(input, init)
    const call = new Call(++this.#calls, args, this.#options, this.#scopes)
    call.isNested = isNested
    if (this.#events.has('call:started')) this.#events.emit('call:started', call.eventFacts(call.startedAtMs))
    call.scope.budget?.began(call.startedAtMs)
    let outcome: Outcome
    try {
      if (call.callerSignal?.aborted) {
        // `fetch` does more than to throw the reason: it checks the arguments first, and cancels the body.
        const attempt = { number: 1, startedMs: call.startedAtMs, signal: call.signal, isHedge: false }
        if (call.extras?.isMade !== true) await transport(call.input, call.initFor(attempt, attemptTimeoutMs))
        throw call.callerSignal.reason
      }
      const auth = this.#authOf(call)
      const token = auth === undefined ? undefined : await this.#authorize(call, auth, undefined)
      outcome = await this.#attempt(call, auth === undefined ? call.startedAtMs : this.#nowMs())
      if (outcome.failure === undefined) call.scope.budget?.succeeded(0)
      else outcome = await this.#retry(call, outcome)
      if (auth !== undefined) outcome = await this.#replayWithNewToken(call, outcome, auth, token)
    } catch (error) {
      const isGivenUp = call.callerSignal?.aborted === true && call.callerSignal.reason === error
      if (isGivenUp && call.record.attempts.length === 0) call.cancelBody(error)
      outcome = { kind: 'error', error, failure: this.#classifyWait(call, error) }
    }
    return this.#settle(call, outcome)
  }

  /** Nothing when the call goes somewhere else, or brings its own authorization. */
  #authOf(call: Call): BearerAuth | undefined {
    const auth = this.#auth
    return auth?.appliesTo(call.scope.host) === true && call.header('authorization') === undefined ? auth : undefined
  }

  async #authorize(call: Call, auth: BearerAuth, rejectedToken: string | undefined): Promise<string> {
    const token = await this.#token(call, auth, rejectedToken)
    if (token !== rejectedToken) call.setHeader('authorization', `Bearer ${token}`)
    return token
  }

  /** After a 401, sends once more, when the provider of the token has another one. */
  async #replayWithNewToken(
    call: Call,
    outcome: Outcome,
    auth: BearerAuth,
    token: string | undefined,
  ): Promise<Outcome> {
    if (outcome.kind !== 'response' || outcome.response.status !== 401) return outcome
    if (!auth.canRefresh || !call.isReplayable) return outcome
    // The 401 is not the answer to a POST that was redirected, and may have been executed, by now.
    if (outcome.response.redirected && !call.isRepeatable) return outcome
    let newToken: string
    try {
      newToken = await this.#authorize(call, auth, token)
    } catch (error) {
      discardBody(outcome)
      throw error
    }
    if (newToken === token) return outcome
    discardBody(outcome)
    if (this.#events.has('auth:replayed')) this.#events.emit('auth:replayed', call.eventFacts(this.#nowMs()))
    call.record.stop = undefined
    call.record.decide({ kind: 'new_token', attempt: call.record.attempts.length + 1 })
    const replayed = await this.#attempt(call, this.#nowMs())
    return replayed.failure === undefined ? replayed : this.#retry(call, replayed)
  }

  async #token(call: Call, auth: BearerAuth, rejectedToken: string | undefined): Promise<string> {
    const { callerSignal, deadlineAtMs } = call
    const signal = call.signal?.current ?? callerSignal ?? new AbortController().signal
    try {
      const token = auth.token(redactUrl(call.record.url), rejectedToken, signal)
      if (typeof token === 'string') return usable(token)
      const remainingMs = Math.max(0, deadlineAtMs - this.#nowMs())
      const onTimeout = (): unknown => call.signal?.timeOut()
      const work = (): Promise<unknown> => abortable(Promise.resolve(token), signal)
      return usable(await withTimer(this.#options.clock, remainingMs, onTimeout, work))
    } catch (error) {
      if (!signal.aborted) call.failedIn = 'token'
      throw error
    }
  }

  /** Repeats what failed, when it may be repeated. */
  async #retry(call: Call, first: Outcome): Promise<Outcome> {
    const { retry } = this.#options
    // A refusal before the next attempt names it too: nobody knows what became of this one.
    call.record.idempotencyKey = call.idempotencyKey
    if (retry === false) return first
    const last = await driveAttempts(first, {
      // With a new token the request is sent once more than is allowed otherwise, not as often again.
      maxAttempts: retry.maxAttempts - call.retries,
      isFailure: (outcome) => outcome.failure !== undefined,
      attempt: () => {
        call.retries++
        return this.#attempt(call, this.#nowMs())
      },
      prepareNext: (outcome, nextAttempt) =>
        this.#nested.yields(call, outcome)
          ? this.#stopNested(call)
          : prepareRetry(call, outcome, nextAttempt, retry, this.#options, this.#events),
    })
    if (last.failure === undefined) call.scope.budget?.succeeded(call.paidTokens)
    else {
      call.record.stop ??= stopOf(call, last, this.#options) ?? 'max_attempts'
      if (call.record.stop !== 'not_retryable') this.#nested.gaveUp(call)
    }
    return last
  }

  #stopNested(call: Call): Promise<boolean> {
    call.record.stop = 'nested'
    return Promise.resolve(false)
  }

  /** Sends once, when the policies let it: at once, when none of them has to be waited for. */
  #attempt(call: Call, nowMs: number): Promise<Outcome> {
    if (call.extras?.isMade === true) return this.#attemptWithBody(call, call.extras)
    const news = this.#sharing?.news(call, nowMs)
    if (news !== undefined || !this.#tryAdmit(call, nowMs)) return this.#attemptLater(call, news)
    return this.#sendAdmitted(call, nowMs)
  }

  async #attemptWithBody(call: Call, extras: AttemptExtras): Promise<Outcome> {
    // Before anything is taken that others could use, and before a wait for it: what is told then has to hold when it is sent.
    await extras.makeBody(call, this.#options.clock)
    return this.#attemptLater(call, this.#sharing?.news(call, this.#nowMs()))
  }

  async #attemptLater(call: Call, news: Promise<void> | undefined): Promise<Outcome> {
    if (news !== undefined) {
      await this.#heard(call, news)
      call.callerSignal?.throwIfAborted()
    }
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
    const error: unknown = call.callerSignal.reason
    return this.#unsent(call, { kind: 'error', error, failure: this.#classifyWait(call, error) })
  }

  /** Begins an attempt that limits and bulkhead have let through, unless it is too late or the circuit is open. */
  #begin(call: Call, nowMs: number): Attempt | Outcome {
    if (nowMs >= call.deadlineAtMs) return this.#unsent(call, deadlinePassed(call.record))
    const { circuit } = call
    const permit = circuit?.breaker.admit(nowMs)
    if (circuit !== undefined && permit === undefined)
      return this.#unsent(call, refuse(call.record, circuit.refusal(nowMs)))
    this.#timerAnchor.note()
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
    const gate = { admit: (nowMs: number) => this.#admitHedge(call, nowMs), finish: this.#finish }
    return new HedgedAttempt(attempt, hedge, this.#options, this.#events, gate).run()
  }

  /** Tells every policy what became of an attempt. */
  readonly #finish = (attempt: Attempt, outcome: Outcome): void => {
    const { call, number, startedMs, permit } = attempt
    const { failure } = outcome
    const nowMs = this.#nowMs()
    const durationMs = nowMs - startedMs
    call.noteAttempt(attempt, outcome, durationMs)
    if (failure !== undefined && failure.reason !== 'hedge_lost' && this.#events.has('attempt:failed')) {
      const facts = { ...call.eventFacts(nowMs), ...failureFacts(failure) }
      this.#events.emit('attempt:failed', { ...facts, attempt: number, durationMs })
    }
    if (permit !== undefined) call.circuit?.record(permit, outcome, call.record.attempts.length, nowMs)
    learnLimits(call, outcome, startedMs, nowMs, this.#options, this.#events)
    call.scope.bulkhead?.release()
    call.attemptEndedAtMs = nowMs
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

  /** Waits for the store, which takes a moment at most. */
  async #heard(call: Call, news: Promise<void>): Promise<void> {
    const askedMs = this.#nowMs()
    await news
    const heardMs = this.#nowMs()
    if (heardMs > askedMs) call.noteWait('state', heardMs - askedMs)
  }

  /** Gives back what an attempt had taken that is not sent. */
  #unsent(call: Call, refusal: Outcome): Outcome {
    cancelLimits(call.limits)
    call.scope.bulkhead?.release()
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
      if (tryReserve(call, this.#nowMs())) return undefined
      bulkhead.release()
    }
  }

  #settle(call: Call, outcome: Outcome): Response {
    const { record } = call
    // Nothing comes after an attempt that succeeds.
    const nowMs = outcome.failure === undefined ? call.attemptEndedAtMs : this.#nowMs()
    record.durationMs = nowMs - call.startedAtMs
    record.failure = outcome.failure
    call.extras?.discard()
    if (outcome.failure !== undefined || call.method === 'POST') record.idempotencyKey = call.idempotencyKey
    if (call.signal?.isLinked) call.signal.release(outcome.kind === 'response' ? outcome.response.body : null)
    reportEnd(call, outcome, this.#events, nowMs)
    switch (outcome.kind) {
      case 'response':
        remember(outcome.response, record)
        return outcome.response
      case 'error':
        remember(outcome.error, record)
        throw outcome.error
      case 'refused': {
        remember(outcome.error, record)
        if (this.#options.refusals === 'throw') throw outcome.error
        const response = refusalResponse(outcome.error)
        remember(response, record)
        return response
      }
    }
  }

  #restore({ hosts }: FetchSnapshot): void {
    const wallMs = this.#options.clock.now()
    for (const { host, circuits = [] } of hosts) {
      if (circuits.some(({ state }) => state === 'isolated')) this.#scopes.setIsolated(host, true)
      else if (circuits.some(({ state }) => state !== 'closed'))
        this.#scopes.ofHost(host).circuits?.restore(circuits, this.#nowMs(), wallMs)
    }
  }

  /** What ended a call outside of an attempt: an abort during a wait, the deadline, or a token provider that failed. */
  #classifyWait(call: Call, error: unknown): IntegrationErrorInit {
    const { callerSignal, record } = call
    if (call.failedIn !== undefined)
      return { ...providerFailures[call.failedIn], cause: error, phase: 'local', delivery: unsentDelivery(record) }
    const failure = classifyFailure(error, callerSignal === undefined ? {} : { signal: callerSignal })
    return record.attempts.length > 0 ? failure : { ...failure, phase: 'local', delivery: 'not_sent' }
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}

const providerFailures = {
  token: { code: 'token_refresh_failed', message: 'The token provider failed.' },
  body: { code: 'invalid_request', reason: 'body_factory', message: 'The function that makes the body failed.' },
} as const

/** @throws IntegrationError `token_refresh_failed` for what is no token; its value is kept out of the message. */
function usable(token: unknown): string {
  if (isToken(token)) return token
  throw new IntegrationError({
    code: 'token_refresh_failed',
    reason: 'malformed_token',
    retryable: 'never',
    delivery: 'not_sent',
    phase: 'local',
    message: 'The token provider gave something that is no token.',
  })
}

/** The wait before an attempt took all the time there was. */
function deadlinePassed(record: CallRecord): Outcome {
  const failure = { code: 'timeout', reason: 'total', phase: 'local', delivery: unsentDelivery(record) } as const
  return { kind: 'error', error: timeoutError(), failure }
}
