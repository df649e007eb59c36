import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import github from '@holdfast/adapters/connectors/github'
import type { IntegrationError } from '@holdfast/core'
import { createReceiver } from '@holdfast/webhook-receiver'
import { type FrameworkHarness, frameworkConformance, memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { installOnDemand } from '../../scripts/install-on-demand.ts'
import { expectDelivered } from './drained.ts'
import { isInstalled } from './installed.ts'
import { type NextServer, nextPackages, startNext } from './next-server.ts'
import { nextTypeErrors } from './next-types.ts'
import { type ReceiverServer, startReceiverServer } from './receiver-server.ts'

const installed = await installOnDemand(nextPackages)

describe.runIf(isInstalled('Next', installed))('Next', () => {
  let receiverServer: ReceiverServer
  let next: NextServer
  let directory: string

  beforeAll(async () => {
    receiverServer = await startReceiverServer()
    directory = await mkdtemp(join(tmpdir(), 'holdfast-next-'))
    next = await startNext(installed as string, {
      RECEIVER_URL: receiverServer.url,
      INBOX: directory,
      GITHUB_WEBHOOK_SECRET: 'secret',
    })
  }, 180_000)
  afterAll(async () => {
    await next?.stop()
    await receiverServer.close()
    await rm(directory, { recursive: true })
  })

  const describeConformance = (name: string, base: string, harness: Omit<FrameworkHarness, 'start'>): void => {
    describe(name, () => {
      const start: FrameworkHarness['start'] = async ({ receiver, parser }) => {
        receiverServer.use(receiver)
        const path = parser === undefined ? base : base.replace('plain', parser)
        return { origin: `http://127.0.0.1:${next.port}${path}`, stop: async () => {} }
      }
      for (const { title, run } of frameworkConformance) test(title, () => run({ ...harness, start }))
    })
  }

  describeConformance('nextWebhooks', '/plain', {
    capabilities: ['any-bytes', 'header-bytes', 'head-method', 'streaming-body', 'abort', 'prefix'],
    parsers: [
      {
        name: 'read-before',
        contentType: 'application/json',
        body: '{}',
        blames: ['Something read the request body', '`request.clone()`'],
      },
    ],
  })

  describeConformance('nextPagesWebhooks', '/api/plain', {
    capabilities: [
      'any-bytes',
      'header-case',
      'header-bytes',
      'repeated-headers',
      'head-method',
      'streaming-body',
      'abort',
      'remote-address',
      'prefix',
    ],
    parsers: [
      {
        name: 'read-before',
        contentType: 'application/json',
        body: '{}',
        blames: ["Next's body parser ran", '`export const config = { api: { bodyParser: false } }`'],
      },
    ],
  })

  describeConformance('nextWebhooks behind proxy.ts', '/proxied', {
    capabilities: ['any-bytes', 'header-bytes', 'head-method'],
    parsers: [],
    maxBodyBytes: 10_485_760,
  })

  describeConformance('nextPagesWebhooks behind proxy.ts', '/api/proxied', {
    capabilities: ['header-case', 'header-bytes', 'repeated-headers', 'head-method', 'remote-address'],
    parsers: [],
    maxBodyBytes: 10_485_760,
  })

  test('its handlers have the types that Next takes', { timeout: 60_000 }, () => {
    expect(nextTypeErrors(installed as string)).toBe('')
  })

  test('the example accepts a signed webhook, delivers it, and refuses a forged one', async () => {
    const url = `http://127.0.0.1:${next.port}/webhooks/github`
    const send = async (signature: string): Promise<number> => {
      const headers = {
        'x-hub-signature-256': `sha256=${signature}`,
        'x-github-event': 'ping',
        'x-github-delivery': 'one',
      }
      return (await fetch(url, { method: 'POST', body: '{}', headers })).status
    }
    const signature = createHmac('sha256', 'secret').update('{}').digest('hex')
    expect([await send('0'.repeat(64)), await send(signature)]).toEqual([401, 200])
    await vi.waitFor(() => expect(next.output()).toContain('delivered ping one'), { timeout: 10_000 })
  })

  test('what was accepted is delivered after the answer', async () => {
    await expectDelivered(`http://127.0.0.1:${next.port}/after/github`, 20)
  })

  describe.each([
    ['nextWebhooks', '/proxied'],
    ['nextPagesWebhooks', '/api/proxied'],
  ])('%s behind proxy.ts, which cuts bodies off', (_name, base) => {
    const send = async (body: Uint8Array | ReadableStream): Promise<Refusal> => {
      const { receiver, refusals } = await startedReceiver()
      receiverServer.use(receiver)
      const init = { method: 'POST', body, duplex: 'half' } as RequestInit
      const response = await fetch(`http://127.0.0.1:${next.port}${base}/webhooks/github`, init)
      return { status: response.status, error: refusals[0] }
    }

    test('refuses a body that ends before its declared length, and names the setting', async () => {
      const { status, error } = await send(new Uint8Array(10_485_761))
      expect([status, error?.code, error?.reason]).toEqual([500, 'configuration_error', 'body_truncated'])
      expect(error?.message).toContain('`experimental.proxyClientMaxBodySize`')
      expect(error?.message).toMatch(/^Only \d+ of 10485761 bytes/)
    })

    test('cannot know that a body without a declared length is not complete', async () => {
      const { status, error } = await send(new Blob([new Uint8Array(10_485_761)]).stream())
      expect([status, error?.code]).toEqual([401, 'signature_invalid'])
    })
  })
})

interface Refusal {
  readonly status: number
  readonly error: IntegrationError | undefined
}

async function startedReceiver() {
  const refusals: IntegrationError[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { github: { connector: github, secrets: ['secret'] } },
    destinations: { log: { handle: () => {} } },
  })
  receiver.on('webhook:refused', ({ error }) => refusals.push(error))
  await receiver.start()
  onTestFinished(() => receiver.stop())
  return { receiver, refusals }
}
