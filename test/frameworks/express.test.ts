import { createServer, type RequestListener } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { isIntegrationError } from '@holdfast/core'
import { expressWebhooks, RawBodyUnavailableError } from '@holdfast/adapters/express'
import type { FrameworkHarness } from '@holdfast/webhook-receiver/testing'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConformance, listening, nodeCapabilities } from './conformance.ts'
import { type Posting, posting, type Received, recordingReceiver } from './recording-receiver.ts'

const parsers: Readonly<Record<string, express.RequestHandler>> = {
  'express.json': express.json(),
  'express.urlencoded': express.urlencoded(),
  'express.text': express.text(),
  form: (request, _response, next) => {
    request.body = { a: '1' }
    request.on('end', next).resume()
  },
  reader: (request, _response, next) => void request.on('end', next).resume(),
}
const fix = "Move `app.all('/webhooks/:source', expressWebhooks(receiver))` above `app.use(express.json())`"
const json = { contentType: 'application/json', body: '{"a":1}' }
const form = { contentType: 'application/x-www-form-urlencoded', body: 'a=1' }
const plain = { contentType: 'text/plain', body: 'a' }

const harness: FrameworkHarness = {
  capabilities: nodeCapabilities,
  parsers: [
    { name: 'express.json', ...json, blames: ['`express.json()` ran', fix] },
    { name: 'express.urlencoded', ...form, blames: ['`express.urlencoded()` ran', fix] },
    { name: 'express.text', ...plain, blames: ['`express.text()` ran', fix] },
    { name: 'form', contentType: 'multipart/form-data', body: 'a', blames: ['A parser of multipart forms ran', fix] },
    { name: 'reader', ...plain, blames: ['Something read the request body', fix] },
  ],
  async start({ receiver, prefix = '/', parser }) {
    const router = express.Router()
    router.all('/webhooks/:source', expressWebhooks(receiver))
    const app = express().set('trust proxy', true).set('env', 'test')
    if (parser !== undefined) app.use(parsers[parser] as express.RequestHandler)
    app.use(prefix, router)
    app.use(express.json())
    return listening(createServer(app as RequestListener))
  },
}

describeConformance('expressWebhooks', harness)

describe('expressWebhooks', () => {
  test('answers requests that are pipelined on one connection, each once and in order', async () => {
    const { origin, received } = await serve((app, receiver) => app.all('/webhooks/:source', expressWebhooks(receiver)))
    const bodies = Array.from({ length: 200 }, (_, index) => `{"n":${index}}`)
    const socket = connect(Number(new URL(origin).port), '127.0.0.1')
    for (const body of bodies) {
      const ending = body === bodies.at(-1) ? 'connection: close\r\n' : ''
      socket.write(
        `POST /webhooks/github HTTP/1.1\r\nhost: a\r\n${ending}content-length: ${body.length}\r\n\r\n${body}`,
      )
    }
    const answers = await text(socket)
    expect([...answers.matchAll(/HTTP\/1\.1 200 /g)]).toHaveLength(bodies.length)
    expect(received.map(({ body }) => body)).toEqual(bodies)
  })

  test('takes the source from the options for a route without a parameter', async () => {
    const { post } = await serve((app, receiver) => app.all('/hook', expressWebhooks(receiver, { source: 'github' })))
    expect(await post('/hook', {}, 'a')).toMatchObject({ status: 200, received: { source: 'github', body: 'a' } })
  })

  test('passes an error on when neither the route nor the options name a source', async () => {
    const { post, errors } = await serve((app, receiver) => app.all('/hook', expressWebhooks(receiver)))
    expect(await post('/hook', {}, 'a')).toMatchObject({ status: 500, received: undefined })
    expect(isIntegrationError(errors[0], 'configuration_error')).toBe(true)
  })

  test('serves everything below a path with app.use as well', async () => {
    const { post } = await serve((app, receiver) => app.use('/webhooks/:source', expressWebhooks(receiver)))
    expect(await post('/webhooks/github?a=1', {}, 'a')).toMatchObject({
      received: { source: 'github', url: '/webhooks/github?a=1' },
    })
  })

  test('goes to the error handler of Express when a parser ran before', async () => {
    const { post, errors } = await serve(behind(express.json()))
    const { status, received } = await post('/webhooks/github', { 'content-type': 'application/json' }, '{"a":1}')
    expect(errors[0]).toBeInstanceOf(RawBodyUnavailableError)
    expect([status, received?.body]).toEqual([500, (errors[0] as Error).message])
  })

  test('takes the bytes of express.raw()', async () => {
    const { post } = await serve(behind(express.raw({ type: () => true })))
    expect(await post('/webhooks/github', {}, '\xff{')).toMatchObject({ status: 200, received: { body: '\xff{' } })
  })

  test('reads what express.raw({ type: "*/*" }) leaves alone because it has no content type', async () => {
    const { post } = await serve(behind(express.raw({ type: '*/*' })))
    expect(await post('/webhooks/github', {}, '{}')).toMatchObject({ status: 200, received: { body: '{}' } })
  })

  test('names express.json() when express.raw() came behind it', async () => {
    const { post, errors } = await serve(behind(express.json(), express.raw({ type: () => true })))
    await post('/webhooks/github', { 'content-type': 'application/json' }, '{"a":1}')
    expect(errors).toMatchObject([{ message: expect.stringContaining('`express.json()` ran') }])
  })

  test('refuses what express.raw() has inflated', async () => {
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
    const body = gzipSync('{"a":1}').toString('latin1')
    const { post, errors } = await serve(behind(express.raw({ type: () => true })))
    expect(await post('/webhooks/github', headers, body)).toMatchObject({ status: 500 })
    expect(errors).toMatchObject([{ message: expect.stringContaining('A body parser inflated the body') }])
  })

  test('takes the bytes that the verify callback of express.json() kept', async () => {
    const { post } = await serve(behind(express.json({ verify: keep })))
    const answer = await post('/webhooks/github', { 'content-type': 'application/json' }, '{ "a": 1.0 }')
    expect(answer).toMatchObject({ status: 200, received: { body: '{ "a": 1.0 }' } })
  })

  test.each(['application/vnd.github+json', 'text/plain', undefined])(
    'reads what express.json({ verify }) leaves alone because of its type: %s',
    async (type) => {
      const { post } = await serve(behind(express.json({ verify: keep })))
      const answer = await post('/webhooks/github', type === undefined ? {} : { 'content-type': type }, '{ "a": 1.0 }')
      expect(answer).toMatchObject({ status: 200, received: { body: '{ "a": 1.0 }' } })
    },
  )
})

type Mount = (app: express.Express, receiver: Parameters<typeof expressWebhooks>[0]) => unknown

interface Served extends Posting {
  readonly origin: string
  readonly received: readonly Received[]
  readonly errors: readonly unknown[]
}

async function serve(mount: Mount): Promise<Served> {
  const { receiver, received } = recordingReceiver()
  const errors: unknown[] = []
  const app = express()
  mount(app, receiver)
  app.use((error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    errors.push(error)
    response.status(500).end()
  })
  const { origin, stop } = await listening(createServer(app as RequestListener))
  onTestFinished(stop)
  return { origin, received, errors, post: posting(origin, received) }
}

function behind(...before: readonly express.RequestHandler[]): Mount {
  return (app, receiver) => {
    for (const parser of before) app.use(parser)
    app.all('/webhooks/:source', expressWebhooks(receiver))
  }
}

function keep(request: object, _response: unknown, rawBody: Buffer): void {
  Object.assign(request, { rawBody })
}
