import { classifyFailure } from '../errors/classify-failure.ts'
import { classifyResponse } from '../errors/classify-response.ts'
import type { AttemptRecord, IntegrationErrorInit } from '../errors/integration-error.ts'
import type { CoreEventMap } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { withTimer } from '../timeout/call-signal.ts'
import { type Call, failureFacts } from './call.ts'
import { readErrorBody, tellsFailuresInBody } from './error-body.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { withProvenDelivery } from './first-hop.ts'
import type { Outcome } from './outcome.ts'

/** Sends once, under the attempt timeout or what is left of the deadline, and says what came of it. */
export async function exchange(
  call: Call,
  options: ResolvedFetchOptions,
  events: Emitter<CoreEventMap>,
): Promise<Outcome> {
  const { clock, transport } = options
  const startedMs = clock.monotonicMs()
  const remainingMs = call.deadlineAtMs - startedMs
  const init = call.initForAttempt()
  let timeoutReason: unknown
  const onTimeout = (): void => {
    timeoutReason = call.signal?.timeOut()
  }
  let outcome: Outcome
  try {
    outcome = await withTimer(clock, Math.min(options.attemptTimeoutMs, remainingMs), onTimeout, async () => {
      const response = await transport(call.input, init)
      return { kind: 'response', response, failure: await failureOf(response, call.record.url, options) }
    })
  } catch (error) {
    const isTotal = remainingMs <= options.attemptTimeoutMs
    const failure = classifyFailure(error, {
      ...(call.callerSignal === undefined ? {} : { signal: call.callerSignal }),
      ...(isTotal ? { deadlineReason: timeoutReason } : { attemptTimeoutReason: timeoutReason }),
    })
    outcome = { kind: 'error', error, failure: withProvenDelivery(failure, error, call) }
  }
  note(call, outcome, events, startedMs, clock.monotonicMs())
  return outcome
}

/** Synchronous for a success, which has nothing to wait for. */
function failureOf(
  response: Response,
  url: string,
  { connector, clock }: ResolvedFetchOptions,
): IntegrationErrorInit | undefined | Promise<IntegrationErrorInit | undefined> {
  const { status, headers } = response
  // Only a rule of the connector can make a failure of what the status calls a success; 207 is neither.
  if (status < 400 && status !== 207 && !(status === 200 && tellsFailuresInBody(connector, url))) {
    return connector?.errors === undefined
      ? undefined
      : classifyResponse({ status, headers, now: clock.now() }, connector)
  }
  // A body that breaks off or stalls is for its reader to find out; the answer is there, and its status speaks.
  return readErrorBody(response, connector)
    .catch(() => undefined)
    .then((body) => classifyResponse({ status, headers, body, now: clock.now() }, connector))
}

function note(call: Call, outcome: Outcome, events: Emitter<CoreEventMap>, startedMs: number, nowMs: number): void {
  const { attempts } = call.record
  const { failure } = outcome
  const durationMs = nowMs - startedMs
  const attempt = attempts.length + 1
  const waitedMs = call.takeWaitedMs()
  const record: AttemptRecord = {
    attempt,
    durationMs,
    ...(outcome.kind === 'response' ? { status: outcome.response.status } : {}),
    ...(failure === undefined ? {} : { code: failure.code }),
    ...(failure?.reason === undefined ? {} : { reason: failure.reason }),
    ...(waitedMs === 0 ? {} : { waitedMs }),
  }
  attempts.push(record)
  if (failure !== undefined && events.has('attempt:failed'))
    events.emit('attempt:failed', { ...call.eventFacts(nowMs), ...failureFacts(failure), attempt, durationMs })
}
