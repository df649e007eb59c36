import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Client, type ClientOptions, createClient } from '../../src/client/index.ts'
import { failureOf } from './harness.ts'

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** A client of a real server, which ends with the test. */
async function connect(handle: Handler, options: ClientOptions = {}): Promise<Client> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => handle(request, response, Buffer.concat(chunks).toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, ...options })
}

const sendJson = (response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

describe('createClient on a real server', () => {
  it('sends JSON and gets JSON', async () => {
    const client = await connect(({ method, url, headers }, response, body) =>
      sendJson(response, { method, url, type: headers['content-type'], accept: headers.accept, body }),
    )
    expect(await client.post('/things', { searchParams: { q: 'a b' }, json: { a: 1 } }).json()).toEqual({
      method: 'POST',
      url: '/v1/things?q=a+b',
      type: 'application/json',
      accept: 'application/json',
      body: '{"a":1}',
    })
  })

  it('sends forms with a boundary that is theirs, also when they are sent again', async () => {
    let count = 0
    const client = await connect(({ headers }, response, body) => {
      const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1]
      if (++count === 1) response.writeHead(503, { 'retry-after': '0' }).end()
      else sendJson(response, { boundary: boundary !== undefined && body.includes(`--${boundary}--`), body })
    })
    const body = new FormData()
    body.set('name', 'value')
    const answer = await client.put('/form', { body }).json<{ boundary: boolean; body: string }>()
    expect(answer.boundary).toBe(true)
    expect(answer.body).toContain('name="name"')
    expect(count).toBe(2)
  })

  it('sends a stream, once', async () => {
    const client = await connect((_request, response, body) => sendJson(response, body))
    const body = new Blob(['a', 'b']).stream()
    expect(await client.post('/stream', { body }).json()).toBe('ab')
  })

  it('reads a list of pages with relative links', async () => {
    const client = await connect(({ url }, response) => {
      const page = Number(new URL(url ?? '', 'http://a').searchParams.get('page') ?? 1)
      sendJson(response, [page], page < 3 ? { link: `</v1/list?page=${page + 1}>; rel="next"` } : {})
    })
    const read: unknown[] = []
    for await (const item of client.paginate('/list')) read.push(item)
    expect(read).toEqual([1, 2, 3])
  })

  it('throws what the connection did', async () => {
    const client = await connect((request) => request.socket.resetAndDestroy(), { retry: false })
    expect(await failureOf(client.get('/x').json())).toMatchObject({ code: 'connection_lost', delivery: 'unknown' })
  })

  it('throws that the body was cut off', async () => {
    const client = await connect((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"a":', () => response.socket?.resetAndDestroy())
    })
    expect(await failureOf(client.get('/x').json())).toMatchObject({
      code: 'connection_lost',
      reason: 'truncated_body',
      delivery: 'answered',
      upstream: { status: 200 },
    })
  })

  it('throws canceled when the signal aborts while the body is read', async () => {
    const client = await connect((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"a":')
    })
    const controller = new AbortController()
    const { signal } = controller
    const promise = client.get('/x', { signal })
    const body = failureOf(promise.json())
    await promise
    controller.abort('enough')
    expect(await body).toMatchObject({ code: 'canceled', cause: 'enough', phase: 'body', delivery: 'answered' })
  })

  it('hangs up when the deadline passes while the body is read', async () => {
    let hungUp: Promise<unknown> | undefined
    const stall: Handler = (_request, response) => {
      hungUp = once(response, 'close')
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"a":')
    }
    const client = await connect(stall, { deadlineMs: 300 })
    expect(await failureOf(client.get('/x').json())).toMatchObject({ code: 'timeout', reason: 'total', phase: 'body' })
    await hungUp
  })

  it('adds no listener to the signal of the caller but that of createFetch', async () => {
    const client = await connect((_request, response) => sendJson(response, {}))
    const { signal } = new AbortController()
    const addEventListener = vi.spyOn(signal, 'addEventListener')
    const any = vi.spyOn(AbortSignal, 'any')
    onTestFinished(() => any.mockRestore())
    const listenersOf = async (work: () => Promise<unknown>): Promise<number> => {
      const before = addEventListener.mock.calls.length
      await work()
      return addEventListener.mock.calls.length - before
    }
    const url = await urlOf(client)
    const fetchText = async (): Promise<string> => (await client.fetch(url, { signal })).text()
    await fetchText()
    const listeners = await listenersOf(fetchText)
    expect(await listenersOf(() => client.get('/x', { signal }).json())).toBe(listeners)
    expect(any.mock.calls.flat(2)).not.toContain(signal)
  })
})

async function urlOf(client: Client): Promise<string> {
  return (await client.get('/x')).url
}
