import { classifyFailure } from '../errors/classify-failure.ts'
import { classifyResponse } from '../errors/classify-response.ts'
import { type IntegrationError, type IntegrationErrorInit, isIntegrationError } from '../errors/integration-error.ts'
import { timeLeftFor } from '../fetch/body-deadline.ts'
import { readBoundedText } from '../fetch/bounded-text.ts'
import type { CallRecord } from '../fetch/call-record.ts'
import { integrationErrorOf } from '../fetch/explain.ts'
import { withTimer } from '../timeout/call-signal.ts'
import type { ClientCall } from './client-call.ts'

/** How long the body of a failed answer may take, within the deadline; the error is thrown without it otherwise. */
const ERROR_BODY_LIMIT_MS = 2_000

/** The error for a request that cannot be made of what the caller gave. */
export function errorOfRequest(error: unknown, call: ClientCall): IntegrationError {
  if (isIntegrationError(error)) return error
  const failure = classifyFailure(error)
  const known: IntegrationErrorInit =
    failure.code === 'unknown'
      ? {
          code: 'invalid_request',
          reason: 'malformed',
          message: 'No request can be made of the options.',
          cause: error,
        }
      : failure
  return call.error({ ...known, phase: 'local', delivery: 'not_sent' })
}

/**
 * The error for what a function made by `createFetch` threw. Ours are passed on; the caller's abort is `canceled`.
 *
 * @param record - What is known of the call, where the function noted it.
 */
export function errorOfThrown(error: unknown, call: ClientCall, record: CallRecord | undefined): IntegrationError {
  const { signal } = call
  const isGivenUp = signal?.aborted === true && signal.reason === error
  if (isIntegrationError(error)) return isGivenUp ? call.error(classifyFailure(error, { signal }), record) : error
  return call.error(record?.failure ?? classifyFailure(error, isGivenUp ? { signal } : {}), record)
}

/** The error for what broke while a body was read. */
export function errorOfBody(error: unknown, call: ClientCall): IntegrationError {
  if (isIntegrationError(error)) return error
  const { signal, response, timeoutReason } = call
  const { upstream: _status, ...failure } = classifyFailure(error, {
    ...(signal === undefined ? {} : { signal }),
    deadlineReason: timeoutReason,
    ...(response === undefined ? {} : { status: response.status }),
  })
  return call.error(failure)
}

/**
 * The error for an answer that is a failure: with the provider's own code, message and request id, for which its body is
 * read, up to 64 KiB and 2 s. `undefined` for a success, whose body is not touched.
 */
export async function errorOfResponse(response: Response, call: ClientCall): Promise<IntegrationError | undefined> {
  const known = integrationErrorOf(response)
  if (known === undefined) return undefined
  if (response.status === 207 && known.code === 'partial_failure' && call.allowPartial) return undefined
  // A refusal of ours, made into a response.
  if (known.phase === 'local') return discard(response, known)
  const body = await readErrorJson(response, call)
  return call.error({ ...describe(response, body, known, call), upstream: call.upstream(response, body) })
}

function describe(
  { status, headers }: Response,
  body: unknown,
  known: IntegrationError,
  { connector, clock }: ClientCall,
): IntegrationErrorInit {
  const now = clock.now()
  // Without a connector here, the function that fetched may still have had one.
  const failure = connector === undefined ? undefined : classifyResponse({ status, headers, body, now }, connector)
  return failure ?? classifyFailure(known)
}

async function readErrorJson(response: Response, { clock }: ClientCall): Promise<unknown> {
  const { body, headers } = response
  if (body === null || !/[/+]json/i.test(headers.get('content-type') ?? 'application/json')) {
    return discard(response, undefined)
  }
  const patience = new AbortController()
  try {
    const text = await withTimer(
      clock,
      Math.min(ERROR_BODY_LIMIT_MS, timeLeftFor(response)),
      () => patience.abort(),
      () => readBoundedText(body, patience.signal),
    )
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    // What the status and the headers say is enough for an error.
    return undefined
  }
}

/** Frees the connection of an answer that nobody will read. */
function discard<Result>(response: Response, result: Result): Result {
  void response.body?.cancel().catch(() => {})
  return result
}
