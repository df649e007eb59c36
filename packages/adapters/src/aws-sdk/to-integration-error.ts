import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { provider } from './provider.ts'

/** What is read of a `ServiceException` of the AWS SDK v3, of any version and copy. */
interface AwsErrorLike {
  /** The code of the service, for example `ThrottlingException`. */
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly syscall?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
  readonly $response?: { readonly statusCode?: number; readonly headers?: object }
}

/**
 * The `IntegrationError` that describes what the AWS SDK v3 threw. What is no error of AWS is described as far as it can be;
 * an `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its body over.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read, provider })
}

function read(error: AwsErrorLike): ClientFailure | undefined {
  const { name, message, $metadata, $response } = error
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return noCredentials
  // The SDK puts $metadata on failures of the network as well, without a status.
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  if (status === undefined && name === 'TimeoutError') return timeoutOf(error)
  if (status === undefined) return undefined
  const requestId = $metadata?.requestId
  // What follows the first line repeats the request: the message about a wrong signature shows all signed headers.
  const text = typeof message === 'string' ? message.split('\n', 1)[0] : undefined
  return {
    answer: {
      status,
      headers: { ...$response?.headers, ...(requestId === undefined ? {} : { 'x-amzn-requestid': requestId }) },
      body: { code: name, message: text },
    },
  }
}

const noCredentials: ClientFailure = {
  verdict: { code: 'configuration_error', reason: 'credentials_missing', phase: 'local', delivery: 'not_sent' },
}

/** The handler's own limits, and what it renames so: errors of the system, which have a system call or another code. */
function timeoutOf({ message, code, syscall }: AwsErrorLike): ClientFailure | undefined {
  if (syscall !== undefined || (code !== undefined && code !== 'ETIMEDOUT')) return undefined
  const isConnecting = /did not establish a connection|connection timed out/i.test(String(message))
  return isConnecting
    ? { verdict: { code: 'connection_failed', reason: 'connect_timeout', phase: 'connect', delivery: 'not_sent' } }
    : { verdict: { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' } }
}
