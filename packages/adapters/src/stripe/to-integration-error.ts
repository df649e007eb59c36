import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { provider } from './provider.ts'
import { lateBody, lateHeaders, truncated, typeVerdicts } from './verdicts.ts'

/** What is read of a `StripeError`, of any version and copy. */
interface StripeErrorLike {
  /** The name of the class, for example `StripeCardError`. */
  readonly type?: unknown
  readonly rawType?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly statusCode?: unknown
  readonly headers?: unknown
  readonly raw?: unknown
  readonly requestId?: unknown
  /** Of a `StripeConnectionError`: the native error. */
  readonly detail?: unknown
}

/**
 * The `IntegrationError` that describes what the Stripe SDK threw. What is no error of Stripe is described as far as it can
 * be; an `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its body over.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read, provider })
}

function read(error: StripeErrorLike): ClientFailure | undefined {
  const { type, rawType, code, message, statusCode, headers, detail } = error
  if (typeof type !== 'string' || !('raw' in error)) return undefined
  if (type === 'StripeConnectionError') return { ...connection(error), cause: detail }
  const verdict = typeVerdicts[type]
  return {
    ...(typeof statusCode === 'number'
      ? { answer: { status: statusCode, headers, body: { error: { type: rawType, code, message } } } }
      : {}),
    ...(verdict === undefined ? {} : { verdict }),
  }
}

/**
 * The SDK's own time limit makes an error with a code of the system, but without a system call. Only what failed after the
 * headers has a request id.
 */
function connection({ detail, message, requestId }: StripeErrorLike): ClientFailure {
  const { code, syscall } = (detail ?? {}) as { readonly code?: unknown; readonly syscall?: unknown }
  const isOwnTimeout =
    (code === 'ETIMEDOUT' && syscall === undefined) || String(message).startsWith('Request aborted due to timeout')
  const isAnswered = typeof requestId === 'string'
  if (isOwnTimeout) return { verdict: isAnswered ? lateBody : lateHeaders }
  if (isAnswered) return { verdict: truncated }
  return { otherwise: { code: 'connection_lost', reason: 'network', delivery: 'unknown' } }
}
