import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { isIntegrationError } from '@holdfast/core'
import { koaWebhooks, RawBodyUnavailableError } from '@holdfast/adapters/koa'
import type { FrameworkHarness } from '@holdfast/webhook-receiver/testing'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import { koaBody } from 'koa-body'
import koaBodyparser from 'koa-bodyparser'
import mount from 'koa-mount'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConformance, listening, nodeCapabilities } from './conformance.ts'
import { type Posting, posting, recordingReceiver } from './recording-receiver.ts'

const parsers: Readonly<Record<string, Koa.Middleware>> = {
  '@koa/bodyparser': bodyParser(),
  'koa-bodyparser': koaBodyparser(),
  'koa-body': koaBody({ text: true }),
}
const fix =
  "Move `router.all('/webhooks/:source', koaWebhooks(receiver))` and its `app.use()` above `app.use(bodyParser())`."
const json = { contentType: 'application/json', body: '{"a":1}' }

const harness: FrameworkHarness = {
  capabilities: nodeCapabilities,
  parsers: [
    { name: '@koa/bodyparser', ...json, blames: ['`@koa/bodyparser` (or `koa-bodyparser`) ran', fix] },
    { name: 'koa-bodyparser', ...json, blames: ['`@koa/bodyparser` (or `koa-bodyparser`) ran', fix] },
    { name: 'koa-body', ...json, blames: ['`koa-body` or another body parser ran', fix] },
    { name: 'koa-body', contentType: 'text/plain', body: 'a', blames: ['`koa-body` or another body parser ran', fix] },
  ],
  async start({ receiver, prefix, parser }) {
    const app = new Koa({ proxy: true })
    app.silent = true
    const router = new Router(prefix === undefined ? {} : { prefix })
    router.all('/webhooks/:source', koaWebhooks(receiver))
    if (parser !== undefined) app.use(parsers[parser] as Koa.Middleware)
    app.use(router.routes()).use(bodyParser())
    return listening(createServer(app.callback()))
  },
}

describeConformance('koaWebhooks', harness)

describe('koaWebhooks', () => {
  test('takes the source from the options where there is no router', async () => {
    const { post } = await serve((app, receiver) =>
      app.use(mount('/hooks/github', koaWebhooks(receiver, { source: 'github' }))),
    )
    expect(await post('/hooks/github?a', {}, 'a')).toMatchObject({
      status: 200,
      received: { source: 'github', url: '/hooks/github?a', body: 'a' },
    })
  })

  test('throws when neither the route nor the options name a source', async () => {
    const { post, errors } = await serve((app, receiver) => app.use(koaWebhooks(receiver)))
    expect(await post('/', {}, 'a')).toMatchObject({ status: 500, received: undefined })
    expect(isIntegrationError(errors[0], 'configuration_error')).toBe(true)
  })

  test('throws when a parser ran before, so that other middleware and the application hear of it', async () => {
    const caught: unknown[] = []
    const { post, errors } = await serve((app, receiver) => {
      app.use((_context, next) =>
        next().catch((error: unknown) => {
          caught.push(error)
          throw error
        }),
      )
      app.use(bodyParser()).use(koaWebhooks(receiver, { source: 'github' }))
    })
    const { status, text, received } = await post('/', { 'content-type': 'application/json' }, '{"a":1}')
    expect([status, text]).toEqual([500, 'Internal Server Error'])
    expect(caught).toEqual(errors)
    expect(errors[0]).toBeInstanceOf(RawBodyUnavailableError)
    expect(received?.body).toBe((errors[0] as Error).message)
  })

  test.each(['application/vnd.provider+json; v=1', 'text/xml', 'multipart/form-data', undefined])(
    'reads what @koa/bodyparser leaves alone because of its type: %s',
    async (type) => {
      const { post } = await serve((app, receiver) =>
        app.use(bodyParser()).use(koaWebhooks(receiver, { source: 'github' })),
      )
      const headers = type === undefined ? {} : { 'content-type': type }
      expect(await post('/', headers, '\xff{}')).toMatchObject({ status: 200, received: { body: '\xff{}' } })
    },
  )

  test('takes bytes that a middleware of yours kept as ctx.request.rawBody', async () => {
    const { post } = await serve((app, receiver) => {
      app.use(async ({ req, request }, next) => {
        Object.assign(request, { rawBody: await buffer(req) })
        await next()
      })
      app.use(koaWebhooks(receiver, { source: 'github' }))
    })
    expect(await post('/', {}, '\xff{}')).toMatchObject({ status: 200, received: { body: '\xff{}' } })
  })

  test('lets middleware around it add headers to the answer', async () => {
    const { post } = await serve((app, receiver) => {
      app.use(async (context, next) => {
        await next()
        context.set('x-response-time', '1')
      })
      app.use(koaWebhooks(receiver, { source: 'github' }))
    })
    const { headers } = await post('/', {}, 'a')
    expect(headers.get('x-response-time')).toBe('1')
  })
})

async function serve(
  mounting: (app: Koa, receiver: Parameters<typeof koaWebhooks>[0]) => unknown,
): Promise<Posting & { readonly errors: readonly unknown[] }> {
  const { receiver, received } = recordingReceiver()
  const errors: unknown[] = []
  const app = new Koa()
  app.on('error', (error) => errors.push(error))
  mounting(app, receiver)
  const { origin, stop } = await listening(createServer(app.callback()))
  onTestFinished(stop)
  return { errors, post: posting(origin, received) }
}
