import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { provider } from './provider.ts'

/** What is read of a `RestException` or `TwilioServiceException`, and of what the SDK's HTTP client throws. */
interface TwilioErrorLike {
  readonly status?: unknown
  readonly code?: unknown
  readonly moreInfo?: unknown
  readonly message?: unknown
  readonly cause?: unknown
  readonly isAxiosError?: unknown
}

/**
 * The `IntegrationError` that describes what the Twilio SDK threw. What is no error of Twilio is described as far as it can
 * be; an `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its body over.
 *
 * The SDK keeps no headers of an answer, so that a 429 has no `retryAfterMs`.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read, provider })
}

function read(error: TwilioErrorLike): ClientFailure | undefined {
  const { status, code, message, isAxiosError } = error
  if (isAxiosError === true) return readTransport(error)
  // JSON that is not Twilio's leaves `code` and `moreInfo` undefined; without JSON there is only the message that the SDK makes.
  const isTwilio =
    typeof code === 'number' || 'moreInfo' in error || (typeof message === 'string' && message.startsWith('[HTTP '))
  if (typeof status !== 'number' || !isTwilio) return undefined
  return { answer: { status, body: { code, message } } }
}

/** The SDK's HTTP client is axios, whose errors come through as they are. It accepts every status. */
function readTransport({ code, cause }: TwilioErrorLike): ClientFailure {
  // Its own time limit borrows a code of the system's, without an error of the system underneath.
  if (cause === undefined && (code === 'ECONNABORTED' || code === 'ETIMEDOUT'))
    return { verdict: { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' } }
  if (code === 'ERR_BAD_RESPONSE')
    return { verdict: { code: 'connection_lost', reason: 'truncated_body', phase: 'body', delivery: 'answered' } }
  return { otherwise: { code: 'connection_lost', reason: 'network', delivery: 'unknown' } }
}
