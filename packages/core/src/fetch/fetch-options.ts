import { type Auth, isToken } from '../auth/auth-options.ts'
import {
  type BulkheadOptions,
  type ResolvedBulkheadOptions,
  resolveBulkheadOptions,
} from '../bulkhead/bulkhead-options.ts'
import {
  type CircuitBreakerOptions,
  type ResolvedCircuitBreakerOptions,
  resolveCircuitBreakerOptions,
} from '../circuit-breaker/circuit-breaker-options.ts'
import { checkApiConnector } from '../connectors/check-connector.ts'
import { headerName } from '../connectors/check-shape.ts'
import type { Connector } from '../connectors/connector.ts'
import { endpointGroups } from '../connectors/endpoint-groups.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { checkSnapshot } from './check-snapshot.ts'
import { judgesSuccesses } from './error-body.ts'
import type { FetchSnapshot } from './fetch-snapshot.ts'
import { type HedgeOptions, type ResolvedHedgeOptions, resolveHedgeOptions } from '../hedge/hedge-options.ts'
import {
  type IdempotencyOptions,
  type ResolvedIdempotencyOptions,
  resolveIdempotencyOptions,
} from '../idempotency/idempotency-options.ts'
import {
  callback,
  type Check,
  checkOptions,
  clockObject,
  durationMs,
  either,
  nonEmptyString,
  oneOf,
  plainObject,
  randomObject,
  withMethods,
} from '../options/check.ts'
import { type Random, systemRandom } from '../random/random.ts'
import { pathPattern } from '../rate-limit/path-pattern.ts'
import {
  type RateLimitOptions,
  type ResolvedRateLimitOptions,
  resolveRateLimitOptions,
} from '../rate-limit/rate-limit-options.ts'
import { type ResolvedRetryOptions, resolveRetryOptions, type RetryOptions } from '../retry/retry-options.ts'
import type { StateStore } from '../state/state-store.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { globalTransport } from './global-transport.ts'
import { nestedSendOf } from './send-nested.ts'
import { defaultTimeoutOptions, type TimeoutOptions } from '../timeout/timeout-options.ts'

/** Everything that `createFetch` can be told. Every policy has sane defaults and can be switched off with `false`. */
export interface FetchOptions extends TimeoutOptions {
  /**
   * What sends. Must honour `init.signal`. Default: `globalThis.fetch`, looked up at each call; once the global is a function of
   * ours, as after `globalThis.fetch = createFetch()`, the one before it.
   */
  readonly fetch?: typeof globalThis.fetch
  /** What is known of the provider: its errors, its idempotency header, its hosts. */
  readonly connector?: Connector
  /** Whose account is used. Appears in errors and events; make one function per connection. */
  readonly connection?: string
  /** Repeats what failed and may be repeated. */
  readonly retry?: RetryOptions | false
  /** Sends a slow idempotent request a second time, and takes the first good answer. Off unless given. */
  readonly hedge?: HedgeOptions | false
  /** Honours the limits that the provider announces. */
  readonly rateLimit?: RateLimitOptions | false
  /** Stops calls to a host that fails. */
  readonly breaker?: CircuitBreakerOptions | false
  /** Limits the attempts in flight per host. Off unless given. */
  readonly bulkhead?: BulkheadOptions | false
  /** Gives POST and PATCH an idempotency key. On when the connector names a header, or when given. */
  readonly idempotency?: IdempotencyOptions | false
  /** Bearer token. With a connector that names its hosts, it is sent to those only. */
  readonly auth?: Auth
  /**
   * How a call that Holdfast refuses to send comes back: `throw` an `IntegrationError`, or as a `response` with status
   * 429 or 503 and a problem document (RFC 9457), for clients that only understand statuses. @defaultValue 'throw'
   */
  readonly refusals?: 'throw' | 'response'
  /**
   * What `snapshot()` of an earlier function with the same connector and connection said, for example before a restart. Its
   * circuits are taken over: a break ends when it would have ended, and what was isolated host by host stays isolated.
   */
  readonly restore?: FetchSnapshot
  /**
   * Where functions of several processes share what they know of rate limits and circuits. It never holds a call up for
   * longer than a quarter of a second, and when it fails each process goes on by itself. Default: nothing is shared.
   */
  readonly state?: StateStore
  /** Default: `systemClock`. */
  readonly clock?: Clock
  /** Default: `systemRandom`. */
  readonly random?: Random
}

