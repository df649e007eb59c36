import type { OpenReason } from '../circuit-breaker/circuit-breaker.ts'
import type { Delivery } from '../errors/codes.ts'
import { IntegrationError, type IntegrationErrorInit } from '../errors/integration-error.ts'
import { type CallRecord, callFactsOf } from './call-record.ts'
import type { Outcome } from './outcome.ts'

/** A refusal before sending: the outcome of a call of which nothing, or nothing more, leaves. */
export function refuse(record: CallRecord, init: IntegrationErrorInit): Outcome {
  const failure: IntegrationErrorInit = { ...init, phase: 'local', delivery: unsentDelivery(record) }
  return { kind: 'refused', error: new IntegrationError({ ...failure, ...callFactsOf(record) }), failure }
}

/** What is known of a call that ends before an attempt: an earlier one may have been executed. */
export function unsentDelivery({ mayHaveActed }: CallRecord): Delivery {
  return mayHaveActed ? 'unknown' : 'not_sent'
}

/** The wait for a rate limit cannot end in time. `Infinity`: nobody knows how long it is. */
export function limitRefusal(waitMs: number): IntegrationErrorInit {
  const retryAfterMs = Math.ceil(waitMs)
  const wait = waitMs === Infinity ? 'for an unknown time' : `${retryAfterMs} ms`
  return {
    code: 'rate_limited',
    reason: 'paused',
    message: `Not sent: the rate limit asks to wait ${wait}, which is longer than this call may take.`,
    ...(waitMs === Infinity ? {} : { retryAfterMs }),
  }
}

/** A quota is used up, for which nobody waits. @param backMs - How long that lasts; one call asks again after `askMs`. */
export function quotaRefusal(askMs: number, backMs: number): IntegrationErrorInit {
  const retryAfterMs = Math.ceil(askMs)
  const ask = backMs > askMs ? `; one call asks again in ${retryAfterMs} ms` : ''
  return {
    code: 'quota_exhausted',
    reason: 'paused',
    message: `Not sent: the quota is used up and asks to wait ${Math.ceil(backMs)} ms${ask}.`,
    retryAfterMs,
  }
}

/** The call takes more than the limit ever has; no wait would help. */
export function costRefusal(cost: number): IntegrationErrorInit {
  return {
    code: 'rate_limited',
    reason: 'cost_above_limit',
    retryable: 'never',
    message: `Not sent: the call takes ${cost} units, which is more than its rate limit ever has.`,
  }
}

/** The breaker is open. Whose fault it is follows from the failure that opened it, where there was one. */
export function circuitRefusal(
  breakMs: number,
  openedBy: IntegrationErrorInit | undefined,
  reason: OpenReason,
): IntegrationErrorInit {
  const cause = openedBy === undefined ? undefined : new IntegrationError(openedBy)
  const why = reason === 'slow_calls' ? 'slow calls' : 'failures'
  const retryAfterMs = Math.ceil(breakMs)
  return {
    code: 'circuit_open',
    reason,
    retryAfterMs,
    message: `Not sent: the circuit is open after too many ${why}. Another call is let through in ${retryAfterMs} ms.`,
    ...(cause === undefined ? {} : { cause, fault: cause.fault }),
  }
}

/** Somebody isolated the circuit; nobody knows for how long. */
export function isolationRefusal(): IntegrationErrorInit {
  return { code: 'circuit_open', reason: 'isolated', message: 'Not sent: the circuit was isolated by hand.' }
}

/** The bulkhead has no place left, or none became free in time. */
export function bulkheadRefusal(reason: 'bulkhead_full' | 'bulkhead_timeout'): IntegrationErrorInit {
  const why = reason === 'bulkhead_full' ? 'its queue is full' : 'no slot became free before the deadline'
  return { code: 'overloaded', reason, message: `Not sent: the bulkhead is at its limit and ${why}.` }
}

/** A refusal as a response, for clients that only understand statuses. */
export function refusalResponse(error: IntegrationError): Response {
  const status = error.code === 'rate_limited' || error.code === 'quota_exhausted' ? 429 : 503
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (error.retryAfterMs !== undefined) headers.set('retry-after', String(Math.ceil(error.retryAfterMs / 1000)))
  return new Response(JSON.stringify({ ...error.toProblem(), status }), { status, headers })
}
