import { classifyFailure } from '../errors/classify-failure.ts'
import { classifyResponse } from '../errors/classify-response.ts'
import { IntegrationError } from '../errors/integration-error.ts'
import type { Attempt } from './attempt.ts'
import type { Call } from './call.ts'
import { readErrorBody } from './error-body.ts'
import { recordOf } from './explain.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { withProvenDelivery } from './first-hop.ts'
import { withKeyInFlight } from './key-in-flight.ts'
import type { Outcome } from './outcome.ts'

/**
 * Sends a request and says what came of it, to `end` as well, before anybody else hears of it. What an async function keeps while
 * it waits it keeps for every call, so there is this one, with few variables.
 */
export async function exchange(
  attempt: Attempt,
  options: ResolvedFetchOptions,
  end: (attempt: Attempt, outcome: Outcome) => void,
): Promise<Outcome> {
  const { call } = attempt
  // Not called as a member of the options: the `fetch` of browsers and Workers throws when `this` is something else.
  const { transport } = options
  let outcome: Outcome
  try {
    const response = await transport(call.input, call.initFor(attempt, options.attemptTimeoutMs))
    checkAnswer(response)
    const answer = answered(response, call, options)
    outcome = answer instanceof Promise ? await answer : answer
  } catch (error) {
    outcome = thrown(error, attempt)
  }
  attempt.timer.cancel()
  end(attempt, outcome)
  return outcome
}

/**
 * A stand-in for `fetch` may answer with anything. What the policies could not read would end them half-way, with a slot that
 * nobody gives back.
 */
function checkAnswer(answer: unknown): void {
  const { status, headers } = (answer ?? {}) as { readonly status?: unknown; readonly headers?: Partial<Headers> }
  const lacks = typeof status !== 'number' ? 'status' : typeof headers?.get !== 'function' ? 'headers' : undefined
  if (lacks === undefined) return
  throw new IntegrationError({
    code: 'configuration_error',
    reason: 'no_response',
    phase: 'headers',
    delivery: 'unknown',
    message: `Expected the transport to answer with a Response, got something without \`${lacks}\`.`,
  })
}

/** What an answer means. A promise only where the body has to be looked into. */
function answered(response: Response, call: Call, options: ResolvedFetchOptions): Outcome | Promise<Outcome> {
  const { status } = response
  const below = options.learnsFromTransport ? recordOf(response) : undefined
  if (below !== undefined) return { kind: 'response', response, failure: withKeyInFlight(below.failure, call) }
  // Only a rule of the connector can make a failure of what the status calls a success; 207 is neither.
  if (status < 400 && status !== 207 && !(status === 200 && call.route.tellsFailuresInBody))
    return options.judgesSuccesses
      ? judged(response, call, options)
      : { kind: 'response', response, failure: undefined }
  return judgedWithBody(response, call, options)
}

function judgedWithBody(response: Response, call: Call, options: ResolvedFetchOptions): Promise<Outcome> {
  // A body that breaks off or stalls is for its reader to find out; the answer is there, and its status speaks.
  return readErrorBody(response, options.connector, options.clock).then(
    (body) => judged(response, call, options, body),
    () => judged(response, call, options),
  )
}

function judged(response: Response, call: Call, { connector, clock }: ResolvedFetchOptions, body?: unknown): Outcome {
  const facts = { status: response.status, headers: response.headers, body, now: clock.now() }
  return { kind: 'response', response, failure: withKeyInFlight(classifyResponse(facts, connector), call) }
}

/** What became of an attempt that threw. */
function thrown(error: unknown, attempt: Attempt): Outcome {
  const { call, timer } = attempt
  const failure = classifyFailure(error, {
    ...(call.callerSignal === undefined ? {} : { signal: call.callerSignal }),
    ...(timer.isTotal ? { deadlineReason: timer.reason } : { attemptTimeoutReason: timer.reason }),
  })
  // Some transports, such as node-fetch, throw an error of their own when they are aborted, whatever the reason is.
  const isTimeout = failure.code === 'canceled' && timer.reason !== undefined && call.callerSignal?.aborted !== true
  if (isTimeout) return thrown(timer.reason, attempt)
  return { kind: 'error', error, failure: withProvenDelivery(failure, error, call) }
}
