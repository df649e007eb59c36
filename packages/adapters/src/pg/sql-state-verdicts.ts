import type { ClientVerdict } from '@holdfast/core'

const answered = (code: ClientVerdict['code'], reason: string, more: Partial<ClientVerdict> = {}): ClientVerdict => ({
  code,
  reason,
  delivery: 'answered',
  ...more,
})

/** The server ended the connection. A statement that it was working on may have been committed before. */
const stopped = (reason: string): ClientVerdict => ({ code: 'upstream_unavailable', reason, delivery: 'unknown' })

/** The server did not let us in, so that no statement was sent. */
const notAdmitted = (reason: string): ClientVerdict => ({
  code: 'upstream_unavailable',
  reason,
  phase: 'connect',
  delivery: 'not_sent',
})

const refused = (reason: string): ClientVerdict => ({
  code: 'app_credentials_invalid',
  reason,
  phase: 'connect',
  delivery: 'not_sent',
})

/** Rolled back: the same transaction, from its beginning, may succeed at once. */
const repeatable = (reason: string): ClientVerdict => answered('conflict', reason, { retryable: 'now' })

/**
 * What a SQLSTATE means, or its class (two characters) where the state has no line of its own. An error that the server
 * answers has rolled back its statement: `answered`, and without effect.
 *
 * PostgreSQL 18, appendix A.
 */
export const sqlStateVerdicts: Readonly<Record<string, ClientVerdict | undefined>> = {
  '08': { code: 'connection_lost', reason: 'closed_early', delivery: 'unknown' },
  '08001': { code: 'connection_failed', reason: 'unreachable', phase: 'connect', delivery: 'not_sent' },
  '08004': { code: 'connection_failed', reason: 'refused', phase: 'connect', delivery: 'not_sent' },
  '08P01': answered('schema_mismatch', 'protocol'),

  '0A': answered('unsupported', 'feature'),

  '22': answered('invalid_request', 'validation'),

  '23': answered('conflict', 'constraint'),
  '23502': answered('invalid_request', 'not_null'),
  '23503': answered('conflict', 'reference'),
  '23505': answered('conflict', 'duplicate'),
  '23514': answered('invalid_request', 'check'),
  '23P01': answered('conflict', 'duplicate'),

  '25': answered('invalid_request', 'transaction_state'),
  // The server is a standby, or has become one.
  '25006': answered('upstream_unavailable', 'read_only', { retryable: 'after' }),
  '25P02': answered('conflict', 'transaction_aborted'),
  '25P03': answered('timeout', 'idle_in_transaction', { phase: 'send', fault: 'caller' }),
  '25P04': answered('timeout', 'transaction', { phase: 'headers' }),

  '28': refused('not_authorized'),
  '28P01': refused('password'),

  '3D': {
    code: 'configuration_error',
    reason: 'database_missing',
    phase: 'connect',
    delivery: 'not_sent',
  },

  '3F': answered('configuration_error', 'schema_missing'),

  '40': repeatable('rolled_back'),
  '40001': repeatable('serialization'),
  '40002': answered('conflict', 'constraint'),
  '40003': { code: 'connection_lost', reason: 'completion_unknown', delivery: 'unknown' },
  '40P01': repeatable('deadlock'),

  '42': answered('invalid_request', 'statement'),
  '42501': answered('permission_denied', 'privilege'),

  '53': answered('upstream_unavailable', 'overloaded'),
  '53100': answered('upstream_unavailable', 'storage'),
  '53200': answered('upstream_unavailable', 'memory'),
  '53300': notAdmitted('too_many_connections'),

  '54': answered('invalid_request', 'too_large'),

  '55': answered('conflict', 'state'),
  '55006': answered('conflict', 'locked', { retryable: 'after' }),
  '55P03': answered('conflict', 'locked', { retryable: 'after' }),

  '57': stopped('intervention'),
  '57014': answered('timeout', 'statement', { phase: 'headers' }),
  // The statement was rolled back, unless it was a commit that waited for a standby: that one stands.
  '57P01': stopped('shutdown'),
  '57P02': stopped('crash'),
  '57P03': notAdmitted('starting'),
  '57P04': stopped('database_dropped'),
  '57P05': { code: 'connection_failed', reason: 'idle_timeout', delivery: 'not_sent' },

  '58': answered('upstream_error', 'system'),
  P0: answered('invalid_request', 'raised'),
  XX: answered('upstream_error', 'internal'),
}
