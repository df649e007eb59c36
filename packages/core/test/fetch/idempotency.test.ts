import { describe, expect, it } from 'vitest'
import { type Connector, createFetch, explain, integrationErrorOf } from '../../src/index.ts'
import { answer, connectionReset, harness, rejectionOf, url } from './harness.ts'

const connector: Connector = {
  id: 'payments',
  name: 'Payments',
  sources: [{ url: 'https://docs.example.com', verifiedAt: '2026-01-01' }],
  http: { idempotencyHeader: 'X-Idempotency-Key' },
}

describe('createFetch: idempotency', () => {
  it('gives a POST one key for all attempts, so that it is repeated', async () => {
    const { run, transport } = harness([connectionReset(), answer(500), answer(201)], { idempotency: {} })
    const response = await run(url, { method: 'POST', body: 'x' })
    const keys = transport.calls.map(({ headers }) => headers.get('idempotency-key'))
    expect(response.status).toBe(201)
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
    expect(explain(response)?.idempotencyKey).toBe(keys[0])
  })

  it('gives each call another key', async () => {
    const { run, transport } = harness([answer(201)], { idempotency: {} })
    await run(url, { method: 'POST' })
    await run(url, { method: 'PATCH' })
    expect(new Set(transport.calls.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(2)
  })

  it('uses the header that the connector names, without being asked', async () => {
    const { run, transport } = harness([answer(201)], { connector })
    await run(url, { method: 'POST' })
    expect(transport.calls[0]?.headers.has('x-idempotency-key')).toBe(true)
  })

  it('gives no key to paths that do not take one, so that what may have been executed there is not repeated', async () => {
    const http = { idempotencyHeader: 'Idempotency-Key', idempotencyPaths: ['/v1/things', '/v2/*/things'] }
    const partly = { ...connector, http }
    const { run, transport } = harness([answer(500), answer(201)], { connector: partly })
    expect((await run('https://api.example.com/v1/others?a=/v1/things', { method: 'POST' })).status).toBe(500)
    expect(transport.calls.map(({ headers }) => headers.has('idempotency-key'))).toEqual([false])
    expect((await run('https://api.example.com/v2/1/things', { method: 'POST' })).status).toBe(201)
    expect(transport.calls.map(({ headers }) => headers.has('idempotency-key'))).toEqual([false, true])
  })

  it('uses the header of the options before that of the connector', async () => {
    const { run, transport } = harness([answer(201)], { connector, idempotency: { header: 'Request-Key' } })
    await run(url, { method: 'POST' })
    expect([...(transport.calls[0]?.headers.keys() ?? [])]).toEqual(['request-key'])
  })

  it('keeps the key of the caller', async () => {
    const { run, transport } = harness([answer(201)], { idempotency: {} })
    await run(url, { method: 'POST', headers: { 'IDEMPOTENCY-KEY': 'mine' } })
    expect(transport.calls[0]?.headers.get('idempotency-key')).toBe('mine')
  })

  it('takes an empty key for none', async () => {
    const init = { method: 'POST', headers: { 'idempotency-key': ' ' } }
    const unkeyed = harness([connectionReset()])
    await rejectionOf(unkeyed.run(url, init))
    expect(unkeyed.transport.calls).toHaveLength(1)
    const keyed = harness([connectionReset(), answer(201)], { idempotency: {} })
    await keyed.run(url, init)
    const keys = keyed.transport.calls.map(({ headers }) => headers.get('idempotency-key'))
    expect(keys).toEqual([expect.stringMatching(/^[\da-f-]{36}$/), keys[0]])
  })

  it.each(['GET', 'PUT', 'DELETE'])('gives no key to %s', async (method) => {
    const { run, transport } = harness([answer(200)], { idempotency: {} })
    await run(url, { method })
    expect([...(transport.calls[0]?.headers.keys() ?? [])]).toEqual([])
  })

  it('is off without a connector that names a header, and with `false`', async () => {
    for (const options of [{}, { connector, idempotency: false }] as const) {
      const { run, transport } = harness([connectionReset()], options)
      await rejectionOf(run(url, { method: 'POST' }))
      expect([...(transport.calls[0]?.headers.keys() ?? [])]).toEqual([])
      expect(transport.calls).toHaveLength(1)
    }
  })

  it('keeps the headers of the caller and never changes what the caller passed', async () => {
    const headers = { accept: 'application/json' }
    const init = Object.freeze({ method: 'POST', headers: Object.freeze(headers) })
    const { run, transport } = harness([answer(201)], { idempotency: {} })
    await run(url, init)
    expect(transport.calls[0]?.headers.get('accept')).toBe('application/json')
    expect(headers).toEqual({ accept: 'application/json' })
  })

  it('keeps the headers of a Request', async () => {
    const request = new Request(url, { method: 'POST', headers: { accept: 'text/plain' } })
    const { run, transport } = harness([answer(201)], { idempotency: {} })
    await run(request)
    expect(transport.calls[0]?.headers.get('accept')).toBe('text/plain')
    expect(request.headers.has('idempotency-key')).toBe(false)
  })

  it.each([
    ['structured', /^"[\da-f-]{36}"$/],
    ['raw', /^[\da-f-]{36}$/],
  ] as const)('writes a key %s where the connector says so', async (idempotencyKeyFormat, written) => {
    const { run, transport } = harness([answer(201)], {
      connector: { ...connector, http: { ...connector.http, idempotencyKeyFormat } },
    })
    const response = await run(url, { method: 'POST' })
    const sent = transport.calls[0]?.headers.get('x-idempotency-key')
    expect(sent).toMatch(written)
    expect(explain(response)?.idempotencyKey).toBe(sent)
  })

  it('writes as the options say before the connector, and escapes what stands in quotes', async () => {
    const { run, transport } = harness([answer(201)], {
      connector: { ...connector, http: { ...connector.http, idempotencyKeyFormat: 'raw' } },
      idempotency: { keyFormat: 'structured' },
      random: { next: () => 0, uuid: () => 'a"b\\c' },
    })
    await run(url, { method: 'POST' })
    expect(transport.calls[0]?.headers.get('x-idempotency-key')).toBe('"a\\"b\\\\c"')
  })

  it.each([
    [{ http: { ...connector.http, idempotencyMethods: ['POST', 'DELETE'] } }, undefined],
    [{}, { methods: ['POST', 'DELETE'] }],
  ])('gives a key to the methods that the connector or the options name: %#', async (more, idempotency) => {
    const { run, transport } = harness([answer(200)], {
      connector: { ...connector, ...more },
      ...(idempotency === undefined ? {} : { idempotency }),
    })
    for (const method of ['POST', 'PATCH', 'DELETE']) await run(url, { method })
    expect(transport.calls.map(({ headers }) => headers.has('x-idempotency-key'))).toEqual([true, false, true])
  })

  it.each([{ keyFormat: 'quoted' }, { methods: ['GET'] }])('refuses %j', (idempotency) => {
    expect(() => createFetch({ idempotency: idempotency as never })).toThrow('Expected `idempotency.')
  })

  it.each([
    ['whose connection was lost', connectionReset()],
    ['that a gateway gave up on', answer(504)],
  ])('waits for an attempt with the same key %s, when it is said to be at work', async (_, first) => {
    const { run, transport, heard } = harness([first, answer(409), answer(201)], { idempotency: {} })
    expect((await run(url, { method: 'POST', body: 'x' })).status).toBe(201)
    expect(transport.calls).toHaveLength(3)
    expect(heard.of('attempt:failed')[1]).toMatchObject({ code: 'conflict', reason: 'in_flight', status: 409 })
  })

  it.each([
    ['is the first answer', [answer(409)], {}],
    ['follows an answer of the provider itself', [answer(500), answer(409)], {}],
    ['has no key', [answer(502), answer(409)], { idempotency: false, method: 'PUT' }],
  ] as const)(
    'takes a 409 for what it says when it %s',
    async (_, answers, { method = 'POST', ...options }: { method?: string; idempotency?: false }) => {
      const { run, transport } = harness(answers as never, { idempotency: {}, ...options })
      const response = await run(url, { method, body: 'x' })
      expect(response.status).toBe(409)
      expect(transport.calls).toHaveLength(answers.length)
      expect(integrationErrorOf(response)).toMatchObject({ code: 'conflict', retryable: 'never' })
    },
  )

  it.each([
    ['an attempt that times out', ['hang'], { attemptTimeoutMs: 100 }],
    ['a deadline that passes', ['hang'], { deadlineMs: 100 }],
    ['a connection that is lost', [connectionReset()], {}],
  ] as const)(
    'reports %s while a write without a key is under way, and never repeats it',
    async (_, answers, options) => {
      const { run, transport } = harness(answers as never, options)
      const error = await rejectionOf(run(url, { method: 'POST', body: 'x' }))
      expect(transport.calls).toHaveLength(1)
      expect(explain(error)?.stop).toBe('unsafe')
      expect(integrationErrorOf(error)).toMatchObject({ delivery: 'unknown' })
    },
  )

  it('reports the answer of a gateway that gave up on a write without a key', async () => {
    const { run } = harness([answer(504)])
    const response = await run(url, { method: 'POST', body: 'x' })
    expect(explain(response)?.stop).toBe('unsafe')
    expect(integrationErrorOf(response)).toMatchObject({ delivery: 'unknown' })
  })
})
