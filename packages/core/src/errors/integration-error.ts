import {
  type CodeDefaults,
  type Delivery,
  type ErrorCode,
  errorCodes,
  type Fault,
  type Phase,
  type Retryable,
  type Scope,
} from './codes.ts'
import { redactUrl } from './redact.ts'

/** What the other side said, without anything secret. */
export interface UpstreamFacts {
  /** HTTP status. */
  readonly status?: number
  /** The provider's own error code. */
  readonly code?: string
  /** The provider's message, redacted and cut to 500 characters. */
  readonly message?: string
  /** The provider's request id. */
  readonly requestId?: string
  /** The rate limit policies that a problem document names as violated. */
  readonly violatedPolicies?: readonly string[]
}

/** One attempt of a call, as `explain()` and `IntegrationError.attempts` report it. */
export interface AttemptRecord {
  /** 1 for the first attempt. */
  readonly attempt: number
  /** How long the attempt took, in milliseconds. */
  readonly durationMs: number
  /** HTTP status, when there was an answer. */
  readonly status?: number
  /** Code of the failure, when it failed. */
  readonly code?: ErrorCode
  readonly reason?: string
  /** Whether it was sent beside an earlier one that had no answer yet. */
  readonly hedge?: true
  /** How long was waited before this attempt, in milliseconds. */
  readonly waitedMs?: number
}

/** Everything that an `IntegrationError` can be told; what is left out follows from the code. */
export interface IntegrationErrorInit {
  readonly code: ErrorCode
  /** Finer than the code; open set, snake_case. */
  readonly reason?: string
  /** For people. Must not hold a secret, a header value, a body or a URL's query. */
  readonly message?: string
  readonly fault?: Fault
  readonly retryable?: Retryable
  readonly retryAfterMs?: number
  readonly delivery?: Delivery
  readonly phase?: Phase
  readonly scope?: Scope
  /** HTTP status for passing the error on. */
  readonly status?: number
  readonly upstream?: UpstreamFacts
  readonly attempts?: readonly AttemptRecord[]
  /** Connector id, for example `github`. */
  readonly integration?: string
  readonly connection?: string
  /** `METHOD https://host/path`, query removed. */
  readonly endpoint?: string
  readonly idempotencyKey?: string
  readonly cause?: unknown
  /** Wall-clock time of the failure, ms since the epoch. */
  readonly at?: number
}

/** RFC 9457 problem details with Holdfast's extension members. */
export interface ProblemDetails {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly code: ErrorCode
  readonly reason?: string
  readonly fault: Fault
  readonly retryable: Retryable
  readonly retry_after_ms?: number
  readonly delivery: Delivery
}

/** An `IntegrationError` as plain data for logs: every fact, and of each cause only name and code. */
export interface IntegrationErrorJson extends Omit<IntegrationErrorInit, 'cause' | 'message'> {
  readonly name: string
  readonly message: string
  readonly fault: Fault
  readonly retryable: Retryable
  readonly delivery: Delivery
  readonly scope: Scope
  readonly status: number
  /** The native errors behind it, outermost first. Their messages stay out: they can hold URLs, bodies and credentials. */
  readonly causes?: readonly CauseSummary[]
}

/** What is shown of a native error. */
export interface CauseSummary {
  readonly name: string
  readonly code?: string
}

// Node.js, Bun and Deno look this up to print a value.
const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never
const brand: unique symbol = Symbol.for('holdfast.IntegrationError') as never

/**
 * The one error of Holdfast: what failed, whose fault it is, and whether repeating is safe.
 *
 * Match on `code`, never on the class: `isIntegrationError(error, 'rate_limited')` holds across copies and realms.
 * Thrown by Holdfast's own refusals (`circuit_open`, `overloaded`, a wait that cannot fit the deadline); for everything
 * else `integrationErrorOf(responseOrError)` makes one from what `fetch` returned or threw.
 */
export class IntegrationError extends Error {
  override readonly name: string = 'IntegrationError'
  readonly code: ErrorCode
  declare readonly reason?: string
  readonly fault: Fault
  readonly retryable: Retryable
  /** How long to wait before repeating, in whole milliseconds, where somebody said so. */
  declare readonly retryAfterMs?: number
  readonly delivery: Delivery
  declare readonly phase?: Phase
  readonly scope: Scope
  /** HTTP status to answer with when the error is passed on. */
  readonly status: number
  declare readonly upstream?: UpstreamFacts
  readonly attempts: readonly AttemptRecord[]
  declare readonly integration?: string
  declare readonly connection?: string
  declare readonly endpoint?: string
  declare readonly idempotencyKey?: string
  /** When it failed, ms since the epoch. */
  declare readonly at?: number

