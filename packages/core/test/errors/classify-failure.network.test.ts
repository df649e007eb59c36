import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, test } from 'vitest'
import { closedPort, httpServer, rawServer } from './failing-server.ts'
import { classified, type Facts, factsOf } from './failure-facts.ts'

const lostBefore: Facts = {
  code: 'connection_lost',
  reason: 'closed_early',
  delivery: 'unknown',
  phase: 'headers',
  fault: 'network',
}
const lostInBody: Facts = {
  code: 'connection_lost',
  reason: 'truncated_body',
  delivery: 'answered',
  phase: 'body',
  fault: 'network',
}
const notHttp: Facts = {
  code: 'schema_mismatch',
  reason: 'not_http',
  delivery: 'answered',
  phase: 'headers',
  fault: 'upstream',
}
const badEncoding: Facts = { ...notHttp, reason: 'bad_encoding', phase: 'body' }
const notJson: Facts = { ...notHttp, reason: 'not_json', phase: 'parse' }
const impossible: Facts = {
  code: 'configuration_error',
  reason: 'invalid_url',
  delivery: 'not_sent',
  phase: 'local',
  fault: 'platform',
}
const malformed: Facts = { ...impossible, code: 'invalid_request', reason: 'malformed', fault: 'caller' }

describe('classifyFailure of what the network does', () => {
  test('a port where nobody listens is a refused connection that sent nothing', async () => {
    const port = await closedPort()
    expect(await factsOf(() => fetch(`http://127.0.0.1:${port}/`))).toEqual({
      code: 'connection_failed',
      reason: 'refused',
      delivery: 'not_sent',
      phase: 'connect',
      fault: 'network',
    })
  })

  test('several addresses that all refuse are one refused connection', async () => {
    const port = await closedPort()
    const socket = net.connect({
      host: 'two-addresses.invalid',
      port,
      autoSelectFamily: true,
      lookup: (_host, _options, found) =>
        found(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '::1', family: 6 },
        ]),
    })
    const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [unknown]
    expect(error).toBeInstanceOf(AggregateError)
    const { code, reason, delivery, phase } = classified(new TypeError('fetch failed', { cause: error }), {})
    expect({ code, delivery, phase }).toEqual({ code: 'connection_failed', delivery: 'not_sent', phase: 'connect' })
    expect(['refused', 'unreachable']).toContain(reason)
  })

  test('a name that does not exist is a DNS error that sent nothing', async () => {
    const { reason, fault, ...facts } = await factsOf(() => fetch('http://nothing.invalid/'))
    expect(facts).toEqual({ code: 'dns_error', delivery: 'not_sent', phase: 'dns' })
    // Without a resolver, as in a sandbox, the answer is that there is none yet.
    expect([
      ['not_found', 'platform'],
      ['temporary', 'network'],
    ]).toContainEqual([reason, fault])
  })

  test('a connection closed before the headers may have delivered the request', async () => {
    const { url } = await rawServer((socket) => socket.end())
    expect(await factsOf(() => fetch(url))).toEqual(lostBefore)
  })

  test('a connection closed within the headers may have delivered the request', async () => {
    const { url } = await rawServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'))
    expect(await factsOf(() => fetch(url))).toEqual(lostBefore)
  })

  test('a connection reset before the headers may have delivered the request', async () => {
    const { url } = await rawServer((socket) => socket.resetAndDestroy())
    expect(await factsOf(() => fetch(url))).toEqual({ ...lostBefore, reason: 'reset' })
  })

  test('a connection reset in the body is an answer without its end', async () => {
    const server = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'))
    const response = await fetch(server.url)
    server.reset()
    expect(await factsOf(() => response.text())).toEqual(lostInBody)
  })

  test.each([
    ['shorter than its content-length', 'content-length: 9\r\n\r\nabc'],
    ['cut within a chunk', 'transfer-encoding: chunked\r\n\r\n9\r\nabc'],
    ['without its last chunk', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'],
  ])('a body %s is an answer without its end', async (_title, rest) => {
    const { url } = await rawServer((socket) => socket.end(`HTTP/1.1 200 OK\r\n${rest}`))
    expect(await factsOf(async () => (await fetch(url)).text())).toEqual(lostInBody)
  })

  test('a body longer than its content-length is cut by fetch and no failure', async () => {
    const { url } = await rawServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef'))
    expect(await (await fetch(url)).text()).toBe('abc')
  })

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n\r\n', notHttp],
    [
      'headers beyond all measure',
      `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(99_999)}\r\n\r\n`,
      { ...notHttp, reason: 'header_overflow' },
    ],
    [
      'a malformed chunk',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n',
      { ...notHttp, phase: 'body' },
    ],
    ['gzip that is none', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nabcde', badEncoding],
    ['brotli that is none', 'HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 5\r\n\r\nabcde', badEncoding],
  ] as const)('%s is an answer of the wrong shape', async (_title, bytes, facts) => {
    const { url } = await rawServer((socket) => socket.end(bytes))
    expect(await factsOf(async () => (await fetch(url)).text())).toEqual(facts)
  })

  test.each([
    ['a page', '<!doctype html><title>Login</title>', 'html'],
    ['a page after white space', '\n  <html></html>', 'html'],
    ['text', 'It works', 'not_json'],
    ['nothing', '', 'not_json'],
    ['half of it', '{"a":', 'not_json'],
  ])('%s instead of JSON is an answer of the wrong shape', async (_title, body, reason) => {
    const url = await httpServer((_request, response) => response.end(body))
    const response = await fetch(url)
    const facts = await factsOf(() => response.json(), { status: response.status })
    expect(facts).toEqual({ ...notJson, reason })
  })
})

