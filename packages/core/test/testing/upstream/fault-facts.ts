import type { UpstreamFault } from '../../../src/testing/index.ts'
import type { Facts } from '../../errors/failure-facts.ts'

const notSent = { delivery: 'not_sent', phase: 'connect', fault: 'network' } as const
const tls = { code: 'tls_error', delivery: 'not_sent', phase: 'tls', fault: 'upstream' } as const
const lost = { code: 'connection_lost', delivery: 'unknown', phase: 'headers', fault: 'network' } as const
const cut: Facts = {
  code: 'connection_lost',
  reason: 'truncated_body',
  delivery: 'answered',
  phase: 'body',
  fault: 'network',
}
const notHttp = { code: 'schema_mismatch', delivery: 'answered', phase: 'headers', fault: 'upstream' } as const

/** What each fault means to the taxonomy; `undefined` where the call goes well. */
export const faultFacts: Readonly<Record<UpstreamFault, Facts | undefined>> = {
  dns_not_found: { code: 'dns_error', reason: 'not_found', delivery: 'not_sent', phase: 'dns', fault: 'platform' },
  dns_temporary: { code: 'dns_error', reason: 'temporary', delivery: 'not_sent', phase: 'dns', fault: 'network' },
  refused: { ...notSent, code: 'connection_failed', reason: 'refused' },
  unreachable: { ...notSent, code: 'connection_failed', reason: 'unreachable' },
  connect_timeout: { ...notSent, code: 'connection_failed', reason: 'connect_timeout' },
  tls_expired: { ...tls, reason: 'expired' },
  tls_not_yet_valid: { ...tls, reason: 'not_yet_valid' },
  tls_self_signed: { ...tls, reason: 'self_signed' },
  tls_untrusted: { ...tls, reason: 'untrusted' },
  tls_wrong_host: { ...tls, reason: 'name_mismatch' },
  tls_cut: { ...notSent, code: 'connection_failed', reason: 'reset', phase: 'tls' },
  reset: { ...lost, reason: 'reset' },
  close: { ...lost, reason: 'closed_early' },
  stale_connection: { ...lost, reason: 'reset' },
  hang: { code: 'timeout', reason: 'headers', delivery: 'unknown', phase: 'headers', fault: 'upstream' },
  not_http: { ...notHttp, reason: 'not_http' },
  headers_overflow: { ...notHttp, reason: 'header_overflow' },
  headers_cut: { ...lost, reason: 'closed_early' },
  reset_after_headers: cut,
  reset_in_body: cut,
  body_cut: cut,
  chunks_cut: cut,
  chunk_malformed: { ...notHttp, reason: 'not_http', phase: 'body' },
  body_stalls: { code: 'timeout', reason: 'body', delivery: 'answered', phase: 'body', fault: 'upstream' },
  body_endless: undefined,
  encoding_wrong: { ...notHttp, reason: 'bad_encoding', phase: 'body' },
  body_too_long: undefined,
  answered_twice: undefined,
}
