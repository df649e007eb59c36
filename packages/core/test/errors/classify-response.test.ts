import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Connector, ErrorCondition, ErrorRule, ErrorVerdict } from '../../src/connectors/connector.ts'
import { classifyResponse } from '../../src/errors/classify-response.ts'
import { errorCodes } from '../../src/errors/codes.ts'
import { IntegrationError, type IntegrationErrorInit } from '../../src/errors/integration-error.ts'

const NOW = Date.UTC(2026, 0, 31)

interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

function classify({ status, headers, body }: Answer, connector?: Connector): IntegrationErrorInit | undefined {
  return classifyResponse({ status, headers: new Headers(headers), body, now: NOW }, connector)
}

/** The error that the answer becomes. */
function errorOf(answer: Answer, connector?: Connector): IntegrationError {
  const init = classify(answer, connector)
  if (init === undefined) throw new Error('It was a success.')
  return new IntegrationError(init)
}

function connectorWith(...rules: readonly [ErrorCondition, ErrorVerdict][]): Connector {
  const errors = rules.map(
    ([when, verdict]) => ({ when, example: { status: 200 }, ['then' as const]: verdict }) as ErrorRule,
  )
  return { id: 'acme', name: 'Acme', sources: [], errors }
}

describe('classifyResponse', () => {
  test.each([0, 100, 101, 200, 201, 204, 206, 301, 304, 307])('takes %d for a success', (status) => {
    expect(classify({ status })).toBeUndefined()
  })

  test.each([
    [207, 'partial_failure', undefined, 'upstream', 'never', 'answered'],
    [400, 'invalid_request', undefined, 'caller', 'never', 'answered'],
    [401, 'token_expired', undefined, 'platform', 'after_refresh', 'answered'],
    [402, 'account_unavailable', 'payment_required', 'customer', 'after_user_action', 'answered'],
    [403, 'permission_denied', undefined, 'customer', 'never', 'answered'],
    [404, 'not_found', 'resource', 'caller', 'never', 'answered'],
    [405, 'unsupported', 'method', 'caller', 'never', 'answered'],
    [407, 'configuration_error', 'proxy_authentication', 'platform', 'never', 'not_sent'],
    [408, 'timeout', 'request', 'network', 'after', 'unknown'],
    [409, 'conflict', undefined, 'caller', 'never', 'answered'],
    [410, 'not_found', 'gone', 'caller', 'never', 'answered'],
    [412, 'conflict', 'version', 'caller', 'never', 'answered'],
    [413, 'invalid_request', 'too_large', 'caller', 'never', 'answered'],
    [415, 'unsupported', 'media_type', 'caller', 'never', 'answered'],
    [421, 'upstream_unavailable', 'misdirected', 'upstream', 'now', 'answered'],
    [422, 'invalid_request', 'validation', 'caller', 'never', 'answered'],
    [423, 'conflict', 'locked', 'caller', 'after', 'answered'],
    [425, 'upstream_unavailable', 'too_early', 'upstream', 'now', 'answered'],
    [429, 'rate_limited', undefined, 'caller', 'after', 'answered'],
    [451, 'permission_denied', 'legal', 'customer', 'never', 'answered'],
    [418, 'invalid_request', 'unrecognized_status', 'caller', 'never', 'answered'],
    [499, 'invalid_request', 'unrecognized_status', 'caller', 'never', 'answered'],
    [500, 'upstream_error', undefined, 'upstream', 'after', 'answered'],
    [501, 'unsupported', 'feature', 'caller', 'never', 'answered'],
    [502, 'upstream_unavailable', 'gateway', 'upstream', 'after', 'unknown'],
    [503, 'upstream_unavailable', undefined, 'upstream', 'after', 'answered'],
    [504, 'upstream_unavailable', 'gateway', 'upstream', 'after', 'unknown'],
    [505, 'unsupported', 'http_version', 'caller', 'never', 'answered'],
    [511, 'connection_failed', 'captive_portal', 'network', 'after', 'not_sent'],
    [520, 'upstream_unavailable', 'gateway', 'upstream', 'after', 'unknown'],
    [527, 'upstream_unavailable', 'gateway', 'upstream', 'after', 'unknown'],
    [529, 'upstream_unavailable', 'overloaded', 'upstream', 'after', 'answered'],
    [555, 'upstream_error', 'unrecognized_status', 'upstream', 'after', 'answered'],
    [600, 'upstream_error', 'unrecognized_status', 'upstream', 'after', 'answered'],
    [NaN, 'upstream_error', 'unrecognized_status', 'upstream', 'after', 'answered'],
  ])('reads %d as %s', (status, code, reason, fault, retryable, delivery) => {
    const { upstream, ...error } = errorOf({ status })
    expect(error).toMatchObject({ code, fault, retryable, delivery, at: NOW })
    expect(error.reason).toBe(reason)
    expect(upstream?.status).toBe(status)
  })

  test.each([
    [401, 'Bearer realm="api", error="invalid_token", error_description="expired"', 'token_expired', 'invalid_token'],
    [403, 'Bearer error=insufficient_scope, scope="write"', 'insufficient_scope', 'scope_missing'],
    [401, 'Basic realm="x", Bearer ERROR = "insufficient_scope"', 'insufficient_scope', 'scope_missing'],
    [401, 'Bearer error="insufficient_user_authentication"', 'reauth_required', 'step_up_required'],
    [401, 'Bearer error_description="error"', 'token_expired', undefined],
    [401, 'Bearer error="constructor"', 'token_expired', undefined],
    [403, 'Bearer realm="x"', 'permission_denied', undefined],
    [400, 'Bearer error="invalid_token"', 'invalid_request', undefined],
  ])('reads %d with www-authenticate: %s as %s', (status, challenge, code, reason) => {
    const error = errorOf({ status, headers: { 'www-authenticate': challenge } })
    expect([error.code, error.reason]).toEqual([code, reason])
  })

  test.each([
    [
      'a 404 page',
      { status: 404, headers: { 'content-type': 'text/html; charset=utf-8' } },
      'not_found',
      'endpoint_mismatch',
      'platform',
    ],
    [
      'a 404 page without content-type',
      { status: 404, body: '\n<!DOCTYPE html><p>' },
      'not_found',
      'endpoint_mismatch',
      'platform',
    ],
    [
      'a 403 page',
      { status: 403, headers: { 'content-type': 'text/html' } },
      'upstream_unavailable',
      'challenge_page',
      'upstream',
    ],
    ['a 503 page', { status: 503, body: '<html lang="en">' }, 'upstream_unavailable', 'challenge_page', 'upstream'],
    [
      'a challenge of Cloudflare',
      { status: 429, headers: { 'cf-mitigated': 'challenge' } },
      'upstream_unavailable',
      'challenge_page',
      'upstream',
    ],
    ['JSON with a page in it', { status: 404, body: { html: '<html>' } }, 'not_found', 'resource', 'caller'],
    ['a 429 page', { status: 429, headers: { 'content-type': 'text/html' } }, 'rate_limited', undefined, 'caller'],
  ] as const)('reads %s as what a page means where an API should answer', (_title, answer, code, reason, fault) => {
    const error = errorOf(answer)
    expect([error.code, error.reason, error.fault]).toEqual([code, reason, fault])
  })

  test.each([
    ['retry-after', { 'retry-after': '5' }, 5_000],
    ['no quota left', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }, 5_000],
    ['no quota left and no reset', { 'ratelimit-remaining': '0' }, undefined],
  ])('reads a 403 with %s as a rate limit', (_title, headers, retryAfterMs) => {
    const error = errorOf({ status: 403, headers: headers as Record<string, string> })
    expect([error.code, error.retryAfterMs]).toEqual(['rate_limited', retryAfterMs])
  })

  test('reads a limit that lasts an hour or longer as a quota that is used up', () => {
    const waiting = (seconds: number): IntegrationError =>
      errorOf({ status: 429, headers: { 'retry-after': String(seconds) } })
    expect(waiting(3_599)).toMatchObject({ code: 'rate_limited', retryable: 'after', retryAfterMs: 3_599_000 })
    expect(waiting(3_600)).toMatchObject({ code: 'quota_exhausted', retryable: 'never', retryAfterMs: 3_600_000 })
  })

  test('takes the reset of a limit for a wait only where a limit was hit', () => {
    const headers = { 'x-ratelimit-reset': '30' }
    expect(errorOf({ status: 429, headers }).retryAfterMs).toBe(30_000)
    expect(errorOf({ status: 503, headers }).retryAfterMs).toBeUndefined()
    expect(errorOf({ status: 503, headers: { 'retry-after': '30' } }).retryAfterMs).toBe(30_000)
  })

  test('takes a 413 that asks to wait for temporary, and no other that says it is too large', () => {
    const headers = { 'retry-after': '30' }
    const expected = { code: 'invalid_request', reason: 'too_large' }
    expect(errorOf({ status: 413, headers })).toMatchObject({ ...expected, retryable: 'after', retryAfterMs: 30_000 })
    expect(errorOf({ status: 413, headers: { 'retry-after': 'soon' } })).toMatchObject({ retryable: 'never' })
    expect(errorOf({ status: 413, headers: { 'ratelimit-reset': '30' } })).toMatchObject({ retryable: 'never' })
    expect(errorOf({ status: 414, headers })).toMatchObject({ ...expected, retryable: 'never' })
  })

  describe('with a connector', () => {
    test('takes the first rule that matches, before the built-in tables', () => {
      const connector = connectorWith(
        [
          { status: 403, pointer: '/error', equals: 'limit' },
          { code: 'rate_limited', reason: 'secondary' },
        ],
        [{ status: 403 }, { code: 'insufficient_scope' }],
      )
      expect(errorOf({ status: 403, body: { error: 'limit' } }, connector)).toMatchObject({
        code: 'rate_limited',
        reason: 'secondary',
        integration: 'acme',
      })
      expect(errorOf({ status: 403 }, connector).code).toBe('insufficient_scope')
      expect(errorOf({ status: 404 }, connector).code).toBe('not_found')
    })

    test('can call a 200 a failure', () => {
      const connector = connectorWith([{ status: 200, pointer: '/ok', equals: false }, { code: 'token_expired' }])
      expect(errorOf({ status: 200, body: { ok: false } }, connector).code).toBe('token_expired')
      expect(classify({ status: 200, body: { ok: true } }, connector)).toBeUndefined()
    })

    test('takes over everything that the rule says', () => {
      const verdict: ErrorVerdict = {
        code: 'upstream_error',
        reason: 'fatal',
        fault: 'customer',
        retryable: 'never',
        delivery: 'unknown',
        waitMs: 7,
      }
      expect(errorOf({ status: 200 }, connectorWith([{ status: 200 }, verdict]))).toMatchObject({
        code: 'upstream_error',
        reason: 'fatal',
        fault: 'customer',
        retryable: 'never',
        delivery: 'unknown',
        retryAfterMs: 7,
      })
    })

    test('waits as long as the answer asks, and as documented where it asks nothing', () => {
      const connector = connectorWith([{ status: 429 }, { code: 'rate_limited', waitMs: 10_000 }])
      expect(errorOf({ status: 429, headers: { 'retry-after': '2' } }, connector).retryAfterMs).toBe(2_000)
      expect(errorOf({ status: 429 }, connector).retryAfterMs).toBe(10_000)
    })

    test('waits as documented for a limit that the answer does not tell of, whatever the others have left', () => {
      const connector = connectorWith([{ status: 403 }, { code: 'rate_limited', waitMs: 60_000 }])
      const told = (remaining: string) => ({ 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': '90' })
      expect(errorOf({ status: 403, headers: told('4990') }, connector).retryAfterMs).toBe(60_000)
      expect(errorOf({ status: 403, headers: told('0') }, connector).retryAfterMs).toBe(90_000)
    })

    test('says that the request was answered, whatever the code says by default', () => {
      expect(errorOf({ status: 400 }, connectorWith([{ status: 400 }, { code: 'configuration_error' }])).delivery).toBe(
        'answered',
      )
      expect(errorOf({ status: 504 }, connectorWith([{ status: 504 }, { code: 'upstream_error' }])).delivery).toBe(
        'unknown',
      )
    })

    test('reads the request id from the header that the provider uses', () => {
      const connector: Connector = { id: 'acme', name: 'Acme', sources: [], http: { requestIdHeader: 'X-Acme-Id' } }
      const headers = { 'x-acme-id': 'acme-1', 'x-request-id': 'other' }
      expect(errorOf({ status: 500, headers }, connector).upstream?.requestId).toBe('acme-1')
      expect(errorOf({ status: 500, headers }).upstream?.requestId).toBe('other')
    })
  })

  describe('upstream facts', () => {
    test.each([
      [{ error: { code: 'card_declined', message: 'No.' } }, 'card_declined', 'No.'],
      [{ error: 'invalid_grant', error_description: 'No.' }, 'invalid_grant', 'No.'],
      [{ code: 40_001, message: 'No.' }, '40001', 'No.'],
      [[{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'No.' }], 'REQUEST_LIMIT_EXCEEDED', 'No.'],
      [{ errors: [{ code: 'taken', detail: 'No.' }] }, 'taken', 'No.'],
      [{ type: 'about:blank', title: 'No.' }, undefined, 'No.'],
      [{ error: 'No such thing' }, undefined, undefined],
      ['<html>', undefined, undefined],
      [null, undefined, undefined],
    ])('reads code and message from %j', (body, code, message) => {
      const { upstream } = errorOf({ status: 400, body })
      expect([upstream?.code, upstream?.message]).toEqual([code, message])
    })

    test('redacts the message and cuts it to 500 characters', () => {
      const message = 'Invalid key sk_live_4eC39HqLyjWDarjtT1zdp7dc for https://u:p@api.example/x?token=hunter2'
      const { upstream } = errorOf({ status: 401, body: { message } })
      expect(upstream?.message).toBe('Invalid key … for https://api.example/x?…')
      expect(errorOf({ status: 400, body: { message: 'x '.repeat(9_999) } }).upstream?.message).toHaveLength(500)
    })

    test('leaves out a code that looks secret', () => {
      expect(errorOf({ status: 400, body: { code: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc' } }).upstream).toEqual({
        status: 400,
      })
    })
  })

  test('puts nothing of the body and the headers into the message', () => {
    const { message } = errorOf({
      status: 429,
      headers: { 'retry-after': '5', 'x-secret': 'hunter2' },
      body: { message: 'hunter2' },
    })
    expect(message).toBe('The API answered 429. A short-window limit was hit. It asks to wait 5 s.')
  })

  test('never throws, whatever the answer', () => {
    const headers = fc.dictionary(
      fc.constantFrom(
        'retry-after',
        'www-authenticate',
        'content-type',
        'date',
        'x-ratelimit-reset',
        'x-ratelimit-remaining',
      ),
      fc.stringMatching(/^[ -~]*$/),
    )
    const body = fc.oneof(fc.anything(), fc.jsonValue())
    const rule = fc.record(
      { status: fc.nat(), header: fc.string(), pointer: fc.string(), equals: fc.jsonValue(), matches: fc.string() },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 100, max: 599 }), fc.double()),
        headers,
        body,
        rule,
        (status, fields, content, when) => {
          const connector = connectorWith([when as ErrorCondition, { code: 'conflict' }])
          for (const found of [
            classify({ status, headers: fields, body: content }),
            classify({ status, headers: fields, body: content }, connector),
          ]) {
            if (found === undefined) continue
            const error = new IntegrationError(found)
            expect(Object.hasOwn(errorCodes, error.code)).toBe(true)
            expect(error.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0)
          }
        },
      ),
    )
  })
})
