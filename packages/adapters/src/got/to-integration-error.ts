import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { failureVerdicts, timeoutVerdicts } from './verdicts.ts'

/** What is read of an error of got, of any version and copy. */
interface GotErrorLike {
  readonly name?: unknown
  readonly code?: unknown
  /** Of a `TimeoutError`: which of got's time limits passed. */
  readonly event?: unknown
  readonly timings?: unknown
  readonly options?: { readonly method?: unknown; readonly url?: unknown }
  readonly response?: { readonly statusCode: number; readonly headers: object; readonly body?: unknown }
}

/**
 * The `IntegrationError` that describes what got threw. What is no error of got is described as far as it can be; an
 * `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its body over.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read })
}

function read(error: GotErrorLike): ClientFailure | undefined {
  if (!('options' in error) || !('timings' in error) || typeof error.code !== 'string') return undefined
  const { name, code, event, response, options } = error
  const verdict = name === 'TimeoutError' && typeof event === 'string' ? timeoutVerdicts[event] : failureVerdicts[code]
  const method = typeof options?.method === 'string' ? options.method : 'GET'
  const url = options?.url
  return {
    // After a timeout the response of an earlier redirect may still be there: it is not the answer.
    ...(response === undefined || name === 'TimeoutError'
      ? {}
      : { answer: { status: response.statusCode, headers: response.headers, body: response.body } }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(typeof url === 'string' || url instanceof URL ? { endpoint: `${method} ${String(url)}` } : {}),
  }
}
