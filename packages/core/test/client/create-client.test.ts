import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createClient } from '../../src/client/index.ts'
import { createFetch, InvalidOptionsError } from '../../src/index.ts'
import { scriptedFetch } from '../../src/testing/index.ts'
import { acme, baseUrl, failureOf, harness, json } from './harness.ts'

describe('createClient', () => {
  it('gets JSON from a URL below its base', async () => {
    const { client, transport, run } = harness([json({ a: 1 })])
    expect(await run(client.get('/things').json())).toEqual({ a: 1 })
    expect(transport.calls[0]).toMatchObject({ method: 'GET', url: `${baseUrl}/things` })
  })

  it('takes the base URL of its connector', async () => {
    const { client, transport, run } = harness([json({})], { connector: acme })
    await run(client.get('things'))
    expect(transport.calls[0]?.url).toBe(`${baseUrl}/things`)
  })

  it('takes an absolute URL as it is', async () => {
    const { client, transport, run } = harness([json({})])
    await run(client.get(new URL('https://other.example/x')))
    expect(transport.calls[0]?.url).toBe('https://other.example/x')
  })

  it.each(['get', 'post', 'put', 'patch', 'delete', 'head'] as const)('sends %s requests', async (name) => {
    const { client, transport, run } = harness([new Response(null, { status: 204 })])
    expect((await run(client[name]('/x'))).status).toBe(204)
    expect(transport.calls[0]?.method).toBe(name.toUpperCase())
  })

  it('sends any method when it is called itself', async () => {
    const { client, transport, run } = harness([json({})])
    await run(client('/x', { method: 'options' }))
    await run(client('/x'))
    expect(transport.calls.map(({ method }) => method)).toEqual(['OPTIONS', 'GET'])
  })

  it('adds search parameters to the query of the URL', async () => {
    const { client, transport, run } = harness([json({})])
    await run(client.get('/x?a=1', { searchParams: { b: 2, c: undefined } }))
    expect(transport.calls[0]?.url).toBe(`${baseUrl}/x?a=1&b=2`)
  })

  it('merges the headers of a request over its own', async () => {
    const { client, transport, run } = harness([json({})], { baseUrl, headers: { 'x-a': '1', 'x-b': '1', 'x-c': '1' } })
    await run(client.get('/x', { headers: { 'x-b': '2', 'x-c': undefined } }))
    const headers = transport.calls[0]?.headers
    expect([headers?.get('x-a'), headers?.get('x-b'), headers?.get('x-c')]).toEqual(['1', '2', null])
  })

  it.each([
    ['json', 'application/json'],
    ['text', 'text/*'],
    ['arrayBuffer', '*/*'],
  ] as const)('asks for what %s reads', async (kind, accept) => {
    const { client, transport, run } = harness([json({})])
    await run(client.get('/x')[kind]())
    expect(transport.calls[0]?.headers.get('accept')).toBe(accept)
  })

  it('leaves the accept header of the caller', async () => {
    const { client, transport, run } = harness([json({})])
    await run(client.get('/x', { headers: { accept: 'application/vnd.acme+json' } }).json())
    expect(transport.calls[0]?.headers.get('accept')).toBe('application/vnd.acme+json')
  })

  it('reads the body in every way that a Response can', async () => {
    const { client, run } = harness([new Response('abc')])
    expect(await run(client.get('/x').text())).toBe('abc')
    expect((await run(client.get('/x').arrayBuffer())).byteLength).toBe(3)
    expect((await run(client.get('/x').blob())).size).toBe(3)
    expect(await run(client.get('/x').bytes())).toEqual(new TextEncoder().encode('abc'))
    const form = harness([new Response(new URLSearchParams('a=1'))])
    expect((await form.run(form.client.post('/x').formData())).get('a')).toBe('1')
  })

  it('sends JSON, with another content type where one is set', async () => {
    const { client, transport, run } = harness([json({})])
    await run(client.post('/x', { json: { a: 1 } }))
    await run(client.post('/x', { json: [], headers: { 'content-type': 'application/merge-patch+json' } }))
    expect(transport.calls.map(({ init }) => init?.body)).toEqual(['{"a":1}', '[]'])
    expect(transport.calls.map(({ headers }) => headers.get('content-type'))).toEqual([
      'application/json',
      'application/merge-patch+json',
    ])
  })

  it('repeats a write with its body when it has an idempotency key', async () => {
    const { client, transport, run } = harness([json({}, 503), json({ id: 1 }, 201)], { baseUrl, idempotency: {} })
    expect(await run(client.post('/x', { json: { a: 1 } }).json())).toEqual({ id: 1 })
    expect(transport.calls.map(({ init }) => init?.body)).toEqual(['{"a":1}', '{"a":1}'])
    const keys = transport.calls.map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[0]).toBeTruthy()
    expect(keys[1]).toBe(keys[0])
  })

  it('leaves no body behind when it sends one again', async () => {
    const body = new URLSearchParams('a=1')
    const { client, transport, run } = harness([json({}, 503), json({})])
    await run(client.put('/x', { body }))
    expect(transport.calls.map(({ init }) => init?.body)).toEqual([body, body])
  })

  it('copies no request for retries that it does not make', async () => {
    const clone = vi.spyOn(Request.prototype, 'clone')
    onTestFinished(() => clone.mockRestore())
    const { client, run } = harness([json({}, 503), json({})])
    await run(client.put('/x', { json: {} }))
    expect(clone).not.toHaveBeenCalled()
  })

  it('passes on what only fetch knows', async () => {
    const { client, transport, run } = harness([json({})])
    const ofUndici: object = { dispatcher: 'mine' }
    await run(client.get('/x', { redirect: 'manual', ...ofUndici }))
    expect(transport.calls[0]?.init).toMatchObject({ redirect: 'manual', dispatcher: 'mine' })
  })

  it('adds one call of fetch per attempt and none of its own', async () => {
    const { client, transport, failure } = harness([json({}, 500)])
    await failure(client.get('/x').json())
    expect(transport.calls).toHaveLength(3)
  })

  it('shows the events and the state of the function underneath', async () => {
    const { client, run } = harness([json({})])
    const statuses: unknown[] = []
    client.fetch.on('call:finished', ({ status }) => statuses.push(status))
    await run(client.get('/x'))
    expect(statuses).toEqual([200])
    expect(client.fetch.snapshot().hosts).toHaveLength(1)
  })

  it('ends the function underneath when it is disposed', async () => {
    const { client, failure } = harness([json({})])
    await client[Symbol.asyncDispose]()
    expect(await failure(client.get('/x').json())).toMatchObject({ code: 'canceled', reason: 'shutdown' })
  })

  it('uses a function of createFetch as it is and leaves it to its owner', async () => {
    const fetch = createFetch({ fetch: scriptedFetch([json({ a: 1 })]) })
    const client = createClient({ fetch, baseUrl })
    expect(client.fetch).toBe(fetch)
    await client[Symbol.asyncDispose]()
    expect(await client.get('/x').json()).toEqual({ a: 1 })
    await fetch[Symbol.asyncDispose]()
    expect((await failureOf(client.get('/x').json())).reason).toBe('shutdown')
  })
})

