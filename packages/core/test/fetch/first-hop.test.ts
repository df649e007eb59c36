import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch, explain, integrationErrorOf } from '../../src/index.ts'
import { answer, connectionRefused, harness, nameNotFound, rejectionOf, url } from './harness.ts'

const post = { method: 'POST', body: 'x' }

describe('createFetch: a POST that could not connect', () => {
  it.each([
    ['the name that was called is unknown', url, nameNotFound('api.example.com')],
    ['the name that was called is unknown, with a port', 'http://localhost:81/', nameNotFound('localhost')],
    ['the address that was called refuses', 'https://192.0.2.1/', connectionRefused('192.0.2.1', 443)],
    ['the port that was called refuses', 'http://192.0.2.1:81/', connectionRefused('192.0.2.1', 81)],
    ['the IPv6 address that was called refuses', 'http://[::1]:81/', connectionRefused('::1', 81)],
    ['localhost refuses', 'http://localhost:81/', connectionRefused('127.0.0.1', 81)],
    [
      'localhost refuses at both of its addresses',
      'http://localhost:81/',
      new TypeError('fetch failed', {
        cause: new AggregateError([connectionRefused('::1', 81).cause, connectionRefused('127.0.0.1', 81).cause]),
      }),
    ],
  ])('is repeated when %s', async (_, input, error) => {
    const { run, transport } = harness([error, answer(201)])
    expect((await run(input, post)).status).toBe(201)
    expect(transport.calls).toHaveLength(2)
  })

  it.each([
    ['another name is unknown', url, nameNotFound('other.example.com')],
    ['another port refuses', 'http://192.0.2.1:81/', connectionRefused('192.0.2.1', 82)],
    ['an address refuses that may be another host', url, connectionRefused('192.0.2.1', 443)],
    ['the loopback address refuses and another name was called', url, connectionRefused('127.0.0.1', 443)],
    ['localhost was called and another address refuses', 'http://localhost:81/', connectionRefused('192.0.2.1', 81)],
    ['nothing says who refuses', url, new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })],
  ])('is not repeated when %s', async (_, input, error) => {
    const { run, transport } = harness([error])
    expect(explain(await rejectionOf(run(input, post)))).toMatchObject({
      stop: 'unsafe',
      error: { delivery: 'unknown' },
    })
    expect(transport.calls).toHaveLength(1)
  })

  it.each([
    ['redirects are an error', { ...post, redirect: 'error' as const }],
    ['redirects are not followed', { ...post, redirect: 'manual' as const }],
    ['it carries a key', { ...post, headers: { 'idempotency-key': 'k' } }],
    ['it is a PUT after all', { method: 'PUT' }],
  ])('is repeated, whoever refuses, when %s', async (_, init) => {
    const { run, transport } = harness([connectionRefused(), answer(201)])
    await run(url, init)
    expect(transport.calls).toHaveLength(2)
  })
})

describe('createFetch: a POST that is redirected to a dead host', () => {
  let server: Server
  let base: string
  let received: number

  beforeAll(async () => {
    server = createServer((request, response) => {
      received++
      const status = Number(request.url?.slice(1))
      response.writeHead(status, { location: `http://127.0.0.2:${(server.address() as AddressInfo).port}/` }).end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  it.each([302, 303, 307, 308])('is sent once, after a %i', async (status) => {
    received = 0
    const error = await rejectionOf(createFetch({ retry: { baseDelayMs: 0 } })(`${base}${status}`, post))
    expect(received).toBe(1)
    expect(integrationErrorOf(error)).toMatchObject({ code: 'connection_failed', delivery: 'unknown' })
  })
})
