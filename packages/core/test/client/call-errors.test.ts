import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type ClientOptions, createClient, type RequestOptions } from '../../src/client/index.ts'
import { createFetch, IntegrationError } from '../../src/index.ts'
import { fakeClock, scriptedFetch } from '../../src/testing/index.ts'
import { connectionRefused, connectionReset } from '../fetch/harness.ts'
import { acme, baseUrl, failureOf, harness, json } from './harness.ts'

const malformed = { code: 'invalid_request', reason: 'malformed' }

describe('an answer that is no success', () => {
  it('throws everything that is known of it', async () => {
    const body = { error: { code: 'card_declined', message: 'No funds on card.' }, secret: 'abc' }
    const { client, failure, clock } = harness([json(body, 402, { 'x-acme-id': 'req-1' })], {
      connector: acme,
      connection: 'tenant-1',
    })
    const error = await failure(client.post('/charges?token=s3cret', { json: {} }).json())
    expect(error.toJSON()).toMatchObject({
      code: 'account_unavailable',
      upstream: { status: 402, code: 'card_declined', message: 'No funds on card.', requestId: 'req-1' },
      delivery: 'answered',
      integration: 'acme',
      connection: 'tenant-1',
      endpoint: `POST ${baseUrl}/charges?…`,
      attempts: [{ attempt: 1, status: 402, code: 'account_unavailable' }],
      at: clock.now(),
    })
    expect(inspect(error)).not.toContain('s3cret')
  })

  it('throws with every attempt after the last', async () => {
    const { client, failure } = harness([json({}, 503)])
    expect((await failure(client.get('/x'))).attempts.map(({ status }) => status)).toEqual([503, 503, 503])
  })

  it('throws the idempotency key, so that the write can be asked about', async () => {
    const { client, failure, transport } = harness([json({}, 500)], { connector: acme, idempotency: {} })
    const error = await failure(client.post('/x', { json: {} }))
    expect(error.idempotencyKey).toBeDefined()
    expect(error.idempotencyKey).toBe(transport.calls[0]?.headers.get('idempotency-key'))
  })

  it('says how long to wait', async () => {
    const { client, failure } = harness([json({}, 429, { 'retry-after': '7' })], { baseUrl, retry: false })
    expect(await failure(client.get('/x'))).toMatchObject({ code: 'rate_limited', retryAfterMs: 7_000 })
  })

  it('is described by the rules of the connector with its body', async () => {
    const { client, failure } = harness([json({ error: 'token_revoked' }, 404)], { connector: acme })
    expect((await failure(client.get('/x'))).code).toBe('reauth_required')
  })

  it('is described by the connector of a function that was given, too', async () => {
    const fetch = createFetch({ fetch: scriptedFetch([json({ error: 'token_revoked' }, 404)]), connector: acme })
    const error = await failureOf(createClient({ fetch, baseUrl }).get('/x'))
    expect(error).toMatchObject({ code: 'reauth_required', integration: 'acme', upstream: { code: 'token_revoked' } })
  })

  it('is described when every policy is off', async () => {
    const off = { retry: false, rateLimit: false, breaker: false, deadlineMs: false, attemptTimeoutMs: false } as const
    const { client, failure } = harness([json({ code: 'gone' }, 410)], {
      connector: acme,
      connection: 'tenant-1',
      ...off,
    })
    expect(await failure(client.get('/x'))).toMatchObject({
      code: 'not_found',
      reason: 'gone',
      integration: 'acme',
      connection: 'tenant-1',
      endpoint: `GET ${baseUrl}/x`,
      upstream: { status: 410, code: 'gone' },
    })
  })

  it.each([
    ['a page', new Response('<html>down</html>', { status: 503, headers: { 'content-type': 'text/html' } })],
    ['broken JSON', new Response('{"a":', { status: 500, headers: { 'content-type': 'application/json' } })],
    ['nothing', new Response(null, { status: 500 })],
    ['more than 64 KiB', json({ message: 'x'.repeat(70_000) }, 500)],
  ])('is described without its body when that is %s', async (_, response) => {
    const { client, failure } = harness([response], { baseUrl, retry: false })
    expect((await failure(client.get('/x'))).upstream).toEqual({ status: response.status })
  })

  it('does not wait for a body that never ends', async () => {
    let canceled = false
    const endless = new ReadableStream({ cancel: () => void (canceled = true) })
    const { client, failure, clock } = harness([() => new Response(endless, { status: 500 })], {
      baseUrl,
      retry: false,
    })
    const startMs = clock.monotonicMs()
    expect((await failure(client.get('/x'))).code).toBe('upstream_error')
    expect(clock.monotonicMs() - startMs).toBe(2_000)
    expect(canceled).toBe(true)
  })

  it('frees the connection when nobody will read the body', async () => {
    let canceled = false
    const page = new ReadableStream({ cancel: () => void (canceled = true) })
    const answer = (): Response => new Response(page, { status: 404, headers: { 'content-type': 'text/html' } })
    const { client, failure } = harness([answer])
    await failure(client.get('/x'))
    expect(canceled).toBe(true)
  })

  it('is a success when nobody followed a redirect, or nothing changed', async () => {
    const { client, run } = harness([new Response(null, { status: 304 })])
    expect((await run(client.get('/x'))).status).toBe(304)
  })

  it('throws for a 207 unless the caller looks at its items', async () => {
    const { client, failure, run } = harness([json([{ status: 409 }], 207)])
    expect(await failure(client.post('/x', { json: [] }).json())).toMatchObject({
      code: 'partial_failure',
      delivery: 'answered',
    })
    expect(await run(client.post('/x', { json: [], allowPartial: true }).json())).toEqual([{ status: 409 }])
  })

  it('rejects the promise and its shortcut with one error, and no rejection is left over', async () => {
    const { client, run } = harness([json({}, 404)])
    const promise = client.get('/x')
    const body = promise.json()
    const [first, second] = await run(Promise.allSettled([promise, body]))
    expect(first.status === 'rejected' && second.status === 'rejected' && first.reason === second.reason).toBe(true)
  })
})

