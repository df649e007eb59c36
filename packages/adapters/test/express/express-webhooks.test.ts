import { createHmac } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { isIntegrationError } from '@holdfast/core'
import { createReceiver, type Receiver, type WebhookEvent } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import github from '../../src/connectors/github.ts'
import { expressWebhooks, RawBodyUnavailableError } from '../../src/express/index.ts'

const SECRET = "It's a Secret to Everybody"
const MAX_BODY_BYTES = 64 * 1024

describe('expressWebhooks', () => {
  test('accepts a signed webhook and hands the exact bytes on', async () => {
    const { url, receiver, events } = await serve()
    const body = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x0d, 0x0a])
    const response = await fetch(`${url}/webhooks/github`, { method: 'POST', headers: signed(body), body })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'accepted' })
    await receiver.drained()
    expect(Buffer.from(events[0]?.body ?? []).equals(body)).toBe(true)
    expect(events[0]?.url).toBe('/webhooks/github')
    expect(events[0]?.remoteAddress).toMatch(/127\.0\.0\.1$/)
    expect(events[0]?.headers.get('x-github-event')).toBe('push')
  })

  test.each([
    ['no content type at all', {}],
    ['a content type with parameters', { 'content-type': 'application/vnd.github+json; charset=utf-8' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('accepts %s', async (_title, headers) => {
    const { url } = await serve()
    const body = Buffer.from('payload=%7B%22a%22%3A1%7D')
    const status = await rawPost(url, { ...signed(body), ...headers }, body)
    expect(status).toBe(200)
  })

  test('verifies a compressed body over the compressed bytes and does not inflate it', async () => {
    const { url, receiver, events } = await serve()
    const body = gzipSync('{"action":"opened"}')
    const headers = { ...signed(body), 'content-encoding': 'gzip', 'content-type': 'application/json' }
    expect((await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body })).status).toBe(200)
    await receiver.drained()
    expect(Buffer.from(events[0]?.body ?? []).equals(body)).toBe(true)
  })

  test('accepts a body that comes in chunks of one byte', async () => {
    const { url } = await serve()
    const body = Buffer.from('{"action":"opened"}')
    const stream = new ReadableStream({
      start(controller) {
        for (const byte of body) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const response = await fetch(`${url}/webhooks/github`, {
      method: 'POST',
      headers: signed(body),
      body: stream,
      duplex: 'half',
    })
    expect(response.status).toBe(200)
  })

  test('accepts an empty body whose signature fits', async () => {
    const { url } = await serve()
    const response = await fetch(`${url}/webhooks/github`, { method: 'POST', headers: signed(Buffer.alloc(0)) })
    expect(response.status).toBe(200)
  })

  test.each([
    ['a wrong signature', 'github', signed(Buffer.from('other')), 401, 'mismatch'],
    ['no signature', 'github', {}, 401, 'missing_header'],
    ['an unknown source', 'gitlab', {}, 404, 'unknown_source'],
    ['a source named like a prototype', '__proto__', {}, 404, 'unknown_source'],
  ])('refuses %s', async (_title, source, headers, status, reason) => {
    const { url, events } = await serve()
    const response = await fetch(`${url}/webhooks/${source}`, { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ status, reason })
    expect(events).toEqual([])
  })

  test('answers 405 to another method where the route lets it through', async () => {
    const { url } = await serve((app, receiver) => app.all('/webhooks/:source', expressWebhooks(receiver)))
    const response = await fetch(`${url}/webhooks/github`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    const head = await fetch(`${url}/webhooks/github`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([405, ''])
  })

  test('takes the source from the options for a route without a parameter', async () => {
    const { url } = await serve((app, receiver) => app.post('/hook', expressWebhooks(receiver, { source: 'github' })))
    const body = Buffer.from('{}')
    expect((await fetch(`${url}/hook`, { method: 'POST', headers: signed(body), body })).status).toBe(200)
  })

  test('passes an error on when neither the route nor the options name a source', async () => {
    const { url, errors } = await serve((app, receiver) => app.post('/hook', expressWebhooks(receiver)))
    expect((await fetch(`${url}/hook`, { method: 'POST', body: '{}' })).status).toBe(500)
    expect(isIntegrationError(errors[0], 'configuration_error')).toBe(true)
  })

  describe('when a parser ran before', () => {
    test.each([
      ['express.json()', express.json(), 'application/json', '{"a":1}'],
      ['express.urlencoded()', express.urlencoded(), 'application/x-www-form-urlencoded', 'a=1'],
      ['express.text()', express.text(), 'text/plain', 'a'],
    ])('names %s at once and never answers 2xx', async (name, parser, type, text) => {
      const { url, errors, refusals } = await serve(afterParser(parser))
      const body = Buffer.from(text)
      const headers = { ...signed(body), 'content-type': type }
      const response = await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body })
      expect(response.status).toBe(500)
      expect(errors[0]).toBeInstanceOf(RawBodyUnavailableError)
      expect((errors[0] as Error).message).toContain(`\`${name}\` ran before the webhook adapter`)
      expect(refusals).toEqual(['raw_body_unavailable'])
    })

    test('says so when something unknown read the stream', async () => {
      const { url, errors } = await serve(
        afterParser((request, _response, next) => {
          request.on('end', () => next()).resume()
        }),
      )
      const response = await fetch(`${url}/webhooks/github`, { method: 'POST', body: '{}' })
      expect(response.status).toBe(500)
      expect((errors[0] as Error).message).toContain('Something read the request body')
    })

    test('accepts the bytes of express.raw()', async () => {
      const { url } = await serve(afterParser(express.raw({ type: () => true })))
      const body = Buffer.from('{"a":1}')
      expect((await fetch(`${url}/webhooks/github`, { method: 'POST', headers: signed(body), body })).status).toBe(200)
    })

    test('refuses what express.raw() has inflated', async () => {
      const { url, errors } = await serve(afterParser(express.raw({ type: () => true })))
      const body = gzipSync('{"a":1}')
      const headers = { ...signed(body), 'content-encoding': 'gzip' }
      expect((await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body })).status).toBe(500)
      expect((errors[0] as Error).message).toContain('inflated')
    })

    test('accepts the bytes that the verify callback of express.json() kept', async () => {
      const keep = (request: unknown, _response: unknown, bytes: Buffer): void => {
        Object.assign(request as object, { rawBody: bytes })
      }
      const { url } = await serve(afterParser(express.json({ verify: keep })))
      const body = Buffer.from('{ "a": 1.0 }')
      const headers = { ...signed(body), 'content-type': 'application/json' }
      expect((await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body })).status).toBe(200)
    })

    test('accepts what the parser left alone because of its type', async () => {
      const { url } = await serve(afterParser(express.json()))
      const body = Buffer.from('a')
      const headers = { ...signed(body), 'content-type': 'text/plain' }
      expect((await fetch(`${url}/webhooks/github`, { method: 'POST', headers, body })).status).toBe(200)
    })
  })

  describe('with a body above the limit', () => {
    test('answers 413 to the declared length without reading', async () => {
      const { url } = await serve()
      const body = Buffer.alloc(MAX_BODY_BYTES + 1)
      const response = await fetch(`${url}/webhooks/github`, { method: 'POST', headers: signed(body), body })
      expect([response.status, await response.json()]).toMatchObject([413, { reason: 'body_too_large' }])
    })

    test('answers 413 while reading chunks, and serves the next request on the same connection', async () => {
      const { port } = await serve()
      const small = Buffer.from('{}')
      const chunk = `${(8192).toString(16)}\r\n${'x'.repeat(8192)}\r\n`
      const answers = await exchange(port, [
        requestHead({ ...signed(small), 'transfer-encoding': 'chunked' }),
        chunk.repeat(400),
        '0\r\n\r\n',
        requestHead({ ...signed(small), 'content-length': '2', connection: 'close' }),
        '{}',
      ])
      expect(statusLines(answers)).toEqual([413, 200])
    })
  })

  test('answers 200 requests that were pipelined on one connection, each once and in order', async () => {
    const { port, receiver, events } = await serve()
    const requests: string[] = []
    for (let index = 0; index < 200; index++) {
      const body = `{"n":${index}}`
      const headers: Record<string, string> = { ...signed(Buffer.from(body), `d-${index}`) }
      headers['content-length'] = String(body.length)
      if (index === 199) headers.connection = 'close'
      requests.push(requestHead(headers) + body)
    }
    const answers = await exchange(port, requests)
    expect(statusLines(answers)).toEqual(Array.from({ length: 200 }, () => 200))
    await receiver.drained()
    expect(events.map((event) => event.text())).toEqual(Array.from({ length: 200 }, (_, index) => `{"n":${index}}`))
  })

  test('refuses a request whose sender goes away in the middle, and stores nothing', async () => {
    const { port, receiver } = await serve()
    const refused = new Promise<unknown>((resolve) => receiver.on('webhook:refused', ({ error }) => resolve(error)))
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`${requestHead({ ...signed(Buffer.from('{}')), 'content-length': '1000' })}{"half":`, () =>
      socket.destroy(),
    )
    expect(await refused).toMatchObject({ reason: 'body_aborted', status: 400 })
    expect(receiver.snapshot()).toMatchObject({ accepted: 0, refused: 1 })
  })
})

