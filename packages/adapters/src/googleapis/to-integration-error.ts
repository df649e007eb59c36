import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { provider } from './provider.ts'

/** What is read of a `GaxiosError`, the error of googleapis and google-auth-library, of any version and copy. */
interface GaxiosErrorLike {
  readonly config?: { readonly method?: unknown; readonly url?: unknown }
  readonly response?: { readonly status: number; readonly headers?: unknown; readonly data?: unknown }
  /** The native error, in versions that do not set `cause`. */
  readonly error?: unknown
  readonly cause?: unknown
}

/**
 * The `IntegrationError` that describes what googleapis or google-auth-library threw. What is no error of theirs is described
 * as far as it can be; an `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor
 * its body over.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read, provider })
}

function read(error: GaxiosErrorLike): ClientFailure | undefined {
  const { config, response } = error
  if (typeof config !== 'object' || !('error' in error || 'code' in error)) return undefined
  const url = config.url
  return {
    ...(response === undefined
      ? { cause: error.cause ?? error.error ?? error }
      : { answer: { status: response.status, headers: response.headers, body: response.data, response } }),
    ...(typeof url === 'string' || url instanceof URL
      ? { endpoint: `${typeof config.method === 'string' ? config.method : 'GET'} ${String(url)}` }
      : {}),
  }
}
