import type { CallEvent, FailureFacts } from '../events/core-event-map.ts'
import type { AttemptRecord, IntegrationErrorInit } from '../errors/integration-error.ts'
import { defaultIdempotencyHeader, writeKey } from '../idempotency/idempotency-options.ts'
import { type Place, placeOf, type Priority } from '../policy/place.ts'
import type { CallLimit } from '../rate-limit/call-limit.ts'
import type { RateLimitOptions } from '../rate-limit/rate-limit-options.ts'
import type { Ticket } from '../rate-limit/limit-queue.ts'
import { pathOf } from '../rate-limit/path-pattern.ts'
import { isIdempotentMethod, isUnprocessed } from '../retry/retry-decision.ts'
import { CallSignal } from '../timeout/call-signal.ts'
import { type AttemptExtras, attemptExtrasOf } from './attempt-extras.ts'
import { CallRecord, type WaitRecord } from './call-record.ts'
import type { Circuit } from './circuit.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { HostScope } from './host-scope.ts'
import type { HostScopes } from './host-scopes.ts'
import type { Outcome } from './outcome.ts'
import type { Route } from './route.ts'
import {
  type CapturedInit,
  copyHeaders,
  type FetchArguments,
  followsRedirects,
  headerOf,
  isReplayable,
  isRequest,
  methodOf,
  signalOf,
  urlOf,
} from './request-facts.ts'

type PriorityOf = NonNullable<RateLimitOptions['priorityOf']>

/** What the request of an attempt depends on. */
interface AttemptFacts {
  /** 1 for the first of the call. */
  readonly number: number
  readonly startedMs: number
  readonly signal: CallSignal | undefined
  /** Whether it is sent beside another one. */
  readonly isHedge: boolean
}

/** One call on its way through the policies. */
export class Call {
  readonly input: string | Request
  readonly method: string
  readonly scope: HostScope
  readonly route: Route
  /** The limits that it is under, the narrowest first. */
  readonly limits: readonly CallLimit[]
  /** Absent when the breaker is off. */
  readonly circuit: Circuit | undefined
  readonly record: CallRecord
  readonly startedAtMs: number
  /** `Infinity`: none. */
  readonly deadlineAtMs: number
  /** The caller's signal. */
  readonly callerSignal: AbortSignal | undefined
  /** The signal for sending; absent when no timer is needed, so that the caller's own goes to the transport. */
  signal: CallSignal | undefined
  /** When the last attempt came to its end. */
  attemptEndedAtMs = 0
  /** How often it was repeated; neither hedges nor the attempt with a new token count. */
  retries = 0
  /** What the running retry cost, 0 for a first attempt. */
  paidTokens = 0
  /** The place that a retry has in the queue of a limit; absent when it has none. */
  limitTicket: { readonly limit: CallLimit; readonly ticket: Ticket } | undefined
  /** What of the caller's own threw. */
  failedIn: 'token' | 'body' | undefined
  /** Whether it comes from another function made by `createFetch`, which repeats it. */
  isNested = false
  /** What each attempt has of its own; absent when it has nothing. */
  readonly extras: AttemptExtras | undefined
  readonly #idempotencyHeader: string
  #isKeyOurs = false
  readonly #priorityOf: PriorityOf | undefined
  #place: Place | undefined
  #init: CapturedInit | undefined
  #waitedMs = 0

  constructor(id: number, args: FetchArguments, options: ResolvedFetchOptions, scopes: HostScopes) {
    const url = urlOf(args.input)
    this.input = args.input
    this.#init = args.init
    this.method = methodOf(args.input, args.init)
    this.scope = scopes.of(url)
    this.route = this.scope.routeOf(this.method, url)
    this.limits = this.scope.limitsOf(this.route, this.method, url)
    this.circuit = this.scope.circuitOf(this.route, this.method, url)
    this.startedAtMs = options.clock.monotonicMs()
    this.deadlineAtMs = this.startedAtMs + options.deadlineMs
    this.callerSignal = signalOf(args.input, args.init)
    this.signal =
      options.deadlineMs === Infinity && options.attemptTimeoutMs === Infinity
        ? undefined
        : new CallSignal(this.callerSignal)
    this.#priorityOf = options.rateLimit === false ? undefined : options.rateLimit.priorityOf
    const { idempotency } = options
    this.#idempotencyHeader = idempotency?.header ?? defaultIdempotencyHeader
    this.extras = attemptExtrasOf(args, options)
    this.record = new CallRecord(id, this.method, url, this.startedAtMs, this.deadlineAtMs, options)
    if (idempotency?.methods.includes(this.method) === true && takesKey(url, options)) {
      if (this.idempotencyKey === undefined) {
        this.#isKeyOurs = true
        this.setHeader(idempotency.header, writeKey(options.random.uuid(), idempotency.keyFormat))
      }
    }
  }

