import type { ChildProcess } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import {
  type FrameworkCapability,
  type FrameworkHarness,
  frameworkConformance,
} from '@holdfast/webhook-receiver/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { installOnDemand, runtimes } from '../../scripts/install-on-demand.ts'
import { root } from '../../scripts/packages.ts'
import { serveWorker } from '../../scripts/workerd.ts'
import { startService, stopService } from '../clients/service-process.ts'
import { requestCapabilities } from './conformance.ts'
import { expectDelivered } from './drained.ts'
import { isInstalled } from './installed.ts'
import { READ_BEFORE } from './programs/fetch-handler.ts'
import { type ReceiverServer, startReceiverServer } from './receiver-server.ts'

const programs = join(import.meta.dirname, 'programs')

interface Served {
  readonly origin: string
  stop(): void | Promise<void>
}

interface RuntimeUnderTest {
  readonly name: keyof typeof runtimes
  readonly capabilities: readonly FrameworkCapability[]
  serve(program: string, adapter: string, receiverUrl: string): Promise<Served>
}

const tested: readonly RuntimeUnderTest[] = [
  {
    name: 'bun',
    capabilities: requestCapabilities,
    serve: inProcess('--conditions=@holdfast/source', 'run'),
  },
  {
    name: 'deno',
    capabilities: requestCapabilities,
    serve: inProcess('run', '--allow-all', '--conditions=@holdfast/source', '--node-modules-dir=manual'),
  },
  {
    name: 'workerd',
    capabilities: ['any-bytes', 'url-encoding', 'head-method', 'streaming-body', 'abort', 'prefix'],
    async serve(program, adapter, receiverUrl) {
      const { url, stop } = await serveWorker({
        program,
        entry: join(programs, 'serve-worker.ts'),
        env: { ADAPTER: adapter, RECEIVER: receiverUrl },
        conditions: ['@holdfast/source'],
      })
      return { origin: url, stop }
    },
  },
]

for (const { name, capabilities, serve } of tested) {
  const installed = await installOnDemand(runtimes[name].packages)
  describe.runIf(isInstalled(name, installed)).each(['web', 'hono'])(`%sWebhooks on ${name}`, (adapter) => {
    let receiverServer: ReceiverServer
    let served: Served

    beforeAll(async () => {
      receiverServer = await startReceiverServer()
      served = await serve(join(installed as string, runtimes[name].program), adapter, receiverServer.url)
    }, 60_000)
    afterAll(async () => {
      await served.stop()
      await receiverServer.close()
    })

    const harness: FrameworkHarness = {
      capabilities,
      parsers: [{ name: 'read before', contentType: READ_BEFORE, body: '{}', blames: [/read the (request )?body/] }],
      async start({ receiver }) {
        receiverServer.use(receiver)
        return { origin: served.origin, stop: async () => {} }
      },
    }
    for (const { title, run } of frameworkConformance) test(title, () => run(harness))
  })
}

function inProcess(...args: readonly string[]): RuntimeUnderTest['serve'] {
  return async (program, adapter, receiverUrl) => {
    let port = ''
    const child: ChildProcess = await startService(
      program,
      [...args, join(programs, 'serve-process.ts'), adapter, receiverUrl],
      { test: (output: string) => (port = /listening on (\d+)/.exec(output)?.[1] ?? '') !== '' } as RegExp,
    )
    return { origin: `http://127.0.0.1:${port}`, stop: () => stopService(child, 'SIGKILL') }
  }
}

describe('a Worker', async () => {
  const installed = await installOnDemand(runtimes.workerd.packages)
  const serve = async (entry: string, env: Readonly<Record<string, string>>): Promise<string> => {
    const program = join(installed as string, runtimes.workerd.program)
    const { url, stop } = await serveWorker({ program, entry, env, conditions: ['@holdfast/source'] })
    onTestFinished(stop)
    return url
  }
  const aWorker = test.runIf(isInstalled('workerd', installed))

  aWorker('delivers after the answer what it has accepted', async () => {
    const url = await serve(join(programs, 'draining-worker.ts'), {})
    await expectDelivered(`${url}/webhooks/github`, 20)
  })

  aWorker('is what the example shows', async () => {
    const url = await serve(join(root, 'examples/06-edge-and-serverless/worker.ts'), {
      GITHUB_WEBHOOK_SECRET: 'secret',
    })
    const send = async (signature: string): Promise<number> => {
      const headers = { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-delivery': 'one' }
      return (await fetch(`${url}/webhooks/github`, { method: 'POST', body: '{}', headers })).status
    }
    const signature = createHmac('sha256', 'secret').update('{}').digest('hex')
    expect([await send('0'.repeat(64)), await send(signature)]).toEqual([401, 200])
  })
})
