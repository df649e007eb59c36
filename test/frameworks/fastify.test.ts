import { once } from 'node:events'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { createGunzip, gzipSync } from 'node:zlib'
import fastifyExpress from '@fastify/express'
import { fastifyWebhooks, type FastifyWebhooksOptions, RawBodyUnavailableError } from '@holdfast/adapters/fastify'
import type { FrameworkHarness } from '@holdfast/webhook-receiver/testing'
import express from 'express'
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import fastifyRawBody from 'fastify-raw-body'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConformance, nodeCapabilities } from './conformance.ts'
import { type Posting, posting, recordingReceiver } from './recording-receiver.ts'

const harness: FrameworkHarness = {
  capabilities: nodeCapabilities,
  parsers: [
    {
      name: 'express.json',
      contentType: 'application/json',
      body: '{"a":1}',
      blames: ['A body parser in an `onRequest` hook or an `app.use()` ran', 'Register that parser inside the plugin'],
    },
  ],
  async start({ receiver, prefix, parser }) {
    const app = fastify({ trustProxy: true, forceCloseConnections: true })
    if (parser !== undefined) {
      await app.register(fastifyExpress)
      app.use(express.json())
    }
    app.register(fastifyWebhooks, { receiver, ...(prefix === undefined ? {} : { prefix }) })
    return { origin: await app.listen({ host: '127.0.0.1', port: 0 }), stop: () => app.close() }
  },
}

describeConformance('fastifyWebhooks', harness)