  /** The second argument for the transport, with the signal that is current now. */
  initFor({ number, startedMs, signal }: AttemptFacts, timeoutMs: number): RequestInit | undefined {
    const { extras } = this
    if (extras === undefined) return withSignal(this.#init, signal)
    const init = { ...this.#init, ...extras.takeBody() }
    if (extras.hasHeaders) {
      const remainingMs = Math.min(this.deadlineAtMs - startedMs, timeoutMs)
      init.headers = extras.withHeaders(this.#copyHeaders(), number, remainingMs)
    }
    return withSignal(init, signal)
  }

  /** Frees the source of a stream that will not be sent. */
  cancelBody(reason: unknown): void {
    const body: unknown = this.#init?.body ?? (isRequest(this.input) ? this.input.body : undefined)
    if (body instanceof ReadableStream && !body.locked) void body.cancel(reason).catch(() => {})
  }

  header(name: string): string | undefined {
    return headerOf(this.input, this.#init, name)
  }

  /** Sets a header on a copy; what the caller passed is never changed. */
  setHeader(name: string, value: string): void {
    const headers = this.#copyHeaders()
    headers.set(name, value)
    this.#init = { ...this.#init, headers }
  }

  #copyHeaders(): Headers {
    return copyHeaders(this.input, this.#init)
  }

  get isReplayable(): boolean {
    return this.extras?.isReplayable ?? isReplayable(this.input, this.#init)
  }

  /** Whether a failure may be that of another host, to which `fetch` was redirected. */
  get followsRedirects(): boolean {
    return followsRedirects(this.input, this.#init)
  }

  /** Whether sending twice has the effect of sending once. */
  get isRepeatable(): boolean {
    return isIdempotentMethod(this.method) || this.idempotencyKey !== undefined
  }

  /** The same for who called, and knows no key but his own. */
  get isRepeatableAbove(): boolean {
    return isIdempotentMethod(this.method) || this.callersKey !== undefined
  }

  get idempotencyKey(): string | undefined {
    const key = this.header(this.#idempotencyHeader)
    // An empty one protects from nothing.
    return key === '' ? undefined : key
  }

  /** Where it stands in a queue; retries included. */
  get place(): Place {
    return (this.#place ??= placeOf(this.#priority, this.startedAtMs, this.record.callId))
  }

  get #priority(): Priority {
    const ofInit: unknown = this.#init === undefined ? undefined : Reflect.get(this.#init, 'priority')
    const isSaid = ofInit === 'high' || ofInit === 'low'
    const asked = isSaid ? ofInit : this.#priorityOf?.({ method: this.method, url: this.record.url })
    return asked === 'high' || asked === 'low' ? asked : 'auto'
  }

  /** The idempotency key that the caller has given. */
  get callersKey(): string | undefined {
    return this.#isKeyOurs ? undefined : this.idempotencyKey
  }

  noteWait(kind: WaitRecord['kind'], waitedMs: number): void {
    this.record.waits = [...this.record.waits, { kind, waitedMs }]
    this.#waitedMs += waitedMs
  }

  /** Notes what came of an attempt, with what was waited before it. */
  noteAttempt({ number, isHedge }: AttemptFacts, outcome: Outcome, durationMs: number): void {
    const { attempts } = this.record
    const { failure } = outcome
    const waitedMs = this.#waitedMs
    this.#waitedMs = 0
    if (outcome.kind === 'response' && failure === undefined && number === 1 && waitedMs === 0) {
      this.record.attempts = [{ attempt: number, durationMs, status: outcome.response.status }, ...attempts]
      return
    }
    if (!isTurnedAway(outcome)) this.record.mayHaveActed = true
    const attempt: AttemptRecord = {
      attempt: number,
      durationMs,
      ...(isHedge ? { hedge: true } : {}),
      ...(outcome.kind === 'response' ? { status: outcome.response.status } : {}),
      ...(failure === undefined ? {} : { code: failure.code }),
      ...(failure?.reason === undefined ? {} : { reason: failure.reason }),
      ...(waitedMs === 0 ? {} : { waitedMs }),
    }
    this.record.attempts = [...attempts, attempt].toSorted((left, right) => left.attempt - right.attempt)
  }

  eventFacts(nowMs: number): CallEvent {
    return {
      ...this.scope.facts,
      callId: this.record.callId,
      method: this.method,
      elapsedMs: nowMs - this.startedAtMs,
    }
  }
}

function withSignal(init: CapturedInit | undefined, signal: CallSignal | undefined): RequestInit | undefined {
  if (signal === undefined) return init
  // Spreading is dear, and most calls have nothing to spread.
  return init === undefined ? { signal: signal.current } : { ...init, signal: signal.current }
}

/** Whether a request never left, or was answered by one that did not work on it. */
function isTurnedAway(outcome: Outcome): boolean {
  const { failure } = outcome
  if (failure === undefined) return false
  const response = outcome.kind === 'response' ? outcome.response : undefined
  return isUnprocessed({ failure, status: response?.status, redirected: response?.redirected === true })
}

/** The part of a failure that events carry. */
export function failureFacts(failure: IntegrationErrorInit): FailureFacts {
  const status = failure.upstream?.status
  return {
    code: failure.code,
    ...(failure.reason === undefined ? {} : { reason: failure.reason }),
    ...(status === undefined ? {} : { status }),
  }
}

/** Whether the API makes writes to this URL idempotent: a key that is ignored would make a repeat look safe. */
function takesKey(url: string, { idempotencyPaths }: ResolvedFetchOptions): boolean {
  if (idempotencyPaths === undefined) return true
  const path = pathOf(url)
  return idempotencyPaths.some((pattern) => pattern.test(path))
}
