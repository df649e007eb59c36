import { errorCodes } from '../errors/codes.ts'
import type { IntegrationErrorInit } from '../errors/integration-error.ts'
import type { RetryStop } from '../events/core-event-map.ts'

// RFC 9110 section 9.2.2, and QUERY, which is safe by definition.
const idempotentMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE', 'QUERY'])

/** Whether sending a request with this method twice has the effect of sending it once. `method` in upper case. */
export function isIdempotentMethod(method: string): boolean {
  return idempotentMethods.has(method)
}

/** What is known when it is decided whether a failed attempt may be repeated. */
export interface FailedAttemptFacts {
  readonly failure: IntegrationErrorInit
  readonly status: number | undefined
  readonly headers: Headers | undefined
  /** Whether the answer is that of a host or path to which the request was redirected. */
  readonly redirected: boolean
  /** Whether the method is idempotent or the request carries an idempotency key. */
  readonly repeatable: boolean
  /** Whether the body can be sent again. */
  readonly replayable: boolean
}

/** Why the attempt must not be repeated, or nothing when it may be. */
export function retryStopOf(facts: FailedAttemptFacts): RetryStop | undefined {
  const verdict = facts.headers === undefined ? undefined : serverVerdict(facts.headers)
  if (verdict === false) return 'server_veto'
  const { code, retryable = errorCodes[code].retryable } = facts.failure
  // A library of the provider may repeat every 429; what is used up until tomorrow stays so.
  if (code === 'quota_exhausted') return 'not_retryable'
  if (verdict === undefined && retryable !== 'now' && retryable !== 'after') return 'not_retryable'
  const isWanted = verdict === true && !facts.redirected
  if (!facts.repeatable && !isWanted && !isUnprocessed(facts)) return 'unsafe'
  return facts.replayable ? undefined : 'body_not_replayable'
}

/**
 * The request never left, or the server says that it refused to work on it. Either way repeating has no second effect. An
 * answer after a redirect says nothing of the request that was redirected.
 */
export function isUnprocessed({
  failure,
  status,
  redirected,
}: Pick<FailedAttemptFacts, 'failure' | 'status' | 'redirected'>): boolean {
  if (redirected) return false
  const delivery = failure.delivery ?? errorCodes[failure.code].delivery
  if (delivery === 'not_sent' || failure.code === 'rate_limited') return true
  if (failure.reason === 'reduced_capacity') return true
  return status === 429 || ((status === 503 || status === 413) && failure.retryAfterMs !== undefined)
}

/** OpenAI, Anthropic and others send `x-should-retry`, Stripe sends `stripe-should-retry`. */
function serverVerdict(headers: Headers): boolean | undefined {
  const verdict = headers.get('x-should-retry') ?? headers.get('stripe-should-retry')
  return verdict === 'true' ? true : verdict === 'false' ? false : undefined
}