describe('fastifyWebhooks', () => {
  test('takes a path and a source of its own', async () => {
    const { post } = await serve((app, receiver) => {
      app.register(fastifyWebhooks, { receiver, path: '/hooks/of-github', source: 'github' })
    })
    expect(await post('/hooks/of-github?a', {}, 'a')).toMatchObject({
      status: 200,
      received: { source: 'github', url: '/hooks/of-github?a', body: 'a' },
    })
  })

  test('refuses a path without a source when it is registered', async () => {
    const app = fastify()
    const { receiver } = recordingReceiver()
    await expect(app.register(fastifyWebhooks, { receiver, path: '/hooks' })).rejects.toThrow(
      'Expected `path` to be a path with `:source`, or `source` beside it, got `"/hooks"` (string).',
    )
  })

  test.each([
    [{ source: 5 }, 'Expected `source` to be a non-empty string, got `5` (number).'],
    [{ path: /hooks/ }, 'Expected `path` to be a non-empty string'],
  ])('refuses options of another kind: %j', async (options, message) => {
    const { receiver } = recordingReceiver()
    const app = fastify()
    await expect(app.register(fastifyWebhooks, { receiver, ...options } as never)).rejects.toThrow(message)
  })

  test('serves the usual methods on Fastify 4, which does not say those it knows', async () => {
    const { receiver } = recordingReceiver()
    const methods: string[] = []
    await fastifyWebhooks({ route: ({ method }) => methods.push(...method) }, { receiver })
    expect(methods).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])
  })

  test('leaves the rest of the application its parsers and its limit', async () => {
    const { post } = await serve(
      (app, receiver) => {
        app.register(fastifyWebhooks, { receiver })
        app.post('/json', ({ body }) => ({ parsed: body }))
      },
      { bodyLimit: 10 },
    )
    expect(await post('/webhooks/github', {}, 'x'.repeat(100))).toMatchObject({ status: 200 })
    const json = { 'content-type': 'application/json' }
    expect((await post('/json', json, '{"a":1}')).text).toBe('{"parsed":{"a":1}}')
    expect((await post('/json', json, '{"a":10000000}')).status).toBe(413)
    expect((await post('/json', {}, 'a')).status).toBe(415)
  })

  test('is not touched by hooks that read or inflate bodies before they are parsed', async () => {
    const { post } = await serve(async (app, receiver) => {
      await app.register(fastifyRawBody, { global: true })
      app.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(createGunzip()))
      app.register(fastifyWebhooks, { receiver })
    })
    const body = gzipSync('{"a":1}').toString('latin1')
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
    expect(await post('/webhooks/github', headers, body)).toMatchObject({ status: 200, received: { body } })
  })

  test('gives the error handler what to do when something read the body before', async () => {
    const errors: unknown[] = []
    const { post } = await serve((app, receiver) => {
      app.setErrorHandler((error, _request, reply) => {
        errors.push(error)
        return reply.code(500).send()
      })
      app.addHook('onRequest', async ({ raw }) => void (await buffer(raw)))
      app.register(fastifyWebhooks, { receiver })
    })
    const { status, received } = await post('/webhooks/github', {}, 'a')
    expect(errors).toMatchObject([{ message: expect.stringContaining('Something read the request body') }])
    expect(errors[0]).toBeInstanceOf(RawBodyUnavailableError)
    expect([status, received?.body]).toEqual([500, (errors[0] as Error).message])
  })

  test('takes bytes that a hook of yours kept as request.raw.rawBody', async () => {
    const { post } = await serve((app, receiver) => {
      app.addHook('onRequest', async ({ raw }) => void Object.assign(raw, { rawBody: await buffer(raw) }))
      app.register(fastifyWebhooks, { receiver })
    })
    expect(await post('/webhooks/github', {}, '\xff{}')).toMatchObject({ status: 200, received: { body: '\xff{}' } })
  })

  test('keeps the headers and the hooks that the application has for every answer', async () => {
    const answered: number[] = []
    const { post } = await serve((app, receiver) => {
      app.addHook('onRequest', async (_request, reply) => void reply.header('x-frame-options', 'DENY'))
      app.addHook('onResponse', async (_request, reply) => void answered.push(reply.statusCode))
      app.register(fastifyWebhooks, { receiver })
    })
    const { headers } = await post('/webhooks/github', {}, 'a')
    expect(headers.get('x-frame-options')).toBe('DENY')
    await expect.poll(() => answered).toEqual([200])
  })

  test('hands over the URL from before rewriteUrl', async () => {
    const { post } = await serve((app, receiver) => app.register(fastifyWebhooks, { receiver }), {
      rewriteUrl: ({ url = '' }) => url.replace('/old', '/webhooks'),
    })
    expect(await post('/old/github?a', {}, 'a')).toMatchObject({ received: { source: 'github', url: '/old/github?a' } })
  })

  test('speaks HTTP/2, whose pseudo-headers are no headers', async () => {
    const { receiver, received } = recordingReceiver()
    const app = fastify({ http2: true })
    onTestFinished(() => app.close())
    app.register(fastifyWebhooks, { receiver })
    const session = connect(await app.listen({ host: '127.0.0.1', port: 0 }))
    onTestFinished(() => session.close())
    const path = '/webhooks/github?a'
    const stream = session.request({ ':method': 'POST', ':path': path, 'x-signature': ['one', 'two'] }).end('a')
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    stream.resume()
    expect(headers[':status']).toBe(200)
    expect(received).toMatchObject([{ method: 'POST', url: path, source: 'github', body: 'a' }])
    expect(received[0]?.headers).toEqual([
      ['host', expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
      ['x-signature', 'one'],
      ['x-signature', 'two'],
    ])
    expect(received[0]?.remoteAddress).toBe('127.0.0.1')
  })
})

async function serve(
  mount: (app: FastifyInstance, receiver: FastifyWebhooksOptions['receiver']) => unknown,
  options: FastifyServerOptions = {},
): Promise<Posting> {
  const { receiver, received } = recordingReceiver()
  const app = fastify({ ...options, forceCloseConnections: true })
  await mount(app, receiver)
  onTestFinished(() => app.close())
  return { post: posting(await app.listen({ host: '127.0.0.1', port: 0 }), received) }
}