  constructor(init: IntegrationErrorInit) {
    const defaults: CodeDefaults = errorCodes[init.code]
    super(init.message ?? defaults.meaning, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.fault = init.fault ?? defaults.fault
    this.retryable = init.retryable ?? defaults.retryable
    this.delivery = init.delivery ?? defaults.delivery
    this.scope = init.scope ?? defaults.scope
    this.status = init.status ?? defaults.status
    this.attempts = init.attempts ?? []
    if (init.reason !== undefined) this.reason = init.reason
    if (init.retryAfterMs !== undefined) this.retryAfterMs = Math.ceil(init.retryAfterMs)
    if (init.phase !== undefined) this.phase = init.phase
    if (init.upstream !== undefined) this.upstream = init.upstream
    if (init.integration !== undefined) this.integration = init.integration
    if (init.connection !== undefined) this.connection = init.connection
    if (init.endpoint !== undefined) this.endpoint = redactUrl(init.endpoint)
    if (init.idempotencyKey !== undefined) this.idempotencyKey = init.idempotencyKey
    if (init.at !== undefined) this.at = init.at
    Object.defineProperty(this, brand, { value: true })
    Object.defineProperty(this, inspectCustom, { value: inspectError })
  }

  /**
   * The error as RFC 9457 problem details, safe to send to somebody else.
   *
   * @param instance - URI of this occurrence, for example a link to a trace.
   */
  toProblem(instance?: string): ProblemDetails {
    return {
      type: `urn:holdfast:error:${this.code}`,
      title: errorCodes[this.code].meaning,
      status: this.status,
      detail: this.message,
      ...(instance === undefined ? {} : { instance }),
      code: this.code,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      fault: this.fault,
      retryable: this.retryable,
      ...(this.retryAfterMs === undefined ? {} : { retry_after_ms: this.retryAfterMs }),
      delivery: this.delivery,
    }
  }

  /** The error as plain data for logs. `cause` is reduced to names and codes, because its text can hold secrets. */
  toJSON(): IntegrationErrorJson {
    const causes = summarizeCauses(this.cause)
    return {
      name: this.name,
      message: this.message,
      code: this.code,
      ...definedOf(this, ['reason']),
      fault: this.fault,
      retryable: this.retryable,
      ...definedOf(this, ['retryAfterMs']),
      delivery: this.delivery,
      ...definedOf(this, ['phase']),
      scope: this.scope,
      status: this.status,
      ...definedOf(this, ['upstream', 'integration', 'connection', 'endpoint', 'idempotencyKey', 'at']),
      ...(this.attempts.length === 0 ? {} : { attempts: this.attempts }),
      ...(causes.length === 0 ? {} : { causes }),
    }
  }
}

/** What `console.log` and `util.inspect` print: the stack, then the facts of `toJSON`. */
function inspectError(
  this: IntegrationError,
  _depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
): string {
  const { name: _name, message: _message, ...facts } = this.toJSON()
  return `${this.stack ?? `${this.name}: ${this.message}`} ${inspect(facts, options)}`
}

const MAX_CAUSES = 10

function summarizeCauses(cause: unknown): readonly CauseSummary[] {
  const summaries: CauseSummary[] = []
  let link = cause
  while (link instanceof Error && summaries.length < MAX_CAUSES) {
    const code = (link as { readonly code?: unknown }).code
    summaries.push({ name: link.name, ...(typeof code === 'string' ? { code } : {}) })
    link = link.cause
  }
  return summaries
}

function definedOf<Key extends keyof IntegrationError>(
  error: IntegrationError,
  keys: readonly Key[],
): Partial<Pick<IntegrationError, Key>> {
  return Object.fromEntries(keys.filter((key) => error[key] !== undefined).map((key) => [key, error[key]])) as Partial<
    Pick<IntegrationError, Key>
  >
}

/** Whether `value` is an `IntegrationError`, of whatever copy of this package, and has `code` when one is given. */
export function isIntegrationError(value: unknown, code?: ErrorCode): value is IntegrationError {
  if (typeof value !== 'object' || value === null || !(brand in value)) return false
  return code === undefined || (value as { readonly code?: unknown }).code === code
}
