import type { ClientVerdict } from '@holdfast/core'

/** One line of the table: everything that is given must hold. */
interface AxiosRule {
  readonly codes: readonly string[]
  readonly message?: RegExp
  /** Holds only for what axios found itself, without an error of the system underneath. */
  readonly own?: true
  readonly means: ClientVerdict
}

const misused = (reason: string): ClientVerdict => ({
  code: 'configuration_error',
  reason,
  phase: 'local',
  delivery: 'not_sent',
})

/** What the codes of axios mean. First match wins; some codes cover several things and are told apart by message. */
export const axiosRules: readonly AxiosRule[] = [
  {
    codes: ['ERR_CANCELED'],
    means: { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' },
  },
  {
    codes: ['ECONNABORTED'],
    message: /^Request aborted/,
    means: { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' },
  },
  // `timeout` covers the whole exchange, so it can end with the request already carried out.
  {
    codes: ['ECONNABORTED', 'ETIMEDOUT'],
    message: /^timeout of \d+ms exceeded/,
    means: { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' },
  },
  {
    codes: ['ECONNABORTED', 'ETIMEDOUT'],
    own: true,
    means: { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' },
  },
  {
    codes: ['ERR_BAD_RESPONSE', 'ECONNABORTED'],
    message: /stream has been aborted|^aborted$/,
    means: { code: 'connection_lost', reason: 'truncated_body', phase: 'body', delivery: 'answered' },
  },
  {
    codes: ['ERR_BAD_RESPONSE'],
    message: /^maxContentLength/,
    means: { code: 'schema_mismatch', reason: 'too_large', phase: 'body', delivery: 'answered' },
  },
  {
    codes: ['ERR_BAD_REQUEST', 'ERR_FR_MAX_BODY_LENGTH_EXCEEDED'],
    message: /larger than maxBodyLength/,
    means: { code: 'invalid_request', reason: 'too_large', phase: 'send', delivery: 'unknown' },
  },
  {
    codes: ['ERR_FR_TOO_MANY_REDIRECTS'],
    means: { code: 'configuration_error', reason: 'redirect', phase: 'headers', delivery: 'answered' },
  },
  { codes: ['ERR_INVALID_URL'], means: misused('invalid_url') },
  { codes: ['ERR_BAD_REQUEST'], message: /^Unsupported protocol/, means: misused('invalid_url') },
  {
    codes: ['ERR_BAD_OPTION', 'ERR_BAD_OPTION_VALUE', 'ERR_DEPRECATED', 'ERR_NOT_SUPPORT'],
    means: misused('invalid_option'),
  },
  {
    codes: ['ERR_FORM_DATA_DEPTH_EXCEEDED'],
    means: { code: 'invalid_request', reason: 'malformed', phase: 'local', delivery: 'not_sent' },
  },
]
