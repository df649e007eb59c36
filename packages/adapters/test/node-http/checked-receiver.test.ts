import type { Receiver } from '@holdfast/webhook-receiver'
import { describe, expect, test } from 'vitest'
import { expressWebhooks } from '../../src/express/express-webhooks.ts'
import type { FastifyLikeInstance } from '../../src/fastify/fastify-like.ts'
import { fastifyWebhooks } from '../../src/fastify/fastify-webhooks.ts'
import { honoWebhooks } from '../../src/hono/hono-webhooks.ts'
import { koaWebhooks } from '../../src/koa/koa-webhooks.ts'
import { lambdaWebhooks } from '../../src/lambda/lambda-webhooks.ts'
import { nextPagesWebhooks } from '../../src/next/next-pages-webhooks.ts'
import { nextWebhooks } from '../../src/next/next-webhooks.ts'
import { nodeHttpWebhooks } from '../../src/node-http/node-http-webhooks.ts'
import { webWebhooks } from '../../src/web/web-webhooks.ts'

type AnyAdapter = (receiver: never, options: never) => unknown
type Given = Pick<Receiver, 'accept'>

const fastify = { route: () => undefined, supportedMethods: ['POST'] } as unknown as FastifyLikeInstance
const withParameter: Readonly<Record<string, AnyAdapter>> = {
  expressWebhooks,
  koaWebhooks,
  honoWebhooks,
  nextWebhooks,
  nextPagesWebhooks,
  lambdaWebhooks,
}
const withoutParameter: Readonly<Record<string, AnyAdapter>> = { nodeHttpWebhooks, webWebhooks }
const all = Object.entries({
  ...withParameter,
  ...withoutParameter,
  fastifyWebhooks: (receiver: Given, options: object) => fastifyWebhooks(fastify, { receiver, ...options }),
})

const receiver: Given = { accept: () => Promise.reject(new Error('never called')) }

/** The message of what an adapter throws, or rejects with. */
async function refusal(adapter: AnyAdapter, given: unknown, options: object = { source: 'github' }): Promise<string> {
  const error: unknown = await (async () => adapter(given as never, options as never))().catch(
    (cause: unknown) => cause,
  )
  return error instanceof Error ? error.message : 'taken'
}

describe.each(all)('%s', (_name, adapter) => {
  test('takes a receiver', async () => {
    expect(await refusal(adapter, receiver)).toBe('taken')
  })

  test.each([
    [undefined, 'got `undefined`.'],
    [{ receiver }, 'got an object with keys receiver.'],
    [Promise.resolve(receiver), 'got a promise. Await it.'],
  ])('refuses what is no receiver when it is mounted: %o', async (given, got) => {
    expect(await refusal(adapter, given)).toBe(
      `Expected \`receiver\` to be a receiver, as \`createReceiver(…)\` makes it, ${got}`,
    )
  })
})

test.each(Object.entries({ ...withParameter, ...withoutParameter }))(
  '%s refuses an option that it does not know, and says which it may have been',
  async (_name, adapter) => {
    expect(await refusal(adapter, receiver, { sources: 'github' })).toMatch(
      /^Expected `sources` to be absent .* Did you mean `source`\?$/,
    )
  },
)

test.each(Object.entries(withoutParameter))('%s refuses to be without a source', async (_name, adapter) => {
  expect(await refusal(adapter, receiver, {})).toMatch(/^Expected `source` to be the name of the source, or a function/)
})

test.each(Object.entries({ honoWebhooks, nextWebhooks, webWebhooks }))(
  '%s refuses, when the first request comes, what a function gives that is no receiver',
  async (_name, adapter: AnyAdapter) => {
    const handler = adapter((() => ({})) as never, { source: 'github' } as never) as (...args: never[]) => unknown
    const request = new Request('https://localhost/webhooks/github', { method: 'POST', body: '{}' })
    const context = { req: { raw: request, param: () => 'github' }, env: undefined, params: Promise.resolve({}) }
    const args = adapter === honoWebhooks ? [context] : [request, context]
    await expect((async () => handler(...(args as never[])))()).rejects.toThrow(
      'Expected `receiver()` to be a receiver, as `createReceiver(…)` makes it, got an object with keys (none).',
    )
  },
)
