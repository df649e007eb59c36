import {
  toIntegrationError as describe,
  type ClientFailure,
  type ClientVerdict,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { provider } from './provider.ts'

/** What is read of an `APIError`, of any version and copy. */
interface ApiErrorLike {
  readonly message?: unknown
  readonly status?: unknown
  readonly headers?: unknown
  /** The parsed body of the answer. */
  readonly error?: unknown
}

/** What the messages of errors without an answer mean; the caller cannot change them. */
const verdicts: Readonly<Record<string, ClientVerdict | undefined>> = {
  'Request timed out.': { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' },
  'Request was aborted.': { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' },
}

/**
 * The `IntegrationError` that describes what the Anthropic SDK threw. What is no error of it is described as far as it can
 * be; an `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its body over.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read, provider })
}

function read(error: ApiErrorLike): ClientFailure | undefined {
  if (!('status' in error) || !('headers' in error) || !('requestID' in error)) return undefined
  const { status, headers, message } = error
  if (typeof status === 'number') return { answer: { status, headers, body: error.error } }
  const verdict = typeof message === 'string' ? verdicts[message] : undefined
  return {
    ...(verdict === undefined ? {} : { verdict }),
    otherwise: { code: 'connection_lost', reason: 'network', delivery: 'unknown' },
  }
}
