import { errorCodes } from '../errors/codes.ts'
import type { AttemptRecord, IntegrationErrorInit } from '../errors/integration-error.ts'
import { statusRules } from '../errors/status-rules.ts'
import type { Call } from './call.ts'

/**
 * A plain 409 to a key of which an earlier attempt may still be at work says that it is: draft-ietf-httpapi-idempotency-key-header-07,
 * section 2.6, and the same at providers that follow no draft. The answer of that attempt can be had with the same key later.
 */
export function withKeyInFlight(
  failure: IntegrationErrorInit | undefined,
  call: Call,
): IntegrationErrorInit | undefined {
  if (failure?.code !== 'conflict' || failure.reason !== undefined || failure.upstream?.status !== 409) return failure
  if (call.idempotencyKey === undefined || !call.record.attempts.some(mayBeAtWork)) return failure
  return { ...failure, reason: 'in_flight', retryable: 'after', delivery: 'unknown' }
}

function mayBeAtWork({ status, code }: AttemptRecord): boolean {
  if (status !== undefined) return statusRules[status]?.delivery === 'unknown'
  return code !== undefined && errorCodes[code].delivery === 'unknown'
}
