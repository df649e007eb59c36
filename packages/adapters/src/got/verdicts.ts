import type { ClientVerdict } from '@holdfast/core'

type Verdicts = Readonly<Record<string, ClientVerdict | undefined>>

/** What it means that one of got's time limits passed. Up to `secureConnect` nothing was sent. */
export const timeoutVerdicts: Verdicts = {
  lookup: { code: 'dns_error', reason: 'temporary', phase: 'dns', delivery: 'not_sent' },
  connect: { code: 'connection_failed', reason: 'connect_timeout', phase: 'connect', delivery: 'not_sent' },
  secureConnect: { code: 'connection_failed', reason: 'connect_timeout', phase: 'tls', delivery: 'not_sent' },
  socket: { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' },
  send: { code: 'timeout', reason: 'attempt', phase: 'send', delivery: 'unknown' },
  response: { code: 'timeout', reason: 'headers', phase: 'headers', delivery: 'unknown', fault: 'upstream' },
  read: { code: 'timeout', reason: 'body', phase: 'body', delivery: 'answered', fault: 'upstream' },
  request: { code: 'timeout', reason: 'total', phase: 'headers', delivery: 'unknown' },
}

const truncated: ClientVerdict = {
  code: 'connection_lost',
  reason: 'truncated_body',
  phase: 'body',
  delivery: 'answered',
}

/** What got's own codes mean where no answer decides. */
export const failureVerdicts: Verdicts = {
  ERR_ABORTED: { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' },
  ERR_CANCELED: { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' },
  ERR_TOO_MANY_REDIRECTS: {
    code: 'configuration_error',
    reason: 'redirect',
    phase: 'headers',
    delivery: 'answered',
  },
  ERR_UNSUPPORTED_PROTOCOL: {
    code: 'configuration_error',
    reason: 'invalid_url',
    phase: 'local',
    delivery: 'not_sent',
  },
  ERR_BODY_PARSE_FAILURE: { code: 'schema_mismatch', reason: 'not_json', phase: 'parse', delivery: 'answered' },
  ERR_HTTP_CONTENT_LENGTH_MISMATCH: truncated,
}
