import { describe, expect, test } from 'vitest'
import { classified } from './failure-facts.ts'

/** As Deno wraps what its HTTP client says. */
function denoError(message: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(message) })
}

/** As Bun says it. */
function bunError(code: string, message: string): TypeError {
  return Object.assign(new TypeError(message), { code, errno: 0, path: 'http://127.0.0.1/' })
}

const sending = 'error sending request for url (http://127.0.0.1:3000/): client error'

describe('classifyFailure of what other runtimes than Node throw', () => {
  test.each([
    [
      denoError(`${sending} (Connect): tcp connect error: Connection refused (os error 111)`),
      'connection_failed',
      'refused',
      'not_sent',
    ],
    [
      denoError(`${sending} (Connect): tcp connect error: No route to host (os error 113)`),
      'connection_failed',
      'unreachable',
      'not_sent',
    ],
    [
      denoError(`${sending} (Connect): dns error: failed to lookup address information: Name or service not known`),
      'dns_error',
      'not_found',
      'not_sent',
    ],
    [
      denoError(
        `${sending} (Connect): dns error: failed to lookup address information: Temporary failure in name resolution`,
      ),
      'dns_error',
      'temporary',
      'not_sent',
    ],
    [denoError(`${sending} (Connect): invalid peer certificate: UnknownIssuer`), 'tls_error', 'untrusted', 'not_sent'],
    [
      denoError(`${sending} (Connect): received corrupt message of type InvalidContentType`),
      'tls_error',
      'protocol',
      'not_sent',
    ],
    [
      denoError(`${sending} (SendRequest): connection closed before message completed`),
      'connection_lost',
      'closed_early',
      'unknown',
    ],
    [denoError(`${sending} (SendRequest): invalid HTTP version parsed`), 'schema_mismatch', 'not_http', 'answered'],
    [denoError('Connection reset by peer (os error 104)'), 'connection_lost', 'reset', 'unknown'],
    [new TypeError('error reading a body from connection'), 'connection_lost', 'truncated_body', 'answered'],
    [new TypeError('Invalid gzip header'), 'schema_mismatch', 'bad_encoding', 'answered'],
    [
      new TypeError('Fetch failed: Maximum number of redirects (20) reached'),
      'configuration_error',
      'redirect',
      'answered',
    ],
    [new TypeError("Url scheme 'unknown' not supported"), 'configuration_error', 'invalid_url', 'not_sent'],
    [new TypeError('Invalid header name: "bad name"'), 'invalid_request', 'malformed', 'not_sent'],
  ])('Deno: %s is %s, %s, %s', (error, code, reason, delivery) => {
    expect(classified(error, {})).toMatchObject({ code, reason, delivery })
  })

  test.each([
    [bunError('ECONNREFUSED', 'ECONNREFUSED: Unable to connect.'), 'connection_failed', 'refused', 'not_sent'],
    [
      bunError('ECONNRESET', 'ECONNRESET: The socket connection was closed unexpectedly.'),
      'connection_lost',
      'reset',
      'unknown',
    ],
    [
      bunError('Malformed_HTTP_Response', 'Malformed_HTTP_Response fetching "http://127.0.0.1/"'),
      'schema_mismatch',
      'not_http',
      'answered',
    ],
    [bunError('ZlibError', 'ZlibError fetching "http://127.0.0.1/"'), 'schema_mismatch', 'bad_encoding', 'answered'],
    [
      bunError('TooManyRedirects', 'TooManyRedirects: The response redirected too many times.'),
      'configuration_error',
      'redirect',
      'answered',
    ],
    [bunError('ERR_BODY_ALREADY_USED', 'Request body already used'), 'invalid_request', 'body_used', 'not_sent'],
  ])('Bun: %s is %s, %s, %s', (error, code, reason, delivery) => {
    expect(classified(error, {})).toMatchObject({ code, reason, delivery })
  })

  test.each([
    [new Error('Network connection lost.'), 'connection_lost', 'network', 'unknown'],
    [new TypeError('Gzip decompression failed.'), 'schema_mismatch', 'bad_encoding', 'answered'],
    [new TypeError('Too many redirects.https://example.com/'), 'configuration_error', 'redirect', 'answered'],
    [new TypeError('Fetch API cannot load: unknown:x'), 'configuration_error', 'invalid_url', 'not_sent'],
    [
      new TypeError('Request with a GET or HEAD method cannot have a body.'),
      'invalid_request',
      'malformed',
      'not_sent',
    ],
    [new TypeError('Invalid header name.'), 'invalid_request', 'malformed', 'not_sent'],
    [new TypeError('Cannot reconstruct a Request with a used body.'), 'invalid_request', 'body_used', 'not_sent'],
  ])('workerd: %s is %s, %s, %s', (error, code, reason, delivery) => {
    expect(classified(error, {})).toMatchObject({ code, reason, delivery })
  })

  test.each([
    ['an error', new RangeError('mine'), new RangeError('mine')],
    ['a text', 'why', new Error('why')],
    ['a number', 7, new Error('7')],
  ])('what is rejected with a copy of the reason, %s, was canceled', (_, reason, thrown) => {
    const signal = AbortSignal.abort(reason)
    expect(classified(thrown, { signal })).toMatchObject({ code: 'canceled', reason: 'abort', fault: 'caller' })
    expect(classified(new Error('other'), { signal }).code).toBe('unknown')
    expect(classified(thrown, { signal: new AbortController().signal }).code).toBe('unknown')
  })

  test('what is rejected with a copy of our own reason ran out of its time', () => {
    const reason = new DOMException('too slow', 'TimeoutError')
    const copy = new DOMException('too slow', 'TimeoutError')
    expect(classified(copy, { attemptTimeoutReason: reason })).toMatchObject({ code: 'timeout', reason: 'attempt' })
    expect(classified(copy, { deadlineReason: reason })).toMatchObject({ code: 'timeout', reason: 'total' })
  })
})
