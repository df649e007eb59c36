import { classifyFailure } from '../errors/classify-failure.ts'
import { classifyResponse } from '../errors/classify-response.ts'
import type { IntegrationErrorInit } from '../errors/integration-error.ts'
import type { AttemptTimer } from '../timeout/attempt-timer.ts'
import type { Call } from './call.ts'
import { readErrorBody } from './error-body.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { withProvenDelivery } from './first-hop.ts'
import type { Outcome } from './outcome.ts'
import type { Route } from './route.ts'

/** What an answer means; nothing for a success. A promise only where the body has to be looked into. */
export function failureOf(
  response: Response,
  { tellsFailuresInBody }: Route,
  { connector, clock, judgesSuccesses }: ResolvedFetchOptions,
): IntegrationErrorInit | undefined | Promise<IntegrationErrorInit | undefined> {
  const { status } = response
  // Only a rule of the connector can make a failure of what the status calls a success; 207 is neither.
  if (status < 400 && status !== 207 && !(status === 200 && tellsFailuresInBody)) {
    if (!judgesSuccesses) return undefined
    return classifyResponse({ status, headers: response.headers, now: clock.now() }, connector)
  }
  // A body that breaks off or stalls is for its reader to find out; the answer is there, and its status speaks.
  return readErrorBody(response, connector)
    .catch(() => undefined)
    .then((body) => classifyResponse({ status, headers: response.headers, body, now: clock.now() }, connector))
}

/** What became of an attempt that threw. */
export function thrown(error: unknown, call: Call, timer: AttemptTimer): Outcome {
  const failure = classifyFailure(error, {
    ...(call.callerSignal === undefined ? {} : { signal: call.callerSignal }),
    ...(timer.isTotal ? { deadlineReason: timer.reason } : { attemptTimeoutReason: timer.reason }),
  })
  return { kind: 'error', error, failure: withProvenDelivery(failure, error, call) }
}
