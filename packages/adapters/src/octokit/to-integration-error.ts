import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import { provider } from './provider.ts'

/** What is read of a `RequestError` and a `GraphqlResponseError`, of any version and copy. */
interface OctokitErrorLike {
  readonly name?: unknown
  readonly status?: unknown
  readonly request?: { readonly method?: string; readonly url?: string }
  readonly response?: { readonly status?: number; readonly headers?: unknown; readonly data?: unknown }
  /** Of a `GraphqlResponseError`. */
  readonly headers?: unknown
  readonly errors?: unknown
  readonly data?: unknown
}

/**
 * The `IntegrationError` that describes what Octokit threw, REST or GraphQL. What is no error of Octokit is described as far
 * as it can be; an `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its
 * body over.
 *
 * With `connector: github` the rules of that connector come first, for example those about secondary rate limits.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read, provider })
}

function read(error: OctokitErrorLike): ClientFailure | undefined {
  if (error.name === 'GraphqlResponseError') return readGraphql(error)
  if (error.name !== 'HttpError' || typeof error.status !== 'number') return undefined
  const { request, response } = error
  return {
    // A failure of the network has the status 500 as well, but no response: nothing was answered.
    ...(response === undefined
      ? { otherwise: { code: 'connection_lost', reason: 'network' } }
      : { answer: { status: error.status, headers: response.headers, body: response.data } }),
    ...(request?.url === undefined ? {} : { endpoint: `${request.method ?? 'GET'} ${request.url}` }),
  }
}

function readGraphql({ headers, errors, data }: OctokitErrorLike): ClientFailure {
  return {
    answer: { status: 200, headers, body: { errors, data } },
    // With data beside the errors a part has succeeded.
    verdict: isEmpty(data)
      ? { code: 'invalid_request', reason: 'graphql', delivery: 'answered' }
      : { code: 'partial_failure', reason: 'graphql', delivery: 'answered' },
  }
}

/** A query that failed altogether has no data, or null for each field. */
function isEmpty(data: unknown): boolean {
  return typeof data !== 'object' || data === null || Object.values(data).every((field) => field === null)
}