describe('a request that fails before an answer', () => {
  it('throws the IntegrationError of a transport failure, with the native error as its cause', async () => {
    const native = connectionRefused()
    const { client, failure } = harness([native], { baseUrl, retry: false })
    const error = await failure(client.get('/x').json())
    expect(error).toMatchObject({ code: 'connection_failed', reason: 'refused', delivery: 'not_sent' })
    expect(error.cause).toBe(native)
    expect(error.attempts).toHaveLength(1)
  })

  it('throws the refusal of a policy as it is', async () => {
    const { client, failure } = harness([connectionReset()], {
      baseUrl,
      retry: false,
      breaker: { minimumCalls: 1, failureRatio: 0.5 },
    })
    await failure(client.get('/x'))
    expect(await failure(client.get('/x'))).toMatchObject({ code: 'circuit_open', delivery: 'not_sent' })
  })

  it('throws the refusal that a given function makes into a response', async () => {
    const clock = fakeClock()
    const transport = scriptedFetch([json({}, 500)])
    const breaker = { minimumCalls: 1, failureRatio: 0.5 }
    const fetch = createFetch({ fetch: transport, clock, retry: false, breaker, refusals: 'response' })
    const client = createClient({ fetch, connector: acme })
    await clock.runUntil(failureOf(client.get('/x')))
    const refusal = await clock.runUntil(failureOf(client.get('/x')))
    expect(refusal).toMatchObject({ code: 'circuit_open', phase: 'local' })
    expect(refusal.upstream).toBeUndefined()
  })

  it('throws timeout when the deadline passes', async () => {
    const { client, failure } = harness(['hang'], { baseUrl, deadlineMs: 500 })
    expect(await failure(client.get('/x').json())).toMatchObject({ code: 'timeout', reason: 'total' })
  })

  it.each<[string, unknown]>([
    ['an error', new Error('enough')],
    ['a text', 'enough'],
    ['an IntegrationError', new IntegrationError({ code: 'not_found' })],
  ])('throws canceled with the reason of the caller as its cause: %s', async (_, reason) => {
    const { client, failure } = harness(['hang'])
    const controller = new AbortController()
    const work = client.get('/x', { signal: controller.signal }).json()
    queueMicrotask(() => controller.abort(reason))
    const error = await failure(work)
    expect(error).toMatchObject({ code: 'canceled', reason: 'abort', endpoint: `GET ${baseUrl}/x` })
    expect(error.cause).toBe(reason)
  })

  it('sends nothing when the signal has aborted before', async () => {
    const { client, failure, transport } = harness([json({})])
    const error = await failure(client.get('/x', { signal: AbortSignal.abort() }))
    expect(error).toMatchObject({ code: 'canceled', delivery: 'not_sent' })
    expect(transport.calls).toHaveLength(0)
  })

  it('names its own endpoint when one reason ends many requests', async () => {
    const { client, clock } = harness(['hang'])
    const controller = new AbortController()
    const { signal } = controller
    const work = [failureOf(client.get('/a', { signal })), failureOf(client.get('/b', { signal }))]
    setImmediate(() => controller.abort())
    const errors = await clock.runUntil(Promise.all(work))
    expect(errors.map(({ endpoint }) => endpoint)).toEqual([`GET ${baseUrl}/a`, `GET ${baseUrl}/b`])
  })

  it.each<[string, string, ClientOptions, RequestOptions, object]>([
    ['a URL that is none', 'http://[', {}, {}, { code: 'configuration_error', reason: 'invalid_url' }],
    ['a relative URL without a base', '/x', {}, {}, { code: 'configuration_error', reason: 'invalid_url' }],
    ['a header that is none', '/x', { baseUrl }, { headers: { 'x y': '1' } }, malformed],
    ['a value that is no JSON', '/x', { baseUrl }, { method: 'POST', json: 1n }, malformed],
    ['a Request', new Request('https://api.example.com/v1/x') as never, { baseUrl }, {}, malformed],
    ['no URL', undefined as never, { baseUrl }, {}, malformed],
    ['a method that is no text', '/x', { baseUrl }, { method: {} as never }, malformed],
    ['a GET with a body', '/x', { baseUrl }, { body: 'a' }, malformed],
  ])('rejects %s without sending it', async (_, url, options, request, expected) => {
    const error = await failureOf(createClient(options)(url, request).json())
    expect(error).toMatchObject({ ...expected, delivery: 'not_sent' })
  })
})

describe('a body that breaks', () => {
  const broken = (): Response =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":')),
        pull: (controller) =>
          controller.error(
            new TypeError('terminated', { cause: Object.assign(new Error(), { code: 'UND_ERR_SOCKET' }) }),
          ),
      }),
      { headers: { 'content-type': 'application/json', 'x-request-id': 'r-1' } },
    )

  it.each(['json', 'text', 'arrayBuffer', 'blob'] as const)('throws from %s that it was truncated', async (kind) => {
    const { client, failure } = harness([broken])
    expect(await failure(client.get('/x')[kind]())).toMatchObject({
      code: 'connection_lost',
      reason: 'truncated_body',
      delivery: 'answered',
      upstream: { status: 200, requestId: 'r-1' },
      attempts: [{ attempt: 1, status: 200 }],
      endpoint: `GET ${baseUrl}/x`,
    })
  })

  it('throws that it was read before', async () => {
    const { client, failure, run } = harness([json({})])
    const promise = client.get('/x')
    await run(promise.text())
    expect(await failure(promise.text())).toMatchObject({ code: 'invalid_request', reason: 'body_used' })
  })
})
