import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { startPostgres } from './postgres-service.ts'
import { startRedis } from './redis-service.ts'
import type { Orders } from './sharing-client.ts'

const PROCESSES = 4
const CALLS_EACH = 20
const LIMIT = 20
const WINDOW_MS = 2_000
// After the first refusal all processes have heard of it.
const HEARD_MS = 1_000

interface Request {
  readonly atMs: number
  readonly status: number
}

/** An API that takes so many requests in a window, which begins with its first request. */
async function limitedApi(tells: boolean): Promise<{ readonly url: string; readonly requests: readonly Request[] }> {
  const requests: Request[] = []
  let beganMs = -Infinity
  let taken = 0
  const server = createServer((_request, response) => {
    const atMs = performance.now()
    if (atMs >= beganMs + WINDOW_MS) {
      beganMs = atMs
      taken = 0
    }
    const status = taken < LIMIT ? 200 : 429
    if (status === 200) taken++
    const resetMs = Math.ceil(beganMs + WINDOW_MS - atMs)
    if (tells) {
      response.setHeader('x-limit', LIMIT)
      response.setHeader('x-left', LIMIT - taken)
      response.setHeader('x-reset-ms', resetMs)
    }
    if (status === 429) response.setHeader('retry-after-ms', resetMs)
    requests.push({ atMs, status })
    response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/things`, requests }
}

async function startProcess(orders: Orders): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'sharing-client.ts'), [JSON.stringify(orders)], {
    execArgv: ['--conditions=@holdfast/source'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  await once(child, 'message')
  return child
}

async function makeCalls(child: ChildProcess): Promise<{ readonly statuses: readonly number[]; failures: string[] }> {
  child.send(CALLS_EACH)
  const [result] = (await once(child, 'message')) as [{ statuses: number[]; failures: string[] }]
  return result
}

interface Engine {
  readonly store: Orders['store']
  readonly isInstalled: boolean
  readonly clients: readonly [string, string]
  readonly serve: () => Promise<{ readonly port: number; dispose(): Promise<void> }>
}

const engines: readonly Engine[] = [
  {
    store: 'redis',
    isInstalled: hasService('Redis', 'redis-server'),
    clients: ['ioredis', 'node-redis'],
    serve: startRedis,
  },
  {
    store: 'postgres',
    isInstalled: hasService('PostgreSQL', 'initdb', 'postgres'),
    clients: ['pg', 'postgres.js'],
    // As its page advises for this store: it has nothing to lose in a crash of the server.
    serve: () => startPostgres({ settings: { synchronous_commit: 'off' } }),
  },
]

describe.each(engines)('four processes that share a limit through $store', ({ store, isInstalled, clients, serve }) => {
  let service: Awaited<ReturnType<Engine['serve']>> | undefined
  beforeAll(async () => {
    if (isInstalled) service = await serve()
  }, 60_000)
  afterAll(() => service?.dispose())

  it.runIf(isInstalled).each([
    ['never exceed what is declared', { limit: LIMIT, windowMs: WINDOW_MS }],
    ['keep to what answers tell, once one of them has said so', undefined],
  ])(
    '%s, and use nearly all of it',
    async (_, declared) => {
      const { url, requests } = await limitedApi(declared === undefined)
      const children = await Promise.all(
        Array.from({ length: PROCESSES }, (_unused, index) =>
          startProcess({
            store,
            client: clients[index % 2] as string,
            port: service!.port,
            url,
            ...(declared === undefined ? {} : { declared }),
          }),
        ),
      )
      const results = await Promise.all(children.map((child) => makeCalls(child)))
      expect(results.flatMap(({ failures }) => failures)).toEqual([])
      expect(results.flatMap(({ statuses }) => statuses).filter((status) => status !== 200)).toEqual([])

      const refused = requests.filter(({ status }) => status === 429)
      const firstMs = refused[0]?.atMs ?? Infinity
      if (declared !== undefined) expect(refused).toEqual([])
      // A process that a busy machine holds up sends what it was about to send.
      const later = refused.filter(({ atMs }) => atMs > firstMs + HEARD_MS)
      expect(later.length).toBeLessThanOrEqual(declared === undefined ? PROCESSES : 0)

      const served = requests.filter(({ status }) => status === 200)
      const spanMs = (served.at(-1)?.atMs ?? 0) - (served[0]?.atMs ?? 0)
      const leastMs = ((PROCESSES * CALLS_EACH) / LIMIT - 1) * WINDOW_MS
      // A busy machine takes some of it.
      expect(leastMs / spanMs).toBeGreaterThan(0.7)
    },
    30_000,
  )
})
