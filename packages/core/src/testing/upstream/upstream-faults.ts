/** No connection comes about. A server that was reached cannot do these, and msw's handlers neither; `flakyFetch` does. */
export type ConnectionFault =
  | 'dns_not_found'
  | 'dns_temporary'
  | 'refused'
  | 'unreachable'
  | 'connect_timeout'
  | 'tls_expired'
  | 'tls_not_yet_valid'
  | 'tls_self_signed'
  | 'tls_untrusted'
  | 'tls_wrong_host'
  | 'tls_cut'

/** The request has arrived, and no answer comes that anybody could use. */
export type AnswerFault =
  | 'reset'
  | 'close'
  | 'stale_connection'
  | 'hang'
  | 'not_http'
  | 'headers_overflow'
  | 'headers_cut'

/** The headers arrive, and something is wrong with what follows. */
export type BodyFault =
  | 'reset_after_headers'
  | 'reset_in_body'
  | 'body_cut'
  | 'chunks_cut'
  | 'chunk_malformed'
  | 'body_stalls'
  | 'body_endless'
  | 'encoding_wrong'
  | 'body_too_long'
  | 'answered_twice'

/** Something that goes wrong on purpose. */
export type UpstreamFault = ConnectionFault | AnswerFault | BodyFault

/** What each fault does. */
export const upstreamFaults: Readonly<Record<UpstreamFault, string>> = Object.freeze({
  dns_not_found: 'The name does not exist (ENOTFOUND).',
  dns_temporary: 'The resolver cannot say at the moment (EAI_AGAIN).',
  refused: 'Nobody listens there (ECONNREFUSED).',
  unreachable: 'There is no way to the host (EHOSTUNREACH).',
  connect_timeout: 'The connection does not come about within 10 seconds.',
  tls_expired: 'The certificate has expired.',
  tls_not_yet_valid: 'The certificate is not valid yet.',
  tls_self_signed: 'The certificate has signed itself.',
  tls_untrusted: 'Nobody knows the authority that signed the certificate.',
  tls_wrong_host: 'The certificate is for another host.',
  tls_cut: 'The connection is closed within the handshake.',

  reset: 'Resets the connection when the request has arrived.',
  close: 'Closes the connection when the request has arrived.',
  stale_connection: 'Resets a connection that has carried a request before; answers on a new one.',
  hang: 'Never answers.',
  not_http: 'Answers in another protocol.',
  headers_overflow: 'Sends headers beyond all measure.',
  headers_cut: 'Closes the connection within the headers.',

  reset_after_headers: 'Sends the headers, then resets the connection.',
  reset_in_body: 'Sends half of the body, then resets the connection.',
  body_cut: 'Sends half of what `content-length` announced, then closes the connection.',
  chunks_cut: 'Sends a body in chunks without the last one, then closes the connection.',
  chunk_malformed: 'Sends a chunk whose size is no number.',
  body_stalls: 'Sends half of the body, then nothing more.',
  body_endless: 'Sends the body again and again.',
  encoding_wrong: 'Says `content-encoding: gzip` of a body that is none.',
  body_too_long: 'Sends more than `content-length` announced.',
  answered_twice: 'Sends the whole answer a second time.',
})

const connectionFaults: readonly UpstreamFault[] = Object.freeze([
  'dns_not_found',
  'dns_temporary',
  'refused',
  'unreachable',
  'connect_timeout',
  'tls_expired',
  'tls_not_yet_valid',
  'tls_self_signed',
  'tls_untrusted',
  'tls_wrong_host',
  'tls_cut',
] as const satisfies readonly ConnectionFault[])

/** Whether a fault keeps the request from being sent at all. */
export function isConnectionFault(fault: UpstreamFault | undefined): fault is ConnectionFault {
  return fault !== undefined && connectionFaults.includes(fault)
}
