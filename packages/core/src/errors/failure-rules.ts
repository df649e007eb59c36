import { dns, type FailureRule, lost, malformed, notSent, refusedLocally, tls } from './failure-rule.ts'
import { otherRuntimeRules } from './other-runtime-rules.ts'

/** What a `fetch` throws that does not say what happened, as browsers do not. Asked when no link of the chain is known. */
export const opaqueFailure: FailureRule = {
  names: ['TypeError'],
  message: /^(?:failed to fetch|fetch failed|load failed|networkerror when attempting to fetch)/i,
  means: lost('network'),
}

/**
 * What native errors of fetch, undici, Node's net, tls, dns, http2 and zlib mean. First match wins, so what is specific
 * stands above what is general. Some failures have no code on some versions of Node and are known by name or message only.
 */
export const failureRules: readonly FailureRule[] = [
  // Proxies. undici uses its code for aborts here, so the message decides.
  { message: /^Proxy response \(\d+\)/, means: notSent('proxy') },
  { codes: ['UND_ERR_PRX_TLS', 'UND_ERR_PRX_CONN', 'UND_ERR_SOCKS5*'], means: notSent('proxy') },

  // Name resolution.
  { codes: ['ENOTFOUND', 'EAI_NODATA', 'EAI_NONAME', 'ENODATA'], means: dns('not_found') },
  { codes: ['EAI_AGAIN', 'EAI_FAIL', 'ESERVFAIL', 'ETIMEOUT', 'EREFUSED'], means: dns('temporary') },

  // Connecting.
  { codes: ['ECONNREFUSED'], means: notSent('refused') },
  {
    codes: ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'ENOENT'],
    syscall: 'connect',
    means: notSent('unreachable'),
  },
  { codes: ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL'], means: notSent('unreachable') },
  {
    codes: ['EMFILE', 'ENFILE', 'ENOBUFS'],
    means: { code: 'overloaded', reason: 'file_descriptors', phase: 'connect', delivery: 'not_sent' },
  },
  { codes: ['UND_ERR_CONNECT_TIMEOUT'], means: notSent('connect_timeout') },
  { codes: ['ETIMEDOUT'], syscall: 'connect', means: notSent('connect_timeout') },
  { codes: ['ECONNRESET'], syscall: 'connect', means: notSent('reset') },
  { codes: ['ERR_TLS_HANDSHAKE_TIMEOUT'], means: notSent('connect_timeout', 'tls') },
  { codes: ['ECONNRESET'], message: /before secure TLS connection/, means: notSent('reset', 'tls') },
  { message: /NGHTTP2_REFUSED_STREAM/, means: { ...notSent('refused_stream'), retryable: 'now' } },

  // TLS.
  { codes: ['CERT_HAS_EXPIRED'], means: tls('expired') },
  { codes: ['CERT_NOT_YET_VALID'], means: tls('not_yet_valid') },
  { codes: ['CERT_REVOKED'], means: tls('revoked') },
  { codes: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'], means: tls('self_signed') },
  { codes: ['ERR_TLS_CERT_ALTNAME*', 'HOSTNAME_MISMATCH'], means: tls('name_mismatch') },
  {
    codes: ['UNABLE_TO_*', 'CERT_*', 'INVALID_CA', 'INVALID_PURPOSE', 'PATH_LENGTH_EXCEEDED'],
    means: tls('untrusted'),
  },
  {
    codes: ['ERR_SSL_*'],
    message:
      /alert (?:bad certificate|certificate (?:required|unknown|expired|revoked)|unknown ca)|certificate required/i,
    means: tls('client_cert', 'platform'),
  },
  { codes: ['ERR_SSL_*', 'EPROTO'], means: tls('protocol') },

  // Time limits of undici itself.
  {
    codes: ['UND_ERR_HEADERS_TIMEOUT'],
    means: { code: 'timeout', reason: 'headers', phase: 'headers', delivery: 'unknown', fault: 'upstream' },
  },
  {
    codes: ['UND_ERR_BODY_TIMEOUT'],
    means: { code: 'timeout', reason: 'body', phase: 'body', delivery: 'answered', fault: 'upstream' },
  },

  // What is not the HTTP that was announced.
  { codes: ['HPE_INVALID_EOF_STATE'], means: lost('closed_early') },
  { codes: ['HPE_HEADER_OVERFLOW', 'UND_ERR_HEADERS_OVERFLOW'], means: malformed('header_overflow', 'headers') },
  { codes: ['HPE_*'], means: malformed('not_http', 'headers') },
  { names: ['HTTPParserError'], message: /header.*overflow/i, means: malformed('header_overflow', 'headers') },
  { names: ['HTTPParserError'], means: malformed('not_http', 'headers') },
  { codes: ['UND_ERR_RES_EXCEEDED_MAX_SIZE'], means: malformed('too_large', 'body') },
  { codes: ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH'], means: malformed('content_length', 'body') },
  {
    codes: [
      'Z_DATA_ERROR',
      'Z_BUF_ERROR',
      'Z_NEED_DICT',
      'ERR__ERROR_*',
      'ZSTD_*',
      'ERR_ENCODING_INVALID_ENCODED_DATA',
    ],
    means: malformed('bad_encoding', 'body'),
  },

  { message: /^integrity mismatch/i, means: malformed('integrity', 'body') },

  // Broken after bytes may have left.
  { codes: ['EPIPE', 'ECANCELED'], means: lost('reset', 'send') },
  { codes: ['ECONNRESET', 'ECONNABORTED', 'ENOTCONN'], means: lost('reset') },
  { codes: ['ETIMEDOUT'], means: lost('timed_out') },
  { codes: ['UND_ERR_SOCKET', 'UND_ERR_INFO'], means: lost('closed_early') },
  { codes: ['ERR_HTTP2_STREAM_ERROR', 'ERR_HTTP2_SESSION_ERROR', 'ERR_HTTP2_GOAWAY_SESSION'], means: lost('reset') },

  // Ended by somebody's decision.
  { codes: ['UND_ERR_CLOSED'], means: { code: 'canceled', reason: 'shutdown', phase: 'local', delivery: 'not_sent' } },
  {
    codes: ['UND_ERR_DESTROYED', 'UND_ERR_ABORTED'],
    means: { code: 'canceled', reason: 'shutdown', delivery: 'unknown' },
  },
  { names: ['TimeoutError'], means: { code: 'timeout', reason: 'total', phase: 'headers', delivery: 'unknown' } },
  {
    names: ['AbortError'],
    means: { code: 'canceled', reason: 'abort', phase: 'headers', delivery: 'unknown' },
  },

  // Never sent: the request itself is impossible. fetch says so by message only.
  { codes: ['ERR_INVALID_URL'], means: refusedLocally('configuration_error', 'invalid_url') },
  {
    names: ['TypeError', 'Error'],
    message: /^(?:bad port|unknown scheme|invalid url|failed to parse url|request cannot be constructed from a url)/i,
    means: refusedLocally('configuration_error', 'invalid_url'),
  },
  {
    // `about:`, `file:`, `blob:` and `data:`, in the words of undici.
    names: ['TypeError', 'Error'],
    message:
      /^(?:about scheme is not supported|not implemented\.\.\. yet|invalid method$|failed to fetch the data url)/i,
    means: refusedLocally('configuration_error', 'invalid_url'),
  },
  {
    names: ['TypeError', 'Error'],
    message: /^(?:redirect count exceeded|unexpected redirect|url scheme must be|cross origin not allowed)/i,
    means: { code: 'configuration_error', reason: 'redirect', phase: 'headers', delivery: 'answered' },
  },
  {
    codes: ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'],
    means: refusedLocally('invalid_request', 'malformed'),
  },
  {
    names: ['TypeError'],
    message: /cannot have body|duplex|not a valid HTTP method|method is unsupported|is an invalid header|bytestring/i,
    means: refusedLocally('invalid_request', 'malformed'),
  },
  {
    names: ['TypeError'],
    message: /body is unusable|already been (?:used|read)|disturbed or locked/i,
    means: refusedLocally('invalid_request', 'body_used'),
  },
  {
    codes: ['UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'],
    means: { code: 'invalid_request', reason: 'content_length', phase: 'send', delivery: 'unknown' },
  },

  // Reading the body as JSON.
  {
    names: ['SyntaxError'],
    message: /JSON[^]*token '?<|token '?<[^]*JSON/,
    means: { code: 'schema_mismatch', reason: 'html', phase: 'parse', delivery: 'answered' },
  },
  {
    names: ['SyntaxError'],
    message: /JSON/,
    means: { code: 'schema_mismatch', reason: 'not_json', phase: 'parse', delivery: 'answered' },
  },

  ...otherRuntimeRules,
]
