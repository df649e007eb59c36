import type { ClientVerdict } from '@holdfast/core'

interface MessageRule {
  readonly message: RegExp
  readonly means: ClientVerdict
}

const notSent = (reason: string): ClientVerdict => ({
  code: 'connection_failed',
  reason,
  phase: 'connect',
  delivery: 'not_sent',
})

/** What pg, pg-pool and postgres.js say themselves, of no SQLSTATE. First match wins. */
export const messageVerdicts: readonly MessageRule[] = [
  { message: /^Connection terminated due to connection timeout$/, means: notSent('connect_timeout') },
  // Of pg while it connects, and of pg-pool while all connections are taken.
  { message: /^(?:timeout expired|timeout exceeded when trying to connect)$/, means: notSent('connect_timeout') },
  {
    message: /^Connection terminated(?: unexpectedly)?$/,
    means: { code: 'connection_lost', reason: 'closed_early', phase: 'headers', delivery: 'unknown' },
  },
  // The connection broke earlier: this statement was not sent.
  { message: /^Client has encountered a connection error and is not queryable$/, means: notSent('closed') },
  {
    message: /^(?:Client was closed and is not queryable|Cannot use a pool after calling end on the pool)$/,
    means: { code: 'canceled', reason: 'shutdown', phase: 'local', delivery: 'not_sent' },
  },
  // Of postgres.js, which does not say whether the statement still waited for a connection.
  {
    message: /^write CONNECTION_CLOSED /,
    means: { code: 'connection_lost', reason: 'closed_early', phase: 'headers', delivery: 'unknown' },
  },
  { message: /^write CONNECT_TIMEOUT /, means: notSent('connect_timeout') },
  {
    message: /^write CONNECTION_ENDED /,
    means: { code: 'canceled', reason: 'shutdown', phase: 'local', delivery: 'not_sent' },
  },
  {
    message: /^write CONNECTION_DESTROYED /,
    means: { code: 'canceled', reason: 'shutdown', phase: 'headers', delivery: 'unknown' },
  },
  {
    message: /^Query read timeout$/,
    means: { code: 'timeout', reason: 'attempt', phase: 'headers', delivery: 'unknown' },
  },
  {
    message: /^The server does not support SSL connections$/,
    means: { code: 'tls_error', reason: 'protocol', phase: 'tls', delivery: 'not_sent', fault: 'platform' },
  },
  {
    message: /^SASL: .*client password must be/,
    means: { code: 'configuration_error', reason: 'credentials_missing', phase: 'local', delivery: 'not_sent' },
  },
  {
    message: /^SASL: /,
    means: { code: 'app_credentials_invalid', reason: 'authentication', phase: 'connect', delivery: 'not_sent' },
  },
]
