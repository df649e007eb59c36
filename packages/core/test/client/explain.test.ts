import { describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, createClient, type StandardSchema } from '../../src/client/index.ts'
import { createFetch, explain, integrationErrorOf } from '../../src/index.ts'
import { fakeClock, type ScriptedAnswer, scriptedFetch } from '../../src/testing/index.ts'
import { connectionRefused } from '../fetch/harness.ts'
import { acme, baseUrl, failureOf, harness, json } from './harness.ts'

const html = new Response('<html>', { headers: { 'content-type': 'text/html' } })
const truncated = (): Response =>
  new Response(
    new ReadableStream({
      pull: (controller) => controller.error(new TypeError('terminated', { cause: { code: 'UND_ERR_SOCKET' } })),
    }),
  )
const schemaOf = (validate: StandardSchema['~standard']['validate']): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate },
})
const refusing = schemaOf(() => ({ issues: [{ message: 'no' }] }))
const throwing = schemaOf(() => {
  throw new Error('no schema')
})
const noRetry = { baseUrl, retry: false } as const
const list = { kind: 'cursor', param: 'c', cursor: '/next', items: '/items' } as const

/** What happens, the answers to it, the options of the client, the call, the code and the statuses of its attempts. */
type Case = readonly [
  string,
  readonly [ScriptedAnswer, ...ScriptedAnswer[]],
  ClientOptions,
  (client: Client) => Promise<unknown>,
  string,
  readonly (number | undefined)[],
]

const get = (client: Client): Promise<unknown> => client.get('/x').json()
const firstItem = (pages: AsyncGenerator<unknown>): Promise<unknown> => pages.next()
const readAll = async (pages: AsyncGenerator<unknown>): Promise<void> => {
  while ((await pages.next()).done !== true);
}

const cases: readonly Case[] = [
  ['a 503', [json({}, 503)], { baseUrl }, get, 'upstream_unavailable', [503, 503, 503]],
  ['a 404', [json({}, 404)], { baseUrl }, get, 'not_found', [404]],
  ['a 207', [json([], 207)], { baseUrl }, get, 'partial_failure', [207]],
  ['a rule of the connector', [json({ ok: false })], { connector: acme }, get, 'invalid_request', [200]],
  ['a page', [html], { baseUrl }, get, 'schema_mismatch', [200]],
  ['a broken body', [truncated], { baseUrl }, get, 'connection_lost', [200]],
  [
    'a schema that refuses',
    [json({})],
    { baseUrl },
    (client) => client.get('/x').json(refusing),
    'schema_mismatch',
    [200],
  ],
  [
    'a schema that throws',
    [json({})],
    { baseUrl },
    (client) => client.get('/x').json(throwing),
    'configuration_error',
    [200],
  ],
  ['a host that refuses', [connectionRefused()], noRetry, get, 'connection_failed', [undefined]],
  ['a deadline', ['hang'], { baseUrl, deadlineMs: 500 }, get, 'timeout', [undefined]],
  [
    'a list that is none',
    [json({})],
    { baseUrl },
    (client) => firstItem(client.paginate('/x', { pagination: list })),
    'schema_mismatch',
    [200],
  ],
  [
    'a list that is too long',
    [json({ items: [1], next: 'b' })],
    { baseUrl },
    (client) => readAll(client.paginate('/x', { pagination: list, maxPages: 1 })),
    'configuration_error',
    [200],
  ],
]

describe('explain', () => {
  it.each(cases)('tells the call that failed with %s', async (_, answers, options, send, code, statuses) => {
    const { client, failure } = harness(answers, options)
    const error = await failure(send(client))
    const explanation = explain(error)
    expect(error.code).toBe(code)
    expect(explanation?.error).toBe(error)
    expect(explanation?.endpoint).toBe(error.endpoint)
    expect(explanation?.attempts).toEqual(error.attempts)
    expect(explanation?.attempts.map(({ status }) => status)).toEqual(statuses)
    expect(String(explanation)).toContain(`= ${code}`)
  })

  it('tells the waits, the decisions, the stop and the key of a call', async () => {
    const { client, failure } = harness([json({}, 503, { 'retry-after': '2' })], { baseUrl, idempotency: {} })
    const error = await failure(client.post('/x', { json: {} }))
    expect(explain(error)).toMatchObject({
      waits: [{ kind: 'backoff' }, { kind: 'backoff' }],
      decisions: [
        { kind: 'retry', code: 'upstream_unavailable' },
        { kind: 'retry', code: 'upstream_unavailable' },
      ],
      stop: 'max_attempts',
      idempotencyKey: error.idempotencyKey,
    })
  })

  it.each(['throw', 'response'] as const)('tells what was refused, with refusals: %s', async (refusals) => {
    const clock = fakeClock()
    const breaker = { minimumCalls: 1, failureRatio: 0.5 }
    const fetch = createFetch({ fetch: scriptedFetch([json({}, 500)]), clock, retry: false, breaker, refusals })
    const client = createClient({ fetch, baseUrl })
    await clock.runUntil(failureOf(client.get('/x')))
    const error = await clock.runUntil(failureOf(client.get('/x')))
    expect(error.code).toBe('circuit_open')
    expect(explain(error)).toMatchObject({ callId: 2, attempts: [] })
    expect(explain(error)?.error).toBe(error)
  })

  it.each([new Error('enough'), 'enough', undefined])('tells each call that one reason ended: %s', async (reason) => {
    const { client, clock } = harness(['hang'])
    const controller = new AbortController()
    const { signal } = controller
    const paths = ['/a', '/b', '/b']
    const work = paths.map((path) => failureOf(client.get(path, { signal })))
    clock.schedule(1_000, () => controller.abort(reason))
    const explanations = (await clock.runUntil(Promise.all(work))).map(explain)
    expect(explanations).toMatchObject(
      paths.map((path, index) => ({
        callId: index + 1,
        endpoint: `GET ${baseUrl}${path}`,
        attempts: [{ attempt: 1 }],
        error: { code: 'canceled' },
      })),
    )
  })

  it('tells a call whose signal had aborted before', async () => {
    const { client, failure } = harness([json({})])
    const error = await failure(client.get('/x', { signal: AbortSignal.abort() }))
    expect(explain(error)).toMatchObject({ attempts: [], error: { code: 'canceled' } })
  })

  it('knows nothing of a request that could not be made', async () => {
    const { client, failure } = harness([json({})])
    expect(explain(await failure(client.post('/x', { json: 1n })))).toBeUndefined()
  })

  it('knows nothing of a call after the client was disposed, or with every policy off', async () => {
    const off = { retry: false, rateLimit: false, breaker: false, deadlineMs: false, attemptTimeoutMs: false } as const
    const { client, failure } = harness([json({}, 404)], { baseUrl, ...off })
    expect(explain(await failure(client.get('/x')))).toBeUndefined()
    await client[Symbol.asyncDispose]()
    expect(explain(await failure(client.get('/x')))).toBeUndefined()
  })

  it('tells the call by the error that `integrationErrorOf` makes of its answer', async () => {
    const clock = fakeClock()
    const fetch = createFetch({ fetch: scriptedFetch([json({}, 404)]), clock })
    const error = integrationErrorOf(await clock.runUntil(fetch(`${baseUrl}/x`)))
    expect(explain(error)).toMatchObject({ attempts: [{ status: 404 }] })
    expect(explain(error)?.error).toBe(error)
  })
})
