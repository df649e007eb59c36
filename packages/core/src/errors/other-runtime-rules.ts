import { dns, type FailureRule, lost, malformed, notSent, refusedLocally, tls } from './failure-rule.ts'

/**
 * What the `fetch` of Bun, Deno and workerd throws where it differs from that of Node. Bun has codes of its own beside those
 * of Node; Deno and workerd say what happened by message only, and workerd says little.
 */
export const otherRuntimeRules: readonly FailureRule[] = [
  // Deno names the step that failed. What it says of a connection is about the host that it had got to, as with Node.
  { message: /client error \(Connect\): dns error.*(?:not known|no address)/i, means: dns('not_found') },
  { message: /client error \(Connect\): dns error/, means: dns('temporary') },
  { message: /client error \(Connect\): tcp connect error: Connection refused/, means: notSent('refused') },
  { message: /client error \(Connect\): tcp connect error/, means: notSent('unreachable') },
  { message: /client error \(Connect\): invalid peer certificate/, means: tls('untrusted') },
  { message: /client error \(Connect\): received (?:corrupt message|fatal alert)/, means: tls('protocol') },
  { message: /client error \(SendRequest\): invalid HTTP/, means: malformed('not_http', 'headers') },
  { message: /client error \(SendRequest\): connection closed/, means: lost('closed_early') },
  { message: /^Connection reset by peer \(os error/, means: lost('reset') },
  {
    message: /^error reading a body from connection/,
    means: { code: 'connection_lost', reason: 'truncated_body', phase: 'body', delivery: 'answered' },
  },

  { message: /^Network connection lost\.$/, means: lost('network') },

  { codes: ['Malformed_HTTP_Response'], means: malformed('not_http', 'headers') },
  { codes: ['ZlibError'], means: malformed('bad_encoding', 'body') },
  {
    names: ['TypeError'],
    message: /^(?:invalid gzip header|gzip decompression failed)/i,
    means: malformed('bad_encoding', 'body'),
  },
  {
    names: ['TypeError'],
    message: /^(?:too ?many ?redirects|fetch failed: maximum number of redirects)/i,
    means: { code: 'configuration_error', reason: 'redirect', phase: 'headers', delivery: 'answered' },
  },

  // Never sent: the request itself is impossible.
  {
    names: ['TypeError'],
    message: /^(?:url scheme '[^']*' not supported|fetch api cannot load)/i,
    means: refusedLocally('configuration_error', 'invalid_url'),
  },
  {
    names: ['TypeError'],
    message: /^invalid header (?:name|value)|method cannot have a body/i,
    means: refusedLocally('invalid_request', 'malformed'),
  },
  { codes: ['ERR_BODY_ALREADY_USED'], means: refusedLocally('invalid_request', 'body_used') },
  {
    names: ['TypeError'],
    message: /^cannot reconstruct a request with a used body/i,
    means: refusedLocally('invalid_request', 'body_used'),
  },
]
