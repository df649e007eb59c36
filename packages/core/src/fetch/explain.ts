import { classifyFailure } from '../errors/classify-failure.ts'
import { classifyResponse } from '../errors/classify-response.ts'
import { IntegrationError, isIntegrationError } from '../errors/integration-error.ts'
import { redactUrl } from '../errors/redact.ts'
import { type RateLimit, readRateLimit } from '../limit-reading/read-rate-limits.ts'
import { systemClock } from '../time/system-clock.ts'
import { readAnswer } from './error-body.ts'
import { type CallRecord, callFactsOf } from './call-record.ts'
import { createStamps } from './stamps.ts'
import type { Explanation } from './explanation.ts'
import { explanationText } from './explanation-text.ts'

// Weak: it keeps nothing alive, and no state of its own.
const records = createStamps<CallRecord>()

/** Notes what is known of a call with what it returned or threw. A thrown primitive cannot be noted. */
export function remember(responseOrError: unknown, record: CallRecord): void {
  if (typeof responseOrError === 'object' && responseOrError !== null) records.set(responseOrError, record)
}

/**
 * What a function made by `createFetch` did before it returned `responseOrError` or threw it, or before a client made by
 * `createClient` threw it: attempts, waits, the reason why it stopped. `undefined` for what did not come from such a call,
 * for its `clone()`s and for thrown primitives. An abort reason that ended several calls explains the last of them.
 */
export function explain(responseOrError: unknown): Explanation | undefined {
  const record = recordOf(responseOrError)
  if (record === undefined) return undefined
  const { callId, connector, connection, at, durationMs, stop, idempotencyKey } = record
  const error = integrationErrorOf(responseOrError)
  return printable({
    callId,
    endpoint: redactUrl(`${record.method} ${record.url}`),
    at,
    durationMs,
    attempts: [...record.attempts],
    waits: [...record.waits],
    decisions: [...record.decisions],
    ...(connector === undefined ? {} : { integration: connector.id }),
    ...(connection === undefined ? {} : { connection }),
    ...(stop === undefined ? {} : { stop }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(error === undefined ? {} : { error }),
  })
}

// Node.js, Bun and Deno look this up to print a value.
const inspectCustom: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Gives the data its text, out of sight of whoever looks through it. */
function printable(explanation: Explanation): Explanation {
  const value = (): string => explanationText(explanation)
  return Object.defineProperties(explanation, { toString: { value }, [inspectCustom]: { value } })
}

/**
 * The `IntegrationError` that describes what `fetch` returned or threw; `undefined` for a success. An `IntegrationError` is
 * returned as it is. Works on any Response or error; one that came from `createFetch` is described with its attempts and
 * by the rules of its connector.
 */
export function integrationErrorOf(responseOrError: unknown): IntegrationError | undefined {
  if (isIntegrationError(responseOrError)) return responseOrError
  const record = recordOf(responseOrError)
  if (record !== undefined) {
    if (record.failure === undefined) return undefined
    const error = new IntegrationError({ ...record.failure, ...callFactsOf(record) })
    remember(error, record)
    return error
  }
  const failure = isResponse(responseOrError)
    ? classifyResponse({ status: responseOrError.status, headers: responseOrError.headers, now: systemClock.now() })
    : classifyFailure(responseOrError)
  return failure === undefined ? undefined : new IntegrationError(failure)
}

/** What the response says of the provider's rate limit; `undefined` when it says nothing. */
export function rateLimitOf(response: Response): RateLimit | undefined {
  const record = recordOf(response)
  const now = record === undefined ? systemClock.now() : record.at + record.durationMs
  return readRateLimit(readAnswer(response), now, record?.connector)
}

/** What was noted with `remember`. */
export function recordOf(value: unknown): CallRecord | undefined {
  return typeof value === 'object' && value !== null ? records.get(value) : undefined
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'ok' in value
}
