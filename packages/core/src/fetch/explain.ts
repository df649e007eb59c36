import { classifyFailure } from '../errors/classify-failure.ts'
import { classifyResponse } from '../errors/classify-response.ts'
import { type AttemptRecord, IntegrationError, isIntegrationError } from '../errors/integration-error.ts'
import { redactUrl } from '../errors/redact.ts'
import type { RetryStop } from '../events/core-event-map.ts'
import { type RateLimit, readRateLimit } from '../limit-reading/read-rate-limits.ts'
import { systemClock } from '../time/system-clock.ts'
import { readAnswer } from './error-body.ts'
import { type CallRecord, callFactsOf, type WaitRecord } from './call-record.ts'
import { createStamps } from './stamps.ts'
import type { Decision } from './decision.ts'

/** What Holdfast did for a call, and why. */
export interface Explanation {
  /** The id that the events of the call carry. */
  readonly callId: number
  /** `METHOD https://host/path`, query removed. */
  readonly endpoint: string
  readonly integration?: string
  readonly connection?: string
  /** Wall-clock time at which the call began, ms since the epoch. */
  readonly at: number
  /** From the begin of the call until its promise settled, in milliseconds. */
  readonly durationMs: number
  /** Every attempt in order; empty when nothing was sent. */
  readonly attempts: readonly AttemptRecord[]
  /** Every wait in order. */
  readonly waits: readonly WaitRecord[]
  /** What was decided between the attempts, and why, in order; empty when the first attempt settled the call. */
  readonly decisions: readonly Decision[]
  /** Why the failure was not, or not any more, retried. Absent when the call succeeded. */
  readonly stop?: RetryStop
  /** Key that made the write repeatable, whether generated or the caller's. */
  readonly idempotencyKey?: string
  /** What went wrong. Absent when the call succeeded. */
  readonly error?: IntegrationError
}

// Weak: it keeps nothing alive, and no state of its own.
const records = createStamps<CallRecord>()

/** Notes what is known of a call with what it returned or threw. A thrown primitive cannot be noted. */
export function remember(responseOrError: unknown, record: CallRecord): void {
  if (typeof responseOrError === 'object' && responseOrError !== null) records.set(responseOrError, record)
}

/**
 * What a function made by `createFetch` did before it returned `responseOrError` or threw it: attempts, waits, the reason
 * why it stopped. `undefined` for what did not come from such a function, for its `clone()`s and for thrown primitives. An
 * abort reason that ended several calls explains the last of them.
 */
export function explain(responseOrError: unknown): Explanation | undefined {
  const record = recordOf(responseOrError)
  if (record === undefined) return undefined
  const { callId, connector, connection, at, durationMs, stop, idempotencyKey } = record
  const error = record.failure === undefined ? undefined : integrationErrorOf(responseOrError)
  return {
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
  }
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
    return new IntegrationError({ ...record.failure, ...callFactsOf(record) })
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

function recordOf(value: unknown): CallRecord | undefined {
  return typeof value === 'object' && value !== null ? records.get(value) : undefined
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'ok' in value
}
