import { createHmac } from 'node:crypto'
import type { Server } from 'node:http'
import github from '@holdfast/adapters/connectors/github'
import stripe from '@holdfast/adapters/connectors/stripe'
import { webWebhooks, type WebWebhooksOptions } from '@holdfast/adapters/web'
import { createReceiver, type WebhookEvent } from '@holdfast/webhook-receiver'
import { type FrameworkHarness, memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { serve } from '@hono/node-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConformance, requestCapabilities, served } from './conformance.ts'
import { recordingReceiver } from './recording-receiver.ts'

const harness: FrameworkHarness = {
  capabilities: requestCapabilities,
  parsers: [
    {
      name: 'request.json()',
      contentType: 'application/json',
      body: '{}',
      blames: ['Something read the request body', '`request.clone()`'],
    },
  ],
  async start({ receiver, prefix = '', parser }) {
    const webhooks = webWebhooks(receiver, { source: `${prefix}/webhooks/:source` })
    const fetch: typeof webhooks = async (request, platform) => {
      if (parser !== undefined) await request.json()
      return webhooks(request, platform)
    }
    return served(serve({ fetch, hostname: '127.0.0.1', port: 0 }) as Server)
  },
}

describeConformance('webWebhooks on @hono/node-server', harness)

describe('webWebhooks', () => {
  test.each([
    ['a name', 'github', 'https://a.example/whatever'],
    ['a path', '/webhooks/:source', 'https://a.example/webhooks/github?a=1'],
    ['a path with more behind the source', '/in/:source/v1', 'https://a.example/in/github/v1'],
    ['a path whose source is encoded', '/:source', 'https://a.example/git%68ub'],
    ['a function that is asynchronous', async () => 'github', 'https://a.example/'],
    ['a function', ({ url }: Request) => new URL(url).hostname.split('.')[0] ?? '', 'https://github.a.example/'],
  ])('finds the source by %s', async (_title, source, url) => {
    expect((await (await started({ source })).post(url, '{}')).status).toBe(200)
  })

  test.each([
    ['another path', '/webhooks/:source', 'https://a.example/hooks/github'],
    ['a longer path', '/webhooks/:source', 'https://a.example/webhooks/github/x'],
    ['a slash behind', '/webhooks/:source', 'https://a.example/webhooks/github/'],
    ['a source that cannot be decoded', '/:source', 'https://a.example/%ff'],
    [
      'a function that throws',
      () => {
        throw new Error('no tenant')
      },
      'https://a.example/',
    ],
    ['a function that rejects', () => Promise.reject(new Error('no tenant')), 'https://a.example/'],
  ])('answers 404 to %s', async (_title, source, url) => {
    const response = await (await started({ source })).post(url, '{}')
    expect([response.status, await response.json()]).toMatchObject([404, { reason: 'unknown_source' }])
  })

  test.each(['/webhooks', '/:source/:source', '/webhooks/:sources', '/webhooks/x:source'])(
    'refuses the path %s at construction',
    async (source) => {
      await expect(started({ source })).rejects.toThrow('Expected `source` to be a name, or a path with one segment')
    },
  )

  test.each([
    ['Bun', { requestIP: () => ({ address: '192.0.2.1' }) }, '192.0.2.1'],
    ['Bun, when the socket is closed already', { requestIP: () => null }, undefined],
    ['Deno', { remoteAddr: { transport: 'tcp', hostname: '192.0.2.2', port: 1 } }, '192.0.2.2'],
    ['Deno on a Unix socket', { remoteAddr: { transport: 'unix', path: '/run/a' } }, undefined],
    ['Workers, whose second argument is the environment', { SECRET: 'x' }, undefined],
    ['nothing', undefined, undefined],
  ])("takes the peer's address from what is handed over by %s", async (_title, platform, address) => {
    const { post, events } = await started({ source: 'github' })
    await post('https://a.example/', '{}', platform)
    expect(events.map(({ remoteAddress }) => remoteAddress)).toEqual([address])
  })

  test('asks for the receiver when a request comes, not before', async () => {
    const { receiver, received } = recordingReceiver()
    let asked = 0
    const handler = webWebhooks(
      async () => {
        asked++
        return receiver
      },
      { source: 'github' },
    )
    expect(asked).toBe(0)
    await handler(new Request('https://a.example/', { method: 'POST', body: '{}' }))
    expect([asked, received.length]).toEqual([1, 1])
  })

  test('throws what the function throws that gives the receiver', async () => {
    const handler = webWebhooks(() => Promise.reject(new RangeError('cannot open')), { source: 'github' })
    await expect(handler(new Request('https://a.example/'))).rejects.toThrow(new RangeError('cannot open'))
  })

  test('refuses a signature header that came twice, although Request has joined it', async () => {
    const { post, signatureOf } = await started({ source: 'github' })
    const headers = new Headers()
    headers.append('x-hub-signature-256', signatureOf('{}'))
    headers.append('x-hub-signature-256', signatureOf('{}'))
    const response = await post('https://a.example/', '{}', undefined, headers)
    expect(response.status).toBe(401)
  })

  test('refuses two Stripe signatures, although Request has joined them to one list', async () => {
    const { handler } = await started({ source: 'stripe' })
    const timestamp = Math.floor(Date.now() / 1000)
    const signature = `t=${timestamp},v1=${createHmac('sha256', 'whsec_secret').update(`${timestamp}.{}`).digest('hex')}`
    const statusOf = async (...signatures: readonly string[]): Promise<number> => {
      const headers = new Headers(signatures.map((value) => ['stripe-signature', value] as [string, string]))
      return (await handler(new Request('https://a.example/', { method: 'POST', body: '{}', headers }))).status
    }
    expect([await statusOf(signature), await statusOf(signature, signature)]).toEqual([200, 401])
  })
})

async function started(options: WebWebhooksOptions) {
  const events: WebhookEvent[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: {
      github: { connector: github, secrets: ['secret'] },
      stripe: { connector: stripe, secrets: ['whsec_secret'] },
    },
    destinations: { log: { handle: (event) => void events.push(event) } },
  })
  const handler = webWebhooks(receiver, options)
  await receiver.start()
  onTestFinished(() => receiver.stop())
  const signatureOf = (body: string): string => `sha256=${createHmac('sha256', 'secret').update(body).digest('hex')}`
  const post = async (url: string, body: string, platform?: unknown, headers?: Headers): Promise<Response> => {
    const init = { method: 'POST', body, headers: headers ?? { 'x-hub-signature-256': signatureOf(body) } }
    const response = await handler(new Request(url, init), platform)
    await receiver.drained()
    return response
  }
  return { handler, events, post, signatureOf }
}
