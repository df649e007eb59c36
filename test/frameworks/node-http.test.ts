import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import github from '@holdfast/adapters/connectors/github'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { createReceiver } from '@holdfast/webhook-receiver'
import { type FrameworkHarness, memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConformance, listening, nodeCapabilities } from './conformance.ts'
import { type Posting, posting, recordingReceiver } from './recording-receiver.ts'

const parsers: Readonly<Record<string, (request: IncomingMessage) => unknown>> = {
  reader: (request) => once(request.resume(), 'end'),
  decoder: (request) => request.setEncoding('utf8'),
}
const fix = 'Hand the request to `nodeHttpWebhooks` before anything reads it.'

const harness: FrameworkHarness = {
  capabilities: nodeCapabilities,
  parsers: [
    { name: 'reader', contentType: 'text/plain', body: 'a', blames: ['Something read the request body', fix] },
    { name: 'decoder', contentType: 'text/plain', body: 'a', blames: ['`request.setEncoding()` ran', fix] },
  ],
  async start({ receiver, prefix = '', parser }) {
    const route = new RegExp(`^${prefix}/webhooks/([^/?]+)`)
    const webhooks = nodeHttpWebhooks(receiver, {
      source: ({ url = '' }) => decodeURIComponent(route.exec(url)?.[1] ?? ''),
    })
    return listening(
      createServer(async (request, response) => {
        if (parser !== undefined) await parsers[parser]?.(request)
        await webhooks(request, response)
      }),
    )
  },
}

describeConformance('nodeHttpWebhooks', harness)

describe('nodeHttpWebhooks', () => {
  test('takes a name for all requests', async () => {
    const { post } = await serve({ source: 'github' })
    expect(await post('/anything?a', {}, 'a')).toMatchObject({ received: { source: 'github', url: '/anything?a' } })
  })

  test('asks for the source "" when the function that finds it throws', async () => {
    const source = (): string => {
      throw new Error('no path like that')
    }
    const { post } = await serve({ source })
    expect(await post('/', {}, 'a')).toMatchObject({ received: { source: '' } })
  })

  test('waits for the name, and asks for the source "" when the function that finds it rejects', async () => {
    const names = [async () => 'github', () => Promise.reject(new Error('no path like that'))]
    const { post } = await serve({ source: () => names.shift()!() })
    expect(await post('/', {}, 'a')).toMatchObject({ received: { source: 'github' } })
    expect(await post('/', {}, 'a')).toMatchObject({ received: { source: '' } })
  })

  test('answers 404 where the function that finds the source returns nothing', async () => {
    const receiver = createReceiver({
      buffer: memoryBuffer(),
      sources: { github: { connector: github, secrets: ['secret'] } },
      destinations: { all: { handle: () => {} } },
    })
    const source = ({ url = '' }: IncomingMessage): string => url.split('/')[2] as string
    const { origin, stop } = await listening(createServer(nodeHttpWebhooks(receiver, { source })))
    onTestFinished(stop)
    const response = await fetch(`${origin}/`, { method: 'POST', body: 'a' })
    expect([response.status, await response.json()]).toMatchObject([404, { reason: 'unknown_source' }])
  })

  test('answers 500 by itself when the body was read before', async () => {
    const { post } = await serve({ source: 'github' }, (request) => once(request.resume(), 'end'))
    const { status, text: answer, headers } = await post('/', {}, 'a')
    expect([status, answer, headers.get('content-type')]).toEqual([
      500,
      'configuration_error',
      'application/problem+json',
    ])
  })

  test('takes the bytes that a platform kept as rawBody', async () => {
    const { post } = await serve({ source: 'github' }, async (request) => {
      Object.assign(request, { rawBody: Buffer.from(await text(request)) })
    })
    expect(await post('/', {}, '{ "a": 1.0 }')).toMatchObject({ status: 200, received: { body: '{ "a": 1.0 }' } })
  })

  test('refuses what a platform kept of a compressed body, because it may have inflated it', async () => {
    const { post } = await serve({ source: 'github' }, async (request) => {
      Object.assign(request, { rawBody: Buffer.from(await text(request)) })
    })
    const { status, received } = await post('/', { 'content-encoding': 'gzip' }, 'compressed')
    expect([status, received?.body]).toEqual([500, expect.stringContaining('A body parser inflated the body')])
  })

  test('hands over the URL from before a router cut it', async () => {
    const { post } = await serve({ source: 'github' }, (request) => {
      Object.assign(request, { originalUrl: request.url, url: '/' })
    })
    expect(await post('/hooks/a?b', {}, 'a')).toMatchObject({ received: { url: '/hooks/a?b' } })
  })

  test('ends the connection of a sender that never pauses, once the server is closing', async () => {
    const webhooks = nodeHttpWebhooks(recordingReceiver().receiver, { source: 'github' })
    const server = createServer(async (request, response) => {
      if (request.url === '/last') server.close()
      await webhooks(request, response)
    })
    const { origin, stop } = await listening(server)
    onTestFinished(stop)
    const connectionAfter = async (path: string): Promise<string | null> => {
      const response = await fetch(origin + path, { method: 'POST', body: 'a' })
      await response.arrayBuffer()
      return response.headers.get('connection')
    }
    expect([await connectionAfter('/'), await connectionAfter('/last')]).toEqual(['keep-alive', 'close'])
  })
})

async function serve(
  options: Parameters<typeof nodeHttpWebhooks>[1],
  before: (request: IncomingMessage) => unknown = () => {},
): Promise<Posting> {
  const { receiver, received } = recordingReceiver()
  const webhooks = nodeHttpWebhooks(receiver, options)
  const { origin, stop } = await listening(
    createServer(async (request, response) => {
      await before(request)
      await webhooks(request, response)
    }),
  )
  onTestFinished(stop)
  return { post: posting(origin, received) }
}
