import 'reflect-metadata'
import { createHmac } from 'node:crypto'
import github from '@holdfast/adapters/connectors/github'
import { type NestedReceiver, WEBHOOK_RECEIVER, WebhooksModule } from '@holdfast/adapters/nest'
import { isIntegrationError } from '@holdfast/core'
import { createReceiver, type Receiver } from '@holdfast/webhook-receiver'
import { memoryBuffer, type WebhookIntake } from '@holdfast/webhook-receiver/testing'
import { Body, Controller, type DynamicModule, type INestApplication, Module, Post } from '@nestjs/common'
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core'
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import express from 'express'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConformance, nodeCapabilities } from './conformance.ts'
import { posting, recordingReceiver } from './recording-receiver.ts'

const SECRET = 'a secret'
const quiet = { logger: false, forceCloseConnections: true, abortOnError: false } as const
const json = { contentType: 'application/json', body: '{"a":1}' }
const blames = ['A body parser ran', 'Set that parser up with `app.useBodyParser()`']

describeConformance('WebhooksModule on Express', {
  capabilities: nodeCapabilities,
  parsers: [{ name: 'express.json', ...json, blames }],
  async start({ receiver, prefix = '', parser }) {
    const platform = express().set('trust proxy', true)
    if (parser !== undefined) platform.use(express.json())
    const webhooks = WebhooksModule.forRoot({ receiver: living(receiver), path: `${prefix}/webhooks/:source` })
    const app = await NestFactory.create(webhooks, new ExpressAdapter(platform), quiet)
    await app.listen(0, '127.0.0.1')
    return { origin: await app.getUrl(), stop: () => app.close() }
  },
})

describeConformance('WebhooksModule on Fastify', {
  capabilities: nodeCapabilities,
  parsers: [{ name: 'app.use', ...json, blames }],
  async start({ receiver, prefix = '', parser }) {
    const webhooks = WebhooksModule.forRoot({ receiver: living(receiver), path: `${prefix}/webhooks/:source` })
    const app = await NestFactory.create(webhooks, new FastifyAdapter({ trustProxy: true }), quiet)
    if (parser !== undefined) app.use(express.json())
    await app.listen(0, '127.0.0.1')
    return { origin: await app.getUrl(), stop: () => app.close() }
  },
})

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const)('WebhooksModule on %s', (_platform, adapter) => {
  const create = (module: DynamicModule, options = {}): Promise<INestApplication> =>
    NestFactory.create(module, adapter() as AbstractHttpAdapter, { ...quiet, ...options })

  test.each([
    ['as it comes', {}, () => {}],
    ['with rawBody', { rawBody: true }, () => {}],
    ['without body parsers', { bodyParser: false }, () => {}],
    ['with CORS', { cors: true }, () => {}],
    ['with a global prefix', {}, (app: INestApplication) => app.setGlobalPrefix('api')],
    ['with a parser for everything', {}, parseEverything],
  ] as const)('takes bytes before Nest parses them: %s', async (_title, options, setUp) => {
    const { receiver, received } = recordingReceiver()
    const app = await create(WebhooksModule.forRoot({ receiver: living(receiver) }), options)
    setUp(app as never)
    const post = posting(await listen(app), received)
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
      const answer = await post('/webhooks/github?a', { 'content-type': type }, '{ "a": 1.0 } ')
      expect(answer).toMatchObject({ status: 200, received: { url: '/webhooks/github?a', body: '{ "a": 1.0 } ' } })
    }
  })

  test('leaves controllers their parsed bodies', async () => {
    const { receiver, received } = recordingReceiver()
    const app = await create(applicationOf(WebhooksModule.forRoot({ receiver: living(receiver) }), [Echo]))
    const post = posting(await listen(app), received)
    expect(await post('/echo', { 'content-type': 'application/json' }, '{ "a": 1.0 }')).toMatchObject({
      status: 201,
      text: '{"a":1}',
      received: undefined,
    })
  })

  test('makes the receiver of other providers, starts it after them, and stops it before them', async () => {
    const app = await create(applicationOf(ordersWebhooks()))
    const origin = await listen(app)
    const { log } = app.get(Orders, { strict: false })
    expect(log).toEqual(['orders: ready', 'receiver: starts'])

    const { status } = await posting(origin, [])('/webhooks/github', signed('{}'), '{}')
    expect(status).toBe(200)
    const receiver = app.get<Receiver>(WEBHOOK_RECEIVER, { strict: false })
    await receiver.drained()
    expect(log.at(-1)).toBe('delivered: {}')

    await app.close()
    expect(log.slice(-2)).toEqual(['receiver: stopped', 'orders: gone'])
    expect(receiver.snapshot().state).toBe('stopped')
  })

  test('takes bytes before they are parsed in a testing module, whose platform comes later', async () => {
    const { receiver, received } = recordingReceiver()
    const imports = [WebhooksModule.forRoot({ receiver: living(receiver) })]
    const testing = await Test.createTestingModule({ imports }).compile()
    const app = testing.createNestApplication(adapter() as AbstractHttpAdapter, quiet)
    const post = posting(await listen(app), received)
    const answer = await post('/webhooks/github', { 'content-type': 'application/json' }, '{ "a": 1.0 }')
    expect(answer).toMatchObject({ status: 200, received: { body: '{ "a": 1.0 }' } })
  })

  test('does not let an application listen whose receiver does not start', async () => {
    const { receiver } = recordingReceiver()
    const start = (): Promise<void> => Promise.reject(new Error('the buffer is locked'))
    const app = await create(WebhooksModule.forRoot({ receiver: { ...living(receiver), start } }))
    await expect(listen(app)).rejects.toThrow('the buffer is locked')
  })
})

