import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classifyFailure } from '../../src/errors/classify-failure.ts'
import { errorCodes } from '../../src/errors/codes.ts'
import { failureRules } from '../../src/errors/failure-rules.ts'
import { IntegrationError } from '../../src/errors/integration-error.ts'
import { classified } from './failure-facts.ts'

/** As fetch wraps what its transport throws before the headers. */
function fetchFailed(facts: object, message = ''): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), facts) })
}

describe('classifyFailure', () => {
  test.each([
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'connection_failed', 'connect_timeout', 'not_sent'],
    [{ code: 'ETIMEDOUT', syscall: 'connect' }, 'connection_failed', 'connect_timeout', 'not_sent'],
    [{ code: 'ETIMEDOUT', syscall: 'read' }, 'connection_lost', 'timed_out', 'unknown'],
    [{ code: 'ECONNRESET', syscall: 'connect' }, 'connection_failed', 'reset', 'not_sent'],
    [{ code: 'EHOSTUNREACH', syscall: 'connect' }, 'connection_failed', 'unreachable', 'not_sent'],
    [{ code: 'ENETDOWN' }, 'connection_failed', 'unreachable', 'not_sent'],
    [{ code: 'EMFILE' }, 'overloaded', 'file_descriptors', 'not_sent'],
    [{ code: 'EAI_AGAIN' }, 'dns_error', 'temporary', 'not_sent'],
    [{ code: 'EAI_NODATA' }, 'dns_error', 'not_found', 'not_sent'],
    [{ code: 'UND_ERR_PRX_TLS' }, 'connection_failed', 'proxy', 'not_sent'],
    [{ code: 'UND_ERR_SOCKS5_CONNECTION_REFUSED' }, 'connection_failed', 'proxy', 'not_sent'],
    [{ code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }, 'connection_failed', 'connect_timeout', 'not_sent'],
    [{ code: 'CERT_REVOKED' }, 'tls_error', 'revoked', 'not_sent'],
    [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'tls_error', 'self_signed', 'not_sent'],
    [{ code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }, 'tls_error', 'untrusted', 'not_sent'],
    [{ code: 'EPROTO' }, 'tls_error', 'protocol', 'not_sent'],
    [{ code: 'EPIPE', syscall: 'write' }, 'connection_lost', 'reset', 'unknown'],
    [{ code: 'UND_ERR_INFO' }, 'connection_lost', 'closed_early', 'unknown'],
    [{ code: 'HPE_INVALID_EOF_STATE' }, 'connection_lost', 'closed_early', 'unknown'],
    [{ code: 'HPE_INVALID_HEADER_TOKEN' }, 'schema_mismatch', 'not_http', 'answered'],
    [{ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' }, 'schema_mismatch', 'too_large', 'answered'],
    [{ code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' }, 'schema_mismatch', 'content_length', 'answered'],
    [{ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' }, 'invalid_request', 'content_length', 'unknown'],
    [{ code: 'UND_ERR_CLOSED' }, 'canceled', 'shutdown', 'not_sent'],
    [{ code: 'UND_ERR_DESTROYED' }, 'canceled', 'shutdown', 'unknown'],
    [{ code: 'ERR_HTTP2_STREAM_ERROR' }, 'connection_lost', 'reset', 'unknown'],
  ])('reads %o as %s, %s, %s', (facts, code, reason, delivery) => {
    expect(classified(fetchFailed(facts), {})).toMatchObject({ code, reason, delivery })
  })

  test.each([
    [
      'a stream that the server refused was not processed',
      'ERR_HTTP2_STREAM_ERROR',
      'Stream closed with error code NGHTTP2_REFUSED_STREAM',
      'connection_failed',
      'refused_stream',
      'not_sent',
    ],
    [
      'a body that is not the one of its checksum was answered',
      undefined,
      'integrity mismatch',
      'schema_mismatch',
      'integrity',
      'answered',
    ],
    [
      'a proxy that refused the tunnel passed nothing on',
      'UND_ERR_ABORTED',
      'Proxy response (407) !== 200 when HTTP Tunneling',
      'connection_failed',
      'proxy',
      'not_sent',
    ],
    [
      'a server that wants a client certificate blames the platform',
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'tlsv13 alert certificate required',
      'tls_error',
      'client_cert',
      'not_sent',
    ],
  ])('%s', (_title, code, message, expected, reason, delivery) => {
    expect(classified(fetchFailed({ code }, message), {})).toMatchObject({ code: expected, reason, delivery })
  })

  test.each(['Failed to fetch', 'Load failed', 'NetworkError when attempting to fetch resource.', 'fetch failed'])(
    'a network failure of which a browser says no more than "%s" may have delivered the request',
    (message) => {
      const facts = {
        code: 'connection_lost',
        reason: 'network',
        delivery: 'unknown',
        phase: 'headers',
        fault: 'network',
      }
      expect(classified(new TypeError(message, { cause: new Error('something') }), {})).toMatchObject(facts)
      expect(classified(new Error(message), {}).code).toBe('unknown')
    },
  )

  test('of several failures at once takes the one after which a repeat is least safe', () => {
    const members = ['ECONNREFUSED', 'ECONNRESET'].map((code) => Object.assign(new Error(code), { code }))
    const error = new TypeError('fetch failed', {
      cause: Object.assign(new AggregateError(members), { code: 'ECONNREFUSED' }),
    })
    expect(classified(error, {})).toMatchObject({ code: 'connection_lost', delivery: 'unknown' })
  })

  test('looks 10 causes deep and no deeper', () => {
    const nested = (depth: number): Error =>
      depth === 0
        ? Object.assign(new Error('core'), { code: 'ECONNREFUSED' })
        : new Error(`layer ${depth}`, { cause: nested(depth - 1) })
    expect(classifyFailure(nested(10)).code).toBe('connection_failed')
    expect(classifyFailure(nested(11)).code).toBe('unknown')
  })

  test('ends on causes and members that go in circles', () => {
    const left = new Error('left')
    const right = new AggregateError([left], 'right', { cause: left })
    left.cause = right
    right.errors.push(right)
    expect(classifyFailure(left).code).toBe('unknown')
  })

  test('does not take the number that a DOMException has as its code for a native code', () => {
    expect(classified(new DOMException('', 'TimeoutError'), {})).toMatchObject({ code: 'timeout', reason: 'total' })
    expect(classified(new DOMException('', 'AbortError'), {})).toMatchObject({ code: 'canceled', reason: 'abort' })
    expect(classifyFailure(new DOMException('', 'NetworkError')).code).toBe('unknown')
  })

  test('does not take an undefined reason of a timer for its mark', () => {
    expect(classifyFailure(undefined, { attemptTimeoutReason: undefined }).code).toBe('unknown')
  })

  test('passes the facts of an IntegrationError through, with the cause that it has', () => {
    const cause = new Error('native')
    const original = new IntegrationError({
      code: 'circuit_open',
      reason: 'slow_calls',
      retryAfterMs: 7,
      fault: 'network',
      endpoint: 'GET https://api.example/things',
      cause,
    })
    const again = new IntegrationError(classifyFailure(new Error('wrapped', { cause: original })))
    expect(again.toJSON()).toEqual(original.toJSON())
    expect(again.cause).toBe(cause)
  })

  test('calls a code of a newer copy of this package unknown', () => {
    const newer = new IntegrationError({ code: 'canceled', reason: 'because' })
    Object.defineProperty(newer, 'code', { value: 'code_of_tomorrow' })
    expect(classifyFailure(newer)).toMatchObject({ code: 'unknown', reason: 'because' })
  })

  test('takes nothing of the error into the message but its code', () => {
    const { message } = classified(fetchFailed({ code: 'ECONNRESET' }, 'https://user:hunter2@host/?token=hunter2'), {})
    expect(message).toBe('The connection broke after bytes were sent (reset, ECONNRESET).')
  })

  test('reaches every line of the table by each of its codes and names', () => {
    for (const rule of failureRules.filter(({ message }) => message === undefined)) {
      for (const code of rule.codes ?? [undefined]) {
        for (const name of rule.names ?? ['Error']) {
          const { syscall } = rule
          const error = Object.assign(new Error('native'), { code: code?.replace('*', 'X'), name, syscall })
          expect(classifyFailure(error), `${code} ${name}`).toMatchObject(rule.means)
        }
      }
    }
  })

  test('knows only codes of the catalogue', () => {
    for (const { means } of failureRules) expect(Object.keys(errorCodes)).toContain(means.code)
  })

  test('never throws, whatever is thrown at it', () => {
    const native = fc.record(
      {
        name: fc.constantFrom('TypeError', 'AbortError', 'HTTPParserError', 'SyntaxError'),
        code: fc.oneof(fc.anything(), fc.constantFrom('ECONNRESET', 'HPE_X', 'ERR_SSL_X')),
        message: fc.oneof(fc.anything(), fc.string()),
        syscall: fc.anything(),
        cause: fc.anything(),
        errors: fc.oneof(fc.anything(), fc.array(fc.anything())),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.anything({ withNullPrototype: true }), native), fc.option(fc.nat()), (error, status) => {
        const found = new IntegrationError(classifyFailure(error, status === null ? {} : { status }))
        expect(Object.hasOwn(errorCodes, found.code)).toBe(true)
        if (status !== null) expect(found.delivery).toBe('answered')
      }),
    )
  })

  test('never throws for objects that throw when they are read', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('get')
      },
      has: () => {
        throw new Error('has')
      },
    })
    expect(classifyFailure(hostile).code).toBe('unknown')
    expect(classifyFailure(new AggregateError([hostile])).code).toBe('unknown')
  })
})
