import { describe, expect, it } from 'vitest'
import { type Connector, explain } from '../../src/index.ts'
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
})
