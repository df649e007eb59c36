import type { UpstreamFault } from './upstream-faults.ts'

/** What lies under the error that a `fetch` throws, as undici and Node.js make it. */
interface NativeError {
  readonly name?: string
  readonly message: string
  readonly code?: string
  readonly syscall?: string
}

const reset: NativeError = { message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read' }
const closed: NativeError = { name: 'SocketError', message: 'other side closed', code: 'UND_ERR_SOCKET' }
const headersTimeout: NativeError = {
  name: 'HeadersTimeoutError',
  message: 'Headers Timeout Error',
  code: 'UND_ERR_HEADERS_TIMEOUT',
}
const notHttp: NativeError = { name: 'HTTPParserError', message: 'Response does not match the HTTP/1.1 protocol' }

/** What a fault rejects the call with. */
const callErrors: Readonly<Partial<Record<UpstreamFault, NativeError>>> = {
  dns_not_found: { message: 'getaddrinfo ENOTFOUND', code: 'ENOTFOUND', syscall: 'getaddrinfo' },
  dns_temporary: { message: 'getaddrinfo EAI_AGAIN', code: 'EAI_AGAIN', syscall: 'getaddrinfo' },
  refused: { message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', syscall: 'connect' },
  unreachable: { message: 'connect EHOSTUNREACH', code: 'EHOSTUNREACH', syscall: 'connect' },
  connect_timeout: {
    name: 'ConnectTimeoutError',
    message: 'Connect Timeout Error',
    code: 'UND_ERR_CONNECT_TIMEOUT',
  },
  tls_expired: { message: 'certificate has expired', code: 'CERT_HAS_EXPIRED' },
  tls_not_yet_valid: { message: 'certificate is not yet valid', code: 'CERT_NOT_YET_VALID' },
  tls_self_signed: { message: 'self-signed certificate', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  tls_untrusted: { message: 'unable to verify the first certificate', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
  tls_wrong_host: {
    message: "Hostname/IP does not match certificate's altnames",
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  tls_cut: {
    message: 'Client network socket disconnected before secure TLS connection was established',
    code: 'ECONNRESET',
  },
  reset,
  stale_connection: reset,
  close: closed,
  headers_cut: closed,
  hang: headersTimeout,
  not_http: notHttp,
  headers_overflow: {
    name: 'HeadersOverflowError',
    message: 'Headers Overflow Error',
    code: 'UND_ERR_HEADERS_OVERFLOW',
  },
}

/** What a fault ends the body with. */
const bodyErrors: Readonly<Partial<Record<UpstreamFault, NativeError>>> = {
  reset_after_headers: reset,
  reset_in_body: reset,
  body_cut: closed,
  chunks_cut: closed,
  chunk_malformed: notHttp,
  body_stalls: { name: 'BodyTimeoutError', message: 'Body Timeout Error', code: 'UND_ERR_BODY_TIMEOUT' },
  encoding_wrong: { message: 'incorrect header check', code: 'Z_DATA_ERROR' },
}

/** The error with which `fetch` rejects for a fault; `undefined` when the headers arrive. */
export function callErrorOf(fault: UpstreamFault | undefined): TypeError | undefined {
  const native = fault === undefined ? undefined : callErrors[fault]
  return native && new TypeError('fetch failed', { cause: errorOf(native) })
}

/** The error with which reading the body ends for a fault; `undefined` when it arrives. */
export function bodyErrorOf(fault: UpstreamFault | undefined): TypeError | undefined {
  const native = fault === undefined ? undefined : bodyErrors[fault]
  return native && new TypeError('terminated', { cause: errorOf(native) })
}

function errorOf({ message, ...facts }: NativeError): Error {
  return Object.assign(new Error(message), facts)
}
