import { classifyFailure } from '../errors/classify-failure.ts'
import type { IntegrationErrorInit } from '../errors/integration-error.ts'
import type { Call } from './call.ts'
import { unsentDelivery } from './refusals.ts'

const providerFailures = {
  token: { code: 'token_refresh_failed', message: 'The token provider failed.' },
  body: { code: 'invalid_request', reason: 'body_factory', message: 'The function that makes the body failed.' },
} as const

/** What ended a call outside of an attempt: an abort during a wait, the deadline, or a token provider that failed. */
export function classifyWait(call: Call, error: unknown): IntegrationErrorInit {
  const { callerSignal, record } = call
  if (call.failedIn !== undefined)
    return { ...providerFailures[call.failedIn], cause: error, phase: 'local', delivery: unsentDelivery(record) }
  const failure = classifyFailure(error, callerSignal === undefined ? {} : { signal: callerSignal })
  return record.mayHaveActed ? failure : { ...failure, phase: 'local', delivery: 'not_sent' }
}