describe('WebhooksModule', () => {
  test('leaves the receiver alone in an application without a server', async () => {
    const context = await NestFactory.createApplicationContext(applicationOf(ordersWebhooks()), quiet)
    expect(context.get<Receiver>(WEBHOOK_RECEIVER, { strict: false }).snapshot().state).toBe('created')
    expect(context.get(Orders, { strict: false }).log).toEqual(['orders: ready'])
    await context.close()
  })

  test.each(['webhooks/:source', '/webhooks', ''])('refuses the path %j', (path) => {
    const { receiver } = recordingReceiver()
    expect(() => WebhooksModule.forRoot({ receiver: living(receiver), path })).toThrow(
      'Expected `path` to be a path like `/webhooks/:source`',
    )
  })

  test.each([
    ['forRoot', undefined, 'Expected `options` to be an object, got `undefined`.'],
    ['forRoot', {}, 'Expected `receiver` to be a receiver, as `createReceiver(…)` makes it, got `undefined`.'],
    ['forRootAsync', {}, 'Expected `useFactory` to be a function, got `undefined`.'],
    ['forRootAsync', { useFactory: () => {}, inject: Orders }, 'Expected `inject` to be an array, got a function.'],
  ] as const)('refuses what %s cannot be called with: %#', (name, options, message) => {
    expect(() => WebhooksModule[name](options as never)).toThrow(message)
  })

  test('refuses a platform that it does not know', async () => {
    class OtherAdapter extends ExpressAdapter {
      override getType(): string {
        return 'other'
      }
    }
    const { receiver } = recordingReceiver()
    const webhooks = WebhooksModule.forRoot({ receiver: living(receiver) })
    const error = await NestFactory.create(webhooks, new OtherAdapter(), quiet).catch((thrown: unknown) => thrown)
    expect(isIntegrationError(error, 'configuration_error')).toBe(true)
    expect((error as Error).message).toContain('runs on `other`')
  })
})

function parseEverything(app: NestExpressApplication & NestFastifyApplication): unknown {
  return app.getHttpAdapter().getType() === 'express'
    ? app.use(express.text({ type: () => true, limit: 1 }))
    : app.useBodyParser('*', { bodyLimit: 1 }, () => {})
}

// The decorators as functions: Node.js and this test runner leave their syntax as it is.
class Echo {
  echo(body: unknown): unknown {
    return body
  }
}
Controller('echo')(Echo)
Post()(Echo.prototype, 'echo', Object.getOwnPropertyDescriptor(Echo.prototype, 'echo') as PropertyDescriptor)
Body()(Echo.prototype, 'echo', 0)

class Orders {
  readonly log: string[] = []
  onModuleInit(): void {
    this.log.push('orders: ready')
  }
  onModuleDestroy(): void {
    this.log.push('orders: gone')
  }
}
class OrdersModule {}
Module({ providers: [Orders], exports: [Orders] })(OrdersModule)

/** A root module, as `@Module` on a class makes it. */
function applicationOf(imported: DynamicModule, controllers: (new () => object)[] = []): DynamicModule {
  class Application {}
  return { module: Application, imports: [imported], controllers }
}

/** A module whose receiver is made of another provider. */
function ordersWebhooks(): DynamicModule {
  return WebhooksModule.forRootAsync({
    imports: [OrdersModule],
    inject: [Orders],
    useFactory: async ({ log }: Orders) => receiverOf(log),
  })
}

/** A receiver that logs what happens to it. */
function receiverOf(log: string[]): Receiver {
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { github: { connector: github, secrets: [SECRET] } },
    destinations: { orders: { handle: (event) => void log.push(`delivered: ${event.text()}`) } },
  })
  return {
    ...receiver,
    start: () => {
      log.push('receiver: starts')
      return receiver.start()
    },
    stop: async () => {
      await receiver.stop()
      log.push('receiver: stopped')
    },
  }
}

function signed(body: string): Record<string, string> {
  return { 'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}` }
}

/** Lets an application listen until the test is over. */
async function listen(app: INestApplication): Promise<string> {
  onTestFinished(() => app.close())
  await app.listen(0, '127.0.0.1')
  return app.getUrl()
}

/** A receiver that has nothing to start or to stop. */
function living(receiver: Pick<WebhookIntake, 'accept'>): NestedReceiver {
  return { ...receiver, start: async () => {}, stop: async () => {} }
}
