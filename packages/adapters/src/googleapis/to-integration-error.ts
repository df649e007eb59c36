import {
  toIntegrationError as describe,
  type ClientFailure,
  type ClientVerdict,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { provider } from './provider.ts'

/** What is read of a `GaxiosError`, the error of googleapis and google-auth-library, of any version and copy. */
interface GaxiosErrorLike {
  readonly config?: { readonly method?: unknown; readonly url?: unknown; readonly signal?: AbortSignal }
  readonly response?: { readonly status: number; readonly headers?: unknown; readonly data?: unknown }
  readonly code?: unknown
  readonly message?: unknown
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
      ? withoutAnswer(error)
      : { answer: { status: response.status, headers: response.headers, body: response.data, response } }),
    ...(typeof url === 'string' || url instanceof URL
      ? { endpoint: `${typeof config.method === 'string' ? config.method : 'GET'} ${String(url)}` }
      : {}),
  }
}

function withoutAnswer({ config, code, message, cause, error }: GaxiosErrorLike): ClientFailure {
  // gaxios 7 has no code for an abort, but keeps the signal, to which it has added its own time limit.
  const reason = config?.signal?.reason as { readonly name?: unknown } | undefined
  const name = code ?? reason?.name
  const own = typeof name === 'string' ? verdicts[name] : undefined
  if (own !== undefined) return { verdict: own }
  if (typeof message === 'string' && message.startsWith('Invalid response body')) return { verdict: truncated }
  const native = cause ?? error
  // node-fetch, which gaxios uses, keeps the system call under a name of its own.
  const { erroredSysCall } = (native ?? {}) as { readonly erroredSysCall?: unknown }
  return { cause: erroredSysCall === undefined ? native : { code, message, syscall: erroredSysCall } }
}

/** gaxios takes over the name of an abort reason: the error underneath is an AbortError either way. */
const verdicts: Readonly<Record<string, ClientVerdict | undefined>> = {
  TimeoutError: { code: 'timeout', reason: 'total', phase: 'headers', delivery: 'unknown' },
  AbortError: { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' },
}

const truncated: ClientVerdict = {
  code: 'connection_lost',
  reason: 'truncated_body',
  phase: 'body',
  delivery: 'answered',
}
