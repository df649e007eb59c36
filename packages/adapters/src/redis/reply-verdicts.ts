import type { ClientVerdict } from '@holdfast/core'

const answered = (code: ClientVerdict['code'], reason: string, more: Partial<ClientVerdict> = {}): ClientVerdict => ({
  code,
  reason,
  delivery: 'answered',
  ...more,
})

/** The server did not execute the command, and will before long. */
const later = (reason: string): ClientVerdict => answered('upstream_unavailable', reason)

/** What the first word of an error reply means. A command that is answered so has not been executed. */
export const replyVerdicts: Readonly<Record<string, ClientVerdict | undefined>> = {
  NOAUTH: answered('app_credentials_invalid', 'credentials_missing'),
  WRONGPASS: answered('app_credentials_invalid', 'password'),
  NOPERM: answered('permission_denied', 'privilege'),
  DENIED: answered('permission_denied', 'protected_mode'),

  OOM: later('memory'),
  LOADING: later('starting'),
  BUSY: later('script_running'),
  MISCONF: later('storage'),
  READONLY: later('read_only'),
  MASTERDOWN: later('replication'),
  NOREPLICAS: later('replication'),
  NOMASTERLINK: later('replication'),
  CLUSTERDOWN: later('cluster'),
  // The client follows these by itself; who sees one has met a cluster that is being changed.
  MOVED: later('cluster'),
  ASK: later('cluster'),
  TRYAGAIN: later('cluster'),
  UNKILLABLE: answered('conflict', 'locked'),

  EXECABORT: answered('invalid_request', 'transaction'),
  WRONGTYPE: answered('invalid_request', 'type'),
  CROSSSLOT: answered('invalid_request', 'cross_slot'),
  ERR: answered('invalid_request', 'command'),
  NOPROTO: answered('unsupported', 'protocol'),

  NOSCRIPT: answered('not_found', 'script', { retryable: 'now' }),
  NOGROUP: answered('not_found', 'resource'),
  BUSYGROUP: answered('conflict', 'duplicate'),
  BUSYKEY: answered('conflict', 'duplicate'),
  INPROG: answered('conflict', 'locked', { retryable: 'after' }),
  UNBLOCKED: answered('canceled', 'abort'),
}