describe('the options of createClient', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ baseUrl: '/v1' }, 'baseUrl'],
    [{ baseUrl: 'ftp://example.com' }, 'baseUrl'],
    [{ headers: 'Bearer s3cret' }, 'headers'],
    [{ deadlineMs: 0 }, 'deadlineMs'],
    [{ prefix: '/v1' }, 'prefix'],
    [{ refusals: 'response' }, 'refusals'],
    [{ baseURL: 'https://example.com' }, 'baseURL'],
    [{ connector: { id: 'Acme' } }, 'connector.id'],
    [{ fetch: createFetch(), retry: false }, 'retry'],
    [{ fetch: createFetch(), connector: { id: 'Acme' } }, 'connector.id'],
  ])('refuse %o', (options, path) => {
    const create = (): unknown => createClient(options)
    expect(create).toThrow(InvalidOptionsError)
    expect(create).toThrow(expect.objectContaining({ path }))
    expect(create).not.toThrow(/s3cret/)
  })

  it('are suggested for a name that is nearly one of them', () => {
    expect(() => createClient({ baseURL: 'https://example.com' } as never)).toThrow('Did you mean `baseUrl`?')
  })

  it('refuse what is no object', () => {
    expect(() => createClient(null as never)).toThrow(InvalidOptionsError)
  })
})
