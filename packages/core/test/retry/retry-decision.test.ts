import { describe, expect, it } from 'vitest'
import type { IntegrationErrorInit } from '../../src/index.ts'
import { type FailedAttemptFacts, isIdempotentMethod, retryStopOf } from '../../src/retry/retry-decision.ts'

const stopOf = (failure: IntegrationErrorInit, facts: Partial<FailedAttemptFacts> = {}) =>
  retryStopOf({
    failure,
    status: undefined,
    headers: undefined,
    redirected: false,
    repeatable: false,
    replayable: true,
    ...facts,
  })

describe('retryStopOf', () => {
  it('goes by what the code says unless the failure says otherwise', () => {
    expect(stopOf({ code: 'upstream_error' }, { repeatable: true })).toBeUndefined()
    expect(stopOf({ code: 'upstream_error', retryable: 'never' }, { repeatable: true })).toBe('not_retryable')
    expect(stopOf({ code: 'conflict', retryable: 'now' }, { repeatable: true })).toBeUndefined()
    expect(stopOf({ code: 'token_expired' }, { repeatable: true })).toBe('not_retryable')
  })

  it('never repeats what a quota refuses, not even when the server wants it', () => {
    const facts = { status: 429, repeatable: true, headers: new Headers({ 'x-should-retry': 'true' }) }
    expect(stopOf({ code: 'rate_limited' }, facts)).toBeUndefined()
    expect(stopOf({ code: 'quota_exhausted' }, facts)).toBe('not_retryable')
  })

  it.each<[string, IntegrationErrorInit, number | undefined]>([
    ['never left', { code: 'connection_failed' }, undefined],
    ['met a rate limit', { code: 'rate_limited' }, 403],
    ['was turned away with a time', { code: 'upstream_unavailable', retryAfterMs: 1 }, 503],
    ['was too large for now', { code: 'invalid_request', retryable: 'after', retryAfterMs: 1 }, 413],
    ['met reduced capacity', { code: 'upstream_unavailable', reason: 'reduced_capacity' }, 503],
  ])('lets anything be repeated that %s', (_, failure, status) => {
    expect(stopOf(failure, { status })).toBeUndefined()
  })

  it.each<[string, IntegrationErrorInit, number | undefined]>([
    ['a 503 without a time', { code: 'upstream_unavailable' }, 503],
    ['a 502 with a time', { code: 'upstream_unavailable', retryAfterMs: 1 }, 502],
    ['a timeout', { code: 'timeout' }, undefined],
    ['a lost connection', { code: 'connection_lost' }, undefined],
  ])('calls it unsafe to repeat after %s', (_, failure, status) => {
    expect(stopOf(failure, { status })).toBe('unsafe')
    expect(stopOf(failure, { status, repeatable: true })).toBeUndefined()
  })

  it('calls it unsafe to repeat after an answer to a redirect, not even when the server wants it', () => {
    const headers = new Headers({ 'x-should-retry': 'true' })
    expect(stopOf({ code: 'rate_limited' }, { status: 429, redirected: true })).toBe('unsafe')
    expect(stopOf({ code: 'rate_limited' }, { status: 429, redirected: true, headers })).toBe('unsafe')
    expect(stopOf({ code: 'rate_limited' }, { status: 429, redirected: true, repeatable: true })).toBeUndefined()
  })

  it('never repeats a body that is gone, not even when the server wants it', () => {
    const headers = new Headers({ 'x-should-retry': 'true' })
    expect(stopOf({ code: 'rate_limited' }, { replayable: false, headers })).toBe('body_not_replayable')
  })

  it('ignores a should-retry that is neither true nor false', () => {
    const headers = new Headers({ 'x-should-retry': 'maybe' })
    expect(stopOf({ code: 'invalid_request' }, { headers })).toBe('not_retryable')
  })
})

describe('isIdempotentMethod', () => {
  it('knows the methods of RFC 9110 and QUERY', () => {
    const methods = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'POST', 'PATCH', 'CONNECT', 'LOCK']
    expect(methods.filter(isIdempotentMethod)).toEqual(methods.slice(0, 7))
  })
})
