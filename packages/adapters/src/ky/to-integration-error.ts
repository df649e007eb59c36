import {
  toIntegrationError as describe,
  type ClientFailure,
  type ClientVerdict,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'

/** What is read of an error of ky, of any version and copy. */
interface KyErrorLike {
  readonly name?: unknown
  readonly request?: { readonly method: string; readonly url: string }
  readonly response?: { readonly status: number; readonly headers: Headers }
  readonly data?: unknown
}

/** What the names of ky's errors mean where no answer decides. */
const verdicts: Readonly<Record<string, ClientVerdict | undefined>> = {
  // ky does not say whether `timeout` or `totalTimeout` ended it.
  TimeoutError: { code: 'timeout', reason: 'total', phase: 'headers', delivery: 'unknown' },
  SchemaValidationError: { code: 'schema_mismatch', reason: 'validation', phase: 'parse', delivery: 'answered' },
}

/**
 * The `IntegrationError` that describes what ky threw. What is no error of ky is described as far as it can be; an
 * `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its body over.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read })
}

function read(error: KyErrorLike): ClientFailure | undefined {
  const { name, request, response, data } = error
  const isSchemaError = name === 'SchemaValidationError' && 'issues' in error
  if (typeof name !== 'string' || (!isSchemaError && !isRequest(request))) return undefined
  const verdict = verdicts[name]
  return {
    ...(response === undefined
      ? {}
      : { answer: { status: response.status, headers: response.headers, body: data, response } }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(isRequest(request) ? { endpoint: `${request.method} ${request.url}` } : {}),
    // A NetworkError whose cause the runtime does not explain.
    ...(name === 'NetworkError' ? { otherwise: { code: 'connection_lost', reason: 'network' } } : {}),
  }
}

/** A `Request`, not the request of another library. */
function isRequest(request: KyErrorLike['request']): request is { readonly method: string; readonly url: string } {
  return typeof request?.url === 'string' && typeof request.method === 'string' && 'signal' in request
}
