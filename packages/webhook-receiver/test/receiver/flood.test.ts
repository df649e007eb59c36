import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished, expect, test } from 'vitest'
import { diskBuffer } from '../../src/disk/index.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { event } from '../drain/drain-fixture.ts'
import { receiverOptions, SECRET } from './receiver-fixture.ts'

const BACKLOG = 5_000

/** The statuses that the flood saw so far. */
type Seen = Readonly<Record<string, number>>

test('a flood of webhooks starves neither the drain nor itself, and what is too much is told so', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-flood-'))
  const buffer = diskBuffer({ directory, minFreeBytes: 0 })
  let old = 0
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    maxInFlightRequests: 60,
    destinations: {
      log: {
        handle: ({ id }) => {
          if (id.startsWith('old-')) old += 1
        },
        orderingKey: ({ id }) => id,
        concurrency: 64,
      },
    },
  })
  await receiver.start({ drain: false })
  await buffer.append(Array.from({ length: BACKLOG }, (_, index) => event(`old-${index}`)))
  const server = createServer((request, response) => {
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const)
    void receiver
      .accept('sample', { method: 'POST', url: '/', headers, body: request })
      .then((reply) => response.writeHead(reply.status, reply.headers).end(reply.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const flood = spawn(process.execPath, [join(import.meta.dirname, 'flood-sender.ts'), String(port), SECRET, '120'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    flood.kill('SIGKILL')
    server.closeAllConnections()
    server.close()
    await receiver.stop({ timeoutMs: 0 })
    await rm(directory, { recursive: true, force: true })
  })

  const before = await seen(flood, ({ 200: taken = 0, 503: refused = 0 }) => taken > 0 && refused > 0)
  await receiver.start()
  // The whole backlog is delivered while the flood goes on, and the flood is still taken.
  const after = await seen(flood, ({ 200: taken = 0 }) => old === BACKLOG && taken > (before['200'] ?? 0))
  expect(Object.keys(after).toSorted()).toEqual(['200', '503'])
  expect(receiver.snapshot().refused).toBeGreaterThan(0)
}, 30_000)

/** Resolves with the first report of the flood that is as wanted. */
async function seen(flood: ChildProcess, isWanted: (statuses: Seen) => boolean): Promise<Seen> {
  if (flood.stdout === null) throw new Error('The flood has no output.')
  for await (const line of createInterface({ input: flood.stdout })) {
    const statuses = JSON.parse(line) as Seen
    if (isWanted(statuses)) return statuses
  }
  throw new Error('The flood has ended.')
}
