import { createHmac } from 'node:crypto'
import type { Server } from 'node:http'
import github from '@holdfast/adapters/connectors/github'
import { honoWebhooks } from '@holdfast/adapters/hono'
import { createReceiver } from '@holdfast/webhook-receiver'
import { type FrameworkHarness, memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { serve } from '@hono/node-server'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { validator } from 'hono/validator'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConformance, requestCapabilities, served } from './conformance.ts'

/** What a middleware does with the body before the adapter runs. */
const readers: Readonly<Record<string, MiddlewareHandler>> = {
  'c.req.json()': reading(({ req }) => req.json()),
  'c.req.text()': reading(({ req }) => req.text()),
  'c.req.arrayBuffer()': reading(({ req }) => req.arrayBuffer()),
  'c.req.raw.json()': reading(({ req }) => req.raw.json()),
  'validator()': validator('json', (value) => value),
}

const harness: FrameworkHarness = {
  capabilities: requestCapabilities,
  parsers: Object.keys(readers).map((name) => ({
    name,
    contentType: 'application/json',
    body: '{}',
    blames: ['A middleware read the body', 'above that middleware', '`c.req.raw.clone()`'],
  })),
  async start({ receiver, prefix = '', parser }) {
    const app = new Hono().basePath(prefix)
    app.onError((_error, c) => c.body(null, 500))
    if (parser !== undefined) app.use(readers[parser] as MiddlewareHandler)
    app.all('/webhooks/:source', honoWebhooks(receiver))
    return served(serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server)
  },
}

describeConformance('honoWebhooks on @hono/node-server', harness)

describe('honoWebhooks', () => {
  test('throws for app.onError what it reports', async () => {
    const { app, errors, refusals } = await application()
    app.use(readers['c.req.json()'] as MiddlewareHandler)
    const { receiver } = await started()
    receiver.on('webhook:refused', ({ error }) => refusals.push(error))
    app.post('/webhooks/:source', honoWebhooks(receiver))
    const response = await app.request('/webhooks/github', { method: 'POST', body: '{}' })
    expect(response.status).toBe(500)
    expect(errors).toEqual(refusals)
    expect(errors[0]).toMatchObject({ name: 'RawBodyUnavailableError', code: 'configuration_error' })
  })

  test('takes the source from the options for a route without a parameter', async () => {
    const { app } = await application()
    const { receiver } = await started()
    app.post('/hook', honoWebhooks(receiver, { source: 'github' }))
    expect((await app.request('/hook', signed('{}'))).status).toBe(200)
  })

  test('ends the connection of a sender that never pauses, once the server is closing', async () => {
    const { app } = await application()
    const { receiver } = await started()
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server
    app.use('/webhooks/last', async (_context, next) => {
      server.close()
      await next()
    })
    app.all('/webhooks/:source', honoWebhooks(receiver))
    const { origin, stop } = await served(server)
    onTestFinished(stop)
    const connectionAfter = async (path: string): Promise<string | null> => {
      const response = await fetch(origin + path, { method: 'POST', body: 'a' })
      await response.arrayBuffer()
      return response.headers.get('connection')
    }
    expect([await connectionAfter('/webhooks/first'), await connectionAfter('/webhooks/last')]).toEqual([
      'keep-alive',
      'close',
    ])
  })

  test('throws when neither the route nor the options name a source', async () => {
    const { app, errors } = await application()
    const { receiver } = await started()
    app.post('/hook', honoWebhooks(receiver))
    expect((await app.request('/hook', signed('{}'))).status).toBe(500)
    expect(errors[0]).toMatchObject({ code: 'configuration_error', reason: 'missing_source' })
  })

  test.each([
    ['with a declared length', '{ "a": 1.0 }'],
    ['in chunks', new Blob(['{ "a": 1.0 }']).stream()],
  ])('takes the exact bytes behind bodyLimit(): %s', async (_title, body) => {
    const { app } = await application()
    const { receiver, bodies } = await started()
    app.use(bodyLimit({ maxSize: 1024 }))
    app.post('/webhooks/:source', honoWebhooks(receiver))
    const init = { ...signed('{ "a": 1.0 }'), body, duplex: 'half' } as RequestInit
    expect((await app.request('/webhooks/github', init)).status).toBe(200)
    await receiver.drained()
    expect(bodies).toEqual(['{ "a": 1.0 }'])
  })

  test('takes the exact bytes when a middleware has read a copy', async () => {
    const { app } = await application()
    const { receiver } = await started()
    app.use(reading(({ req }) => req.raw.clone().json()))
    app.post('/webhooks/:source', honoWebhooks(receiver))
    expect((await app.request('/webhooks/github', signed('{ "a": 1.0 }'))).status).toBe(200)
  })
})

function reading(read: (context: Context) => Promise<unknown>): MiddlewareHandler {
  return async (context, next) => {
    await read(context)
    await next()
  }
}

interface Application {
  readonly app: Hono
  readonly errors: unknown[]
  readonly refusals: unknown[]
}

async function application(): Promise<Application> {
  const app = new Hono()
  const errors: unknown[] = []
  app.onError((error, c) => {
    errors.push(error)
    return c.body(null, 500)
  })
  return { app, errors, refusals: [] }
}

async function started() {
  const bodies: string[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { github: { connector: github, secrets: ['secret'] } },
    destinations: { log: { handle: (event) => void bodies.push(event.text()) } },
  })
  await receiver.start()
  onTestFinished(() => receiver.stop())
  return { receiver, bodies }
}

function signed(body: string): RequestInit {
  const signature = createHmac('sha256', 'secret').update(body).digest('hex')
  const headers = { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-delivery': 'd-1' }
  return { method: 'POST', body, headers }
}
