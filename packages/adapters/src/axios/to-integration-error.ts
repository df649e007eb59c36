import {
  toIntegrationError as describe,
  type ClientFailure,
  type IntegrationError,
  type ToIntegrationErrorOptions,
} from '@holdfast/core'
import type { AxiosErrorLike } from './client.ts'
import { axiosRules } from './verdicts.ts'

/**
 * The `IntegrationError` that describes what axios threw. What is no error of axios is described as far as it can be; an
 * `IntegrationError` is returned as it is. Never throws, and takes neither the request's headers nor its body over.
 *
 * @param error - What was caught, or something that has it as `cause`.
 */
export function toIntegrationError(error: unknown, options: ToIntegrationErrorOptions = {}): IntegrationError {
  return describe(error, { ...options, read })
}

function read(error: AxiosErrorLike): ClientFailure | undefined {
  if (error.isAxiosError !== true && error.__CANCEL__ !== true) return undefined
  const { response } = error
  const verdict = axiosRules.find((rule) => matches(rule, error))?.means
  const endpoint = endpointOf(error.config)
  return {
    ...(response === undefined
      ? {}
      : { answer: { status: response.status, headers: response.headers, body: response.data } }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(endpoint === undefined ? {} : { endpoint }),
    // ERR_NETWORK of a browser: it does not say whether the request left.
    otherwise: { code: 'connection_lost', reason: 'network', delivery: 'unknown' },
  }
}

function matches({ codes, message, own }: (typeof axiosRules)[number], error: AxiosErrorLike): boolean {
  if (typeof error.code !== 'string' || !codes.includes(error.code)) return false
  if (own === true && error.cause !== undefined) return false
  return message === undefined || (typeof error.message === 'string' && message.test(error.message))
}

function endpointOf(config: AxiosErrorLike['config']): string | undefined {
  const { method = 'get', url = '', baseURL } = config ?? {}
  const isAbsolute = baseURL === undefined || /^(?:[a-z][a-z\d+.-]*:)?\/\//i.test(url)
  const target = isAbsolute ? url : `${baseURL.replace(/\/+$/, '')}/${url.replace(/^\/+/, '')}`
  return target === '' ? undefined : `${method.toUpperCase()} ${target}`
}