/** The options with every default filled in. `false` and `undefined` both mean: the policy is off. */
export interface ResolvedFetchOptions {
  readonly transport: typeof globalThis.fetch
  readonly connector: Connector | undefined
  readonly connection: string | undefined
  /** Whether a rule of the connector can make a failure of a success by its status and headers alone. */
  readonly judgesSuccesses: boolean
  /** Whether the transport is a function of ours, whose connector may know more of an answer than this one, which has none. */
  readonly learnsFromTransport: boolean
  /** `Infinity`: none. */
  readonly deadlineMs: number
  /** `Infinity`: none. */
  readonly attemptTimeoutMs: number
  readonly deadlineHeader: string | undefined
  readonly retry: ResolvedRetryOptions | false
  readonly hedge: ResolvedHedgeOptions | false
  readonly rateLimit: ResolvedRateLimitOptions | false
  readonly breaker: ResolvedCircuitBreakerOptions | false
  /** The group that the connector puts a request in; absent where it knows none. */
  readonly endpointGroupOf: CircuitBreakerOptions['groupOf'] | undefined
  readonly bulkhead: ResolvedBulkheadOptions | false
  readonly idempotency: ResolvedIdempotencyOptions | undefined
  /** Of the paths that take the header; absent where all do. */
  readonly idempotencyPaths: readonly RegExp[] | undefined
  readonly auth: Auth | undefined
  readonly refusals: 'throw' | 'response'
  readonly restore: FetchSnapshot | undefined
  readonly state: StateStore | undefined
  readonly clock: Clock
  readonly random: Random
}

const policy: Check = either(oneOf(false), plainObject)
const timeLimit: Check = either(oneOf(false), durationMs({ min: 1 }))

/** The check of each option; what several of them have to say together is checked apart. */
export const fetchOptionChecks: Readonly<Record<keyof FetchOptions, Check>> = {
  fetch: callback,
  connector: plainObject,
  connection: nonEmptyString,
  deadlineMs: timeLimit,
  attemptTimeoutMs: timeLimit,
  deadlineHeader: headerName,
  retry: policy,
  hedge: policy,
  rateLimit: policy,
  breaker: policy,
  bulkhead: policy,
  idempotency: policy,
  // Checked apart, because a token must not appear in a message.
  auth: () => undefined,
  refusals: oneOf('throw', 'response'),
  // Checked apart, against the connector and the connection.
  restore: () => undefined,
  state: withMethods('get', 'compareAndSet'),
  clock: clockObject,
  random: randomObject,
}

/** @throws InvalidOptionsError when an option is wrong or unknown. */
export function resolveFetchOptions(options: FetchOptions = {}): ResolvedFetchOptions {
  checkOptions('', options, fetchOptionChecks)
  checkAuth(options.auth)
  checkDeadlineHeader(options)
  const connector = options.connector === undefined ? undefined : checkApiConnector(options.connector, 'connector')
  const { hedge = false, bulkhead = false, refusals = 'throw', clock = systemClock, random = systemRandom } = options
  const { deadlineMs = defaultTimeoutOptions.deadlineMs } = options
  const { attemptTimeoutMs = defaultTimeoutOptions.attemptTimeoutMs } = options
  const retry = options.retry === false ? false : resolveRetryOptions(options.retry)
  return Object.freeze({
    transport: transportOf(options.fetch, retry),
    connector,
    connection: options.connection,
    judgesSuccesses: judgesSuccesses(connector),
    learnsFromTransport:
      connector === undefined && options.fetch !== undefined && nestedSendOf(options.fetch) !== undefined,
    deadlineMs: deadlineMs === false ? Infinity : deadlineMs,
    attemptTimeoutMs: attemptTimeoutMs === false ? Infinity : attemptTimeoutMs,
    deadlineHeader: options.deadlineHeader,
    retry,
    hedge: hedge === false ? false : resolveHedgeOptions(hedge),
    rateLimit: options.rateLimit === false ? false : resolveRateLimitOptions(options.rateLimit),
    breaker: options.breaker === false ? false : resolveCircuitBreakerOptions(options.breaker),
    endpointGroupOf: connector === undefined ? undefined : endpointGroups(connector),
    bulkhead: bulkhead === false ? false : resolveBulkheadOptions(bulkhead),
    idempotency: resolveIdempotencyOptions(options.idempotency, connector?.http),
    idempotencyPaths: connector?.http?.idempotencyPaths?.map(pathPattern),
    auth: options.auth,
    refusals,
    restore:
      options.restore === undefined ? undefined : checkSnapshot(options.restore, connector?.id, options.connection),
    state: options.state,
    clock,
    random,
  })
}

/** One function of ours that calls another owns the retries of both. */
function transportOf(
  fetch: typeof globalThis.fetch | undefined,
  retry: ResolvedRetryOptions | false,
): typeof globalThis.fetch {
  const ownsRetries = retry !== false && retry.maxAttempts > 1 && retry.whenNested === 'yield'
  if (fetch === undefined) return globalTransport(ownsRetries)
  return (ownsRetries ? nestedSendOf(fetch) : undefined) ?? fetch
}

function checkDeadlineHeader({ deadlineHeader, deadlineMs, attemptTimeoutMs }: FetchOptions): void {
  if (deadlineHeader === undefined || deadlineMs !== false || attemptTimeoutMs !== false) return
  throw new InvalidOptionsError({
    path: 'deadlineHeader',
    expected: 'absent while both time limits are off',
    received: deadlineHeader,
  })
}

function checkAuth(auth: unknown): void {
  if (auth === undefined || typeof auth === 'function' || isToken(auth)) return
  throw new InvalidOptionsError({
    path: 'auth',
    expected: 'a token that fits into a header or a function',
    received: undefined,
    receivedText: auth === '' ? 'an empty string' : `a value of type ${typeof auth}`,
  })
}
