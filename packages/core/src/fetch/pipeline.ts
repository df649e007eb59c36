import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { LimitBuckets } from '../rate-limit/limit-buckets.ts'
import { driveAttempts } from '../retry/drive-attempts.ts'
import { Attempts } from './attempts.ts'
import { Authorization } from './authorization.ts'
import { Call } from './call.ts'
import { classifyWait } from './classify-wait.ts'
import { remember } from './explain.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { FetchSnapshot } from './fetch-snapshot.ts'
import { HostScopes } from './host-scopes.ts'
import { leaveQueue } from './limits.ts'
import { NestedRetries } from './nested-retries.ts'
import { discardBody, type Outcome } from './outcome.ts'
import { prepareRetry, stopOf } from './prepare-retry.ts'
import { refusalResponse } from './refusals.ts'
import { reportEnd } from './report-end.ts'
import { captureArguments, type FetchInput } from './request-facts.ts'
import { Sharing } from './sharing.ts'

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
  readonly #authorization: Authorization | undefined
  readonly #scopes: HostScopes
  readonly #buckets: LimitBuckets | undefined
  readonly #attempts: Attempts
  readonly #nested: NestedRetries
  #calls = 0

  constructor(options: ResolvedFetchOptions, events: Emitter<CoreEventMap>) {
    const { auth, connector } = options
    this.#options = options
    this.#events = events
    this.#nested = new NestedRetries(options, events)
    const { rateLimit, clock, random, state } = options
    if (auth !== undefined) this.#authorization = new Authorization(auth, connector?.http?.hosts, clock)
    const sharing = state === undefined ? undefined : new Sharing(state, options, events)
    this.#attempts = new Attempts(options, events, sharing)
    // A surfaced limit pauses nobody.
    if (rateLimit !== false && rateLimit.onLimit !== 'surface')
      this.#buckets = new LimitBuckets(rateLimit, options, clock, random, sharing?.link)
    this.#scopes = new HostScopes(options, this.#buckets, events, sharing && ((host) => sharing.circuitsOf(host)))
    if (options.restore !== undefined) this.#restore(options.restore)
  }

  get scopes(): HostScopes {
    return this.#scopes
  }

  async dispose(): Promise<void> {
    this.#scopes.clear()
    this.#attempts.dispose()
    await this.#buckets?.close()
  }

  /** @param isNested - Whether another function made by `createFetch` calls, and repeats. */
  async send(input: FetchInput, init: RequestInit | undefined, isNested = false): Promise<Response> {
    const { transport, attemptTimeoutMs } = this.#options
    const args = captureArguments(input, init)
    if (args === undefined) return transport(input, init)
    const call = new Call(++this.#calls, args, this.#options, this.#scopes)
    call.isNested = isNested
    if (this.#events.has('call:started')) this.#events.emit('call:started', call.eventFacts(call.startedAtMs))
    call.scope.budget?.countCall(call.startedAtMs)
    let outcome: Outcome
    try {
      if (call.callerSignal?.aborted) {
        // `fetch` does more than to throw the reason: it checks the arguments first, and cancels the body.
        const attempt = { number: 1, startedMs: call.startedAtMs, signal: call.signal, isHedge: false }
        if (call.extras?.isMade !== true) await transport(call.input, call.initFor(attempt, attemptTimeoutMs))
        throw call.callerSignal.reason
      }
      const auth = this.#authorization?.appliesTo(call) === true ? this.#authorization : undefined
      const token = auth === undefined ? undefined : await auth.authorize(call)
      outcome = await this.#attempts.send(call, auth === undefined ? call.startedAtMs : this.#nowMs())
      if (outcome.failure === undefined) call.scope.budget?.succeeded(0)
      else outcome = await this.#retry(call, outcome)
      if (auth?.canReplace(call, outcome) === true) outcome = await this.#replay(call, outcome, auth, token)
    } catch (error) {
      leaveQueue(call)
      const isGivenUp = call.callerSignal?.aborted === true && call.callerSignal.reason === error
      if (isGivenUp && call.record.attempts.length === 0) call.cancelBody(error)
      outcome = { kind: 'error', error, failure: classifyWait(call, error) }
    }
    // One reason can end many calls; the options that a client gives are of one.
    if (outcome.kind === 'error') remember(init, call.record)
    return this.#settle(call, outcome)
  }

  /** Sends once more, when the provider of the token has another one than that which was refused. */
  async #replay(call: Call, outcome: Outcome, auth: Authorization, token: string | undefined): Promise<Outcome> {
    let newToken: string
    try {
      newToken = await auth.authorize(call, token)
    } catch (error) {
      discardBody(outcome)
      throw error
    }
    if (newToken === token) return outcome
    discardBody(outcome)
    if (this.#events.has('auth:replayed')) this.#events.emit('auth:replayed', call.eventFacts(this.#nowMs()))
    call.record.stop = undefined
    call.record.decide({ kind: 'new_token', attempt: call.record.attempts.length + 1 })
    const replayed = await this.#attempts.send(call, this.#nowMs())
    return replayed.failure === undefined ? replayed : this.#retry(call, replayed)
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
        return this.#attempts.send(call, this.#nowMs())
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

  #settle(call: Call, outcome: Outcome): Response {
    const { record } = call
    // Nothing comes after an attempt that succeeds.
    const nowMs = outcome.failure === undefined ? call.attemptEndedAtMs : this.#nowMs()
    record.durationMs = nowMs - call.startedAtMs
    record.failure = outcome.failure
    call.extras?.discard()
    if (outcome.failure !== undefined || call.method !== 'GET') record.idempotencyKey = call.idempotencyKey
    if (call.signal?.isLinked) call.signal.release(outcome.kind === 'response' ? outcome.response.body : null)
    reportEnd(call, outcome, this.#events, nowMs)
    switch (outcome.kind) {
      case 'response':
        record.signal = call.signal
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

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }
}