interface Served {
  readonly url: string
  readonly port: number
  readonly receiver: Receiver
  readonly events: WebhookEvent[]
  readonly errors: unknown[]
  readonly refusals: (string | undefined)[]
}

type Mount = (app: express.Express, receiver: Receiver) => unknown

async function serve(mount: Mount = afterParser()): Promise<Served> {
  const events: WebhookEvent[] = []
  const errors: unknown[] = []
  const refusals: (string | undefined)[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { github: { connector: github, secrets: [SECRET], maxBodyBytes: MAX_BODY_BYTES } },
    destinations: { log: { handle: (event) => void events.push(event) } },
  })
  receiver.on('webhook:refused', ({ error }) => refusals.push(error.reason))
  await receiver.start()
  onTestFinished(() => receiver.stop())

  const app = express()
  mount(app, receiver)
  app.use((error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    errors.push(error)
    response.status(500).end()
  })
  const server = createServer(app as RequestListener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, receiver, events, errors, refusals }
}

function afterParser(parser?: express.RequestHandler): Mount {
  return (app, receiver) => {
    if (parser !== undefined) app.use(parser)
    app.post('/webhooks/:source', expressWebhooks(receiver))
  }
}

function signed(body: Uint8Array, delivery = 'd-1'): Record<string, string> {
  return {
    'x-github-event': 'push',
    'x-github-delivery': delivery,
    'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
  }
}

function requestHead(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST /webhooks/github HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** Posts without any header that a client would add by itself. */
async function rawPost(url: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<number> {
  const { port } = new URL(url)
  const head = requestHead({ ...headers, 'content-length': String(body.length), connection: 'close' })
  return statusLines(await exchange(Number(port), [head, body.toString('latin1')]))[0] ?? 0
}

/** Writes the pieces to one connection and collects everything until the server closes it. */
function exchange(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      answer += text
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
    for (const piece of pieces) socket.write(piece, 'latin1')
  })
}

function statusLines(answers: string): number[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
}
