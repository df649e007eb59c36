import { describe, expect, it } from 'vitest'
import {
  type ClientFailure,
  type Connector,
  createFetch,
  IntegrationError,
  toIntegrationError,
} from '../../src/index.ts'
import { rejectionOf } from './harness.ts'

const connectorOf = (id: string, code: 'conflict' | 'permission_denied'): Connector => ({
  id,
  name: id,
  sources: [{ url: 'https://docs.example.com', verifiedAt: '2026-01-01' }],
  errors: [{ when: { status: 403, pointer: '/code' }, then: { code }, example: { status: 403, body: { code: 1 } } }],
})
const refused = (): Error => Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' })
const reading = (failure: ClientFailure, error: unknown = new Error('x')): IntegrationError =>
  toIntegrationError(error, { read: () => failure })

describe('toIntegrationError', () => {
  it('returns an IntegrationError as it is, and takes the facts of one that is a cause', () => {
    const error = new IntegrationError({ code: 'circuit_open', retryAfterMs: 5 })
    expect(toIntegrationError(error)).toBe(error)
    const wrapped = new Error('sync failed', { cause: error })
    expect(toIntegrationError(wrapped)).toMatchObject({ code: 'circuit_open', retryAfterMs: 5, cause: wrapped })
  })

  it('describes a Response, and an error that carries one', () => {
    const response = new Response('{}', { status: 429, headers: { 'retry-after': '7' } })
    for (const error of [response, Object.assign(new Error('x'), { response })])
      expect(toIntegrationError(error)).toMatchObject({ code: 'rate_limited', retryAfterMs: 7_000, cause: error })
  })

  it('looks for the library along the causes', () => {
    const read = (error: object): ClientFailure | undefined =>
      'theirs' in error
        ? { verdict: { code: 'conflict', reason: 'duplicate', upstream: { code: '23505' } } }
        : undefined
    const error = new Error('outer', { cause: new Error('inner', { cause: { theirs: true } }) })
    expect(toIntegrationError(error, { read })).toMatchObject({
      code: 'conflict',
      message: 'The request conflicts with the state of the resource (duplicate, 23505).',
    })
  })

  it('lets the answer decide over the words of the library, when it is a failure', () => {
    const verdict = { code: 'schema_mismatch', reason: 'too_large' } as const
    expect(reading({ answer: { status: 503 }, verdict })).toMatchObject({ code: 'upstream_unavailable' })
    expect(reading({ answer: { status: 200 }, verdict })).toMatchObject({
      code: 'schema_mismatch',
      reason: 'too_large',
    })
  })

  it('says what broke the body of an answer that was none', () => {
    const reset = Object.assign(new Error('read'), { code: 'ECONNRESET', syscall: 'read' })
    expect(reading({ answer: { status: 200 } }, reset)).toMatchObject({
      code: 'connection_lost',
      reason: 'truncated_body',
      delivery: 'answered',
    })
  })

  it.each([
    [302, { code: 'configuration_error', reason: 'redirect', delivery: 'answered' }],
    [304, { code: 'unknown', reason: 'not_modified', delivery: 'answered' }],
    [200, { code: 'unknown', delivery: 'answered' }],
  ])('knows that a %i which was thrown was answered', (status, expected) => {
    expect(reading({ answer: { status } })).toMatchObject({ ...expected, upstream: { status } })
  })

  it('looks at the native error underneath before it falls back', () => {
    const otherwise = { code: 'connection_lost', reason: 'network' } as const
    expect(reading({ otherwise, cause: refused() })).toMatchObject({ code: 'connection_failed', delivery: 'not_sent' })
    expect(reading({ otherwise })).toMatchObject({ code: 'connection_lost', reason: 'network', delivery: 'unknown' })
  })

  it('tells a deadline of the caller from a decision to stop', () => {
    const canceled = { verdict: { code: 'canceled', reason: 'abort' } } as const
    const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'))
    const options = { read: (): ClientFailure => canceled }
    expect(toIntegrationError(new Error('x'), { ...options, signal: late })).toMatchObject({ code: 'timeout' })
    expect(toIntegrationError(new Error('x'), { ...options, signal: AbortSignal.abort() }).code).toBe('canceled')
    const aborted = new DOMException('aborted', 'AbortError')
    expect(toIntegrationError(aborted, { signal: late })).toMatchObject({ code: 'timeout', delivery: 'unknown' })
    const answered = (): ClientFailure => ({ answer: { status: 200 } })
    expect(toIntegrationError(aborted, { read: answered, signal: late })).toMatchObject({
      code: 'timeout',
      delivery: 'answered',
    })
    const reason = new Error('the user left')
    expect(toIntegrationError(reason, { signal: AbortSignal.abort(reason) }).code).toBe('canceled')
  })

  it('asks the rules of the connector before those of the provider, and notes whose account it was', () => {
    const read = (): ClientFailure => ({
      answer: { status: 403, body: { code: 1 } },
      endpoint: 'GET https://a/b?key=1',
    })
    const provider = connectorOf('theirs', 'conflict')
    const connector = connectorOf('ours', 'permission_denied')
    expect(toIntegrationError(new Error('x'), { read, provider })).toMatchObject({
      code: 'conflict',
      integration: 'theirs',
    })
    expect(toIntegrationError(new Error('x'), { read, provider, connector, connection: 'acme' })).toMatchObject({
      code: 'permission_denied',
      integration: 'ours',
      connection: 'acme',
      endpoint: 'GET https://a/b?…',
    })
    const silent = { ...connector, errors: [] }
    expect(toIntegrationError(new Error('x'), { read, provider, connector: silent })).toMatchObject({
      code: 'conflict',
      integration: 'ours',
    })
  })

  it('keeps what createFetch knows of the call', async () => {
    const transport = (): Promise<Response> => Promise.reject(new TypeError('fetch failed', { cause: refused() }))
    const fetch = createFetch({ fetch: transport, connection: 'acme', retry: { maxAttempts: 1 } })
    const thrown = await rejectionOf(fetch('https://api.example.com/things?key=secret'))
    const described = toIntegrationError(new Error('library', { cause: thrown }))
    expect(described).toMatchObject({
      code: 'connection_failed',
      connection: 'acme',
      endpoint: 'GET https://api.example.com/things?…',
    })
    expect(described.attempts).toHaveLength(1)
  })

  it('believes a library that aborted the call that this was its time limit', async () => {
    const reason = new Error('too late')
    const fetch = createFetch({ fetch: (_, init) => Promise.reject(init?.signal?.reason as Error) })
    const thrown = await rejectionOf(fetch('https://api.example.com/things', { signal: AbortSignal.abort(reason) }))
    const read = (): ClientFailure => ({ verdict: { code: 'timeout', reason: 'attempt' } })
    const error = new Error('library', { cause: thrown })
    expect(toIntegrationError(error)).toMatchObject({ code: 'canceled' })
    expect(toIntegrationError(error, { read })).toMatchObject({ code: 'timeout', reason: 'attempt' })
  })

  it('knows the connection of an answer, unless the caller names one', async () => {
    const fetch = createFetch({ fetch: async () => new Response(null, { status: 404 }), connection: 'acme' })
    const response = await fetch('https://api.example.com/things')
    expect(toIntegrationError(response).connection).toBe('acme')
    expect(toIntegrationError(response, { connection: 'another' }).connection).toBe('another')
  })

  it('adds the attempts to an answer that the library read', async () => {
    const connector = connectorOf('theirs', 'conflict')
    const fetch = createFetch({ fetch: () => Promise.resolve(new Response('{}', { status: 403 })) })
    const response = await fetch('https://api.example.com/things')
    const read = (): ClientFailure => ({ answer: { status: 403, body: { code: 1 }, response } })
    const described = toIntegrationError(new Error('x'), { read, provider: connector })
    expect(described).toMatchObject({ code: 'conflict', endpoint: 'GET https://api.example.com/things' })
    expect(described.attempts).toHaveLength(1)
  })

  it('takes a reader that throws for one that knows nothing', () => {
    const read = (): never => {
      throw new Error('broken')
    }
    expect(toIntegrationError(refused(), { read })).toMatchObject({ code: 'connection_failed', reason: 'refused' })
  })

  it('never throws, and ends on a circle of causes', () => {
    const circle = new Error('a')
    circle.cause = new Error('b', { cause: circle })
    const refuse = (): never => {
      throw new Error('do not touch')
    }
    const hostile = new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse })
    for (const thrown of [undefined, null, 'text', 7, 7n, Symbol('s'), {}, [], circle, hostile])
      expect(toIntegrationError(thrown).code).toBe('unknown')
  })
})
