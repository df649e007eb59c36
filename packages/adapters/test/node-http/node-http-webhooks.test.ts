import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { createReceiver, type Receiver, type WebhookEvent } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import github from '../../src/connectors/github.ts'
import { nodeHttpWebhooks } from '../../src/node-http/index.ts'

const SECRET = "It's a Secret to Everybody"
const byPath = ({ url = '' }: IncomingMessage): string => decodeURIComponent(url.slice(1))

describe('nodeHttpWebhooks', () => {
  test('accepts a signed webhook and keeps the headers as they came', async () => {
    const { port, receiver, events } = await serve('github')
    const body = Buffer.from('{"action":"opened"}')
    const reply = await post(port, '/', { ...signed(body), 'X-Twice': ['one', 'two'] }, body)
    expect(reply).toMatchObject({ status: 200, body: '{"status":"accepted"}' })
    await receiver.drained()
    expect(events[0]?.rawHeaders.filter(([name]) => name === 'X-Twice')).toEqual([
      ['X-Twice', 'one'],
      ['X-Twice', 'two'],
    ])
    expect(events[0]?.id).toMatch(/^d-1:[0-9a-f]{64}$/)
  })

  test('finds the source in the request', async () => {
    const { port } = await serve(byPath)
    const body = Buffer.from('{}')
    expect((await post(port, '/github', signed(body), body)).status).toBe(200)
    expect((await post(port, '/gitlab', signed(body), body)).status).toBe(404)
  })

  test('answers 404 when the function that finds the source throws', async () => {
    const { port } = await serve(byPath)
    expect((await post(port, '/%zz', {}, Buffer.from('{}'))).status).toBe(404)
  })

  test('refuses a signature header that came twice', async () => {
    const { port } = await serve('github')
    const body = Buffer.from('{}')
    const signature = signed(body)['x-hub-signature-256'] ?? ''
    const reply = await post(port, '/', { 'x-hub-signature-256': [signature, signature] }, body)
    expect(reply).toMatchObject({ status: 401 })
    expect(JSON.parse(reply.body)).toMatchObject({ reason: 'duplicate_header' })
  })

  test('does not inflate a compressed body', async () => {
    const { port } = await serve('github')
    const body = gzipSync('{}')
    expect((await post(port, '/', { ...signed(body), 'content-encoding': 'gzip' }, body)).status).toBe(200)
  })

  test.each(['GET', 'HEAD', 'DELETE'])('answers 405 to %s', async (method) => {
    const { port } = await serve('github')
    const response = await fetch(`http://127.0.0.1:${port}/`, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('answers 500 at once when the body was read before, and reports it', async () => {
    const { port, receiver } = await serve('github', async (request) => {
      request.resume()
      await once(request, 'end')
    })
    const refused = new Promise<unknown>((resolve) => receiver.on('webhook:refused', ({ error }) => resolve(error)))
    const body = Buffer.from('{}')
    const reply = await post(port, '/', signed(body), body)
    expect(reply.status).toBe(500)
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'configuration_error', reason: 'raw_body_unavailable' })
    expect(await refused).toMatchObject({ name: 'RawBodyUnavailableError', message: expect.stringContaining('gone') })
  })

  test('answers 500 when something has the body decoded, and names the call', async () => {
    const { port, receiver } = await serve('github', async (request) => {
      request.setEncoding('utf8')
    })
    const refused = new Promise<unknown>((resolve) => receiver.on('webhook:refused', ({ error }) => resolve(error)))
    const body = Buffer.from('{}')
    expect((await post(port, '/', signed(body), body)).status).toBe(500)
    expect(await refused).toMatchObject({ message: expect.stringContaining('`request.setEncoding()` ran') })
  })

  test('accepts the bytes that the platform kept as rawBody', async () => {
    const { port } = await serve('github', async (request) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      Object.assign(request, { rawBody: Buffer.concat(chunks) })
    })
    const body = Buffer.from('{ "a": 1.0 }')
    expect((await post(port, '/', signed(body), body)).status).toBe(200)
  })

  test('answers 413 to an endless body while it is still being sent', async () => {
    const { port } = await serve('github')
    const outgoing = httpRequest({ port, host: '127.0.0.1', method: 'POST' })
    outgoing.on('error', () => {})
    onTestFinished(() => void outgoing.destroy())
    const writeOn = (): void => {
      while (!outgoing.destroyed && outgoing.write(Buffer.alloc(16_384)));
    }
    outgoing.on('drain', writeOn)
    writeOn()
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
  })

  test('answers 503 with Retry-After while the receiver stops', async () => {
    const { port, receiver } = await serve('github')
    await receiver.stop()
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  })

  test('survives a sender that goes away in the middle', async () => {
    const { port, receiver } = await serve('github')
    const refused = new Promise<unknown>((resolve) => receiver.on('webhook:refused', ({ error }) => resolve(error)))
    const socket = connect(port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{', () => socket.destroy())
    expect(await refused).toMatchObject({ reason: 'body_aborted' })
    const body = Buffer.from('{}')
    expect((await post(port, '/', signed(body), body)).status).toBe(200)
  })
})

interface Served {
  readonly port: number
  readonly receiver: Receiver
  readonly events: WebhookEvent[]
}

async function serve(
  source: string | ((request: IncomingMessage) => string),
  before: (request: IncomingMessage) => Promise<void> = async () => {},
): Promise<Served> {
  const events: WebhookEvent[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { github: { connector: github, secrets: [SECRET], maxBodyBytes: 64 * 1024 } },
    destinations: { log: { handle: (event) => void events.push(event) } },
  })
  await receiver.start()
  onTestFinished(() => receiver.stop())
  const listener = nodeHttpWebhooks(receiver, { source })
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    void before(request).then(() => listener(request, response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, receiver, events }
}

function signed(body: Uint8Array): Record<string, string> {
  return {
    'x-github-delivery': 'd-1',
    'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
  }
}

async function post(
  port: number,
  path: string,
  headers: Readonly<Record<string, string | string[]>>,
  body: Buffer,
): Promise<{ readonly status: number; readonly body: string }> {
  const outgoing = httpRequest({ port, path, host: '127.0.0.1', method: 'POST', headers })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode ?? 0, body: text }
}