describe('classifyFailure of requests that cannot be sent', () => {
  test.each([
    ['a port that browsers refuse', 'http://127.0.0.1:1/'],
    ['a scheme without HTTP', 'ftp://127.0.0.1/'],
    ['an unknown scheme', 'foo:bar'],
    ['a scheme of pages', 'about:blank'],
    ['a file', 'file:///etc/hosts'],
    ['a Blob that there is not', 'blob:nodedata:gone'],
    ['a data URL that is none', 'data:x'],
    ['a URL without host', 'http://'],
    ['a relative URL', '/path?token=secret'],
    ['a URL with a password', 'http://user:password@127.0.0.1/'],
  ])('%s is a configuration error that sent nothing', async (_title, url) => {
    expect(await factsOf(() => fetch(url))).toEqual(impossible)
  })

  test.each<[string, RequestInit]>([
    ['a GET with a body', { body: 'x' }],
    ['a method that is none', { method: 'A B' }],
    ['a forbidden method', { method: 'TRACE' }],
    ['a header name that is none', { headers: { 'a b': 'x' } }],
    ['a header value with a line break', { headers: { authorization: 'Bearer\r\nx: y' } }],
    ['a header value beyond Latin-1', { headers: { authorization: 'Bearer →' } }],
    ['a stream without duplex', { method: 'POST', body: new ReadableStream() }],
  ])('%s is an invalid request that was not sent', async (_title, init) => {
    expect(await factsOf(() => fetch('http://127.0.0.1:9/', init))).toEqual(malformed)
  })

  test('a Request whose body was read before is an invalid request that was not sent', async () => {
    const request = new Request('http://127.0.0.1:9/', { method: 'POST', body: 'x' })
    await request.text()
    expect(await factsOf(() => fetch(request))).toEqual({ ...malformed, reason: 'body_used' })
  })

  test.each<[string, string, RequestInit]>([
    ['a loop of redirects', '/', {}],
    ['a redirect where none is allowed', '/', { redirect: 'error' }],
    ['a redirect to another scheme', 'ftp://127.0.0.1/', {}],
  ])('%s is a configuration error that was answered', async (_title, location, init) => {
    const url = await httpServer((_request, response) => response.writeHead(302, { location }).end())
    expect(await factsOf(() => fetch(url, init))).toEqual({
      ...impossible,
      reason: 'redirect',
      delivery: 'answered',
      phase: 'headers',
    })
  })
})
