import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Connector, RateLimitRule } from '@holdfast/core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { startPostgres } from './postgres-service.ts'
import { startRedis } from './redis-service.ts'
import type { Load, Orders, Result } from './sharing-client.ts'

// In full it has to have a machine to itself: processes that wait for a processor use less of a limit, and hear of each other too late.
const IS_FULL = process.env.HOLDFAST_SHARING === 'full'
const PROCESSES = 4
const CALLERS_EACH = IS_FULL ? 50 : 20
const LIMIT = 20
const WINDOW_MS = IS_FULL ? 1_000 : 2_000
const LEAST_USED = IS_FULL ? 0.9 : 0.7
// Who asked the store just before the first refusal was stored there sends what it was about to send.
const HEARD_MS = 250
const SECOND_MS = 1_000
// Nothing can be said of a window when requests are under way for as long.
const LONGEST_MS = WINDOW_MS / 2
const ROUNDS = 5
const AT_A_TIME = 8
const TAKES_MS = 50
// With what is learned too low by one or two, and an end at which some have nothing left to send.
const LEAST_USED_AT_A_TIME = 0.5

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/things`
}

/** An API that takes so many requests in a window, which begins with its first request. */
async function limitedApi({ tells }: { tells: boolean }): Promise<{ url: string; servedMs: readonly number[] }> {
  const servedMs: number[] = []
  let beganMs = -Infinity
  let taken = 0
  const url = await serve((_request, response) => {
    const atMs = performance.now()
    if (atMs >= beganMs + WINDOW_MS) {
      beganMs = atMs
      taken = 0
    }
    const status = taken < LIMIT ? 200 : 429
    if (status === 200) {
      taken++
      servedMs.push(atMs)
    }
    const resetMs = Math.ceil(beganMs + WINDOW_MS - atMs)
    if (tells) {
      response.setHeader('x-limit', LIMIT)
      response.setHeader('x-left', LIMIT - taken)
      response.setHeader('x-reset-ms', resetMs)
    }
    if (status === 429) response.setHeader('retry-after-ms', resetMs)
    response.writeHead(status).end()
  })
  return { url, servedMs }
}

/** An API that takes so many requests at a time. */
async function crowdedApi(): Promise<{ url: string; servedMs: readonly number[] }> {
  const servedMs: number[] = []
  let active = 0
  const url = await serve((_request, response) => {
    if (active >= AT_A_TIME) {
      response.writeHead(429).end()
      return
    }
    active++
    setTimeout(() => {
      active--
      servedMs.push(performance.now())
      response.writeHead(200).end()
    }, TAKES_MS)
  })
  return { url, servedMs }
}

const calls = { id: 'calls', scope: 'connection' } as const
const declared: RateLimitRule = { ...calls, limit: { value: LIMIT }, windowMs: { value: WINDOW_MS } }
const told: RateLimitRule = {
  ...calls,
  limit: { header: 'x-limit' },
  remaining: { header: 'x-left' },
  reset: { header: 'x-reset-ms', format: 'delta_ms' },
  examples: [
    {
      answer: { status: 200, headers: { 'x-limit': '40', 'x-left': '2', 'x-reset-ms': '350' } },
      reads: { limit: 40, remaining: 2, resetMs: 350 },
    },
  ],
}

function connectorWith(...rateLimits: readonly RateLimitRule[]): Connector {
  return { id: 'acme', name: 'Acme', sources: [], rateLimits }
}

const ofCallsAtATime: Connector = {
  ...connectorWith(),
  errors: [{ when: { status: 429 }, then: { code: 'rate_limited', reason: 'concurrency' }, example: { status: 429 } }],
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

async function makeCalls(child: ChildProcess, load: Load): Promise<Result> {
  child.send(load)
  const [result] = (await once(child, 'message')) as [Result]
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

describe.each(engines)('four processes that share state through $store', (engine) => {
  const { store, isInstalled, clients } = engine
  let service: Awaited<ReturnType<Engine['serve']>> | undefined
  beforeAll(async () => {
    if (isInstalled) service = await engine.serve()
  }, 60_000)
  afterAll(() => service?.dispose())

  /** @param firstUrl - What the first of them calls. */
  function startAll(url: string, options: Orders['options'], firstUrl = url): Promise<ChildProcess[]> {
    const orders = { store, port: service!.port, options }
    return Promise.all(
      Array.from({ length: PROCESSES }, (_, index) =>
        startProcess({ ...orders, client: clients[index % 2]!, url: index === 0 ? firstUrl : url }),
      ),
    )
  }

  it.runIf(isInstalled).each([
    ['never exceed a limit that is declared', declared],
    ['keep to a limit that answers tell, once one of them was refused', told],
  ])(
    `%s, and use ${LEAST_USED} of it with ${CALLERS_EACH} callers each`,
    (_, rule) =>
      untilUndisturbed(async () => {
        const { url, servedMs } = await limitedApi({ tells: rule === told })
        const retry = { maxAttempts: 5, budget: false } as const
        const children = await startAll(url, { connector: connectorWith(rule), retry })
        const all = await Promise.all(children.map((child) => makeCalls(child, { calls: CALLERS_EACH, everyMs: 0 })))
        // Without its store, each process is on its own.
        const failures = all.flatMap((result) => result.failures)
        if (failures.length > 0) return failures
        const longestMs = longestAfterBurst(all)
        if (longestMs > LONGEST_MS) return [`a request took ${longestMs} ms`]
        expect(all.flatMap(({ outcomes }) => outcomes).filter((outcome) => outcome !== 200)).toEqual([])
        expect(refusedAfterRefusal(all)).toEqual([])
        if (rule === declared) expect(all.flatMap(refusedIn)).toEqual([])
        const windows = (servedMs.at(-1)! - servedMs[0]!) / WINDOW_MS + 1
        const used = servedMs.length / (LIMIT * windows)
        return used < LEAST_USED ? [`used ${used}`] : []
      }),
    ROUNDS * 60_000,
  )

  it.runIf(isInstalled)(
    `learn together how many calls go through at a time, and use ${LEAST_USED_AT_A_TIME} of that`,
    () =>
      untilUndisturbed(async () => {
        const { url, servedMs } = await crowdedApi()
        const retry = { maxAttempts: 10, budget: false } as const
        const children = await startAll(url, { connector: ofCallsAtATime, retry })
        const makeAll = (count: number) =>
          Promise.all(children.map((child) => makeCalls(child, { calls: count, everyMs: 0 })))
        const learned = [await makeAll(CALLERS_EACH), await makeAll(2 * CALLERS_EACH)].flat()
        const sent = servedMs.length
        const beganMs = performance.now()
        const kept = await makeAll(3 * CALLERS_EACH)
        const failures = kept.flatMap((result) => result.failures)
        if (failures.length > 0) return failures
        const outcomes = [...learned, ...kept].flatMap((result) => result.outcomes)
        expect(outcomes.filter((outcome) => outcome !== 200)).toEqual([])
        // What was learned in the first rush may be too much by one or two.
        expect(kept.flatMap(refusedIn).length).toBeLessThanOrEqual(PROCESSES)
        const used = ((servedMs.length - sent) * TAKES_MS) / AT_A_TIME / (servedMs.at(-1)! - beganMs)
        return used < LEAST_USED_AT_A_TIME ? [`used ${used}`] : []
      }),
    ROUNDS * 30_000,
  )

  it.runIf(isInstalled)(
    'call a host no more within a second, when one of them found it down',
    () =>
      untilUndisturbed(async () => {
        const url = await serve(({ url: path }, response) => {
          response.writeHead(path === '/down' ? 503 : 200).end()
        })
        const options = { connector: connectorWith(), retry: false } as const
        const [finder, ...others] = await startAll(url, options, new URL('/down', url).href)
        const [busy, rare, idle] = others as [ChildProcess, ChildProcess, ChildProcess]
        const loads = [makeCalls(busy, { calls: 100, everyMs: 25 }), makeCalls(rare, { calls: 5, everyMs: 600 })]
        const found = await makeCalls(finder!, { calls: 10, everyMs: 0 })
        const openedMs = found.opened[0]?.atMs ?? Infinity
        await new Promise((resolve) => setTimeout(resolve, SECOND_MS))
        const late = await makeCalls(idle, { calls: 1, everyMs: 0 })
        const early = await Promise.all(loads)
        const failures = [found, late, ...early].flatMap((result) => result.failures)
        if (failures.length > 0) return failures
        expect(found.opened).toMatchObject([{ isShared: false }])
        expect(late).toMatchObject({ outcomes: ['circuit_open'], requests: [] })
        for (const { outcomes, opened, requests } of early) {
          expect(requests.filter(({ sentMs }) => sentMs > openedMs + SECOND_MS)).toEqual([])
          expect([outcomes[0], outcomes.at(-1)]).toEqual([200, 'circuit_open'])
          expect(opened).toMatchObject([{ isShared: true }])
        }
        return []
      }),
    ROUNDS * 30_000,
  )
})

/** Does it again when something else disturbed it: a machine that is busy uses less of a limit, and its stores answer too late. */
async function untilUndisturbed(round: () => Promise<readonly string[]>): Promise<void> {
  const disturbances: (readonly string[])[] = []
  while (disturbances.length < ROUNDS) {
    const disturbed = await round()
    if (disturbed.length === 0) return
    disturbances.push(disturbed)
  }
  expect.fail(`Each round was disturbed: ${JSON.stringify(disturbances)}`)
}

function refusedIn({ requests }: Result): Result['requests'] {
  return requests.filter(({ status }) => status === 429)
}

/** How long a request took at most that was sent after the first answer; before it everybody sends at once. */
function longestAfterBurst(results: readonly Result[]): number {
  const requests = results.flatMap((result) => result.requests)
  const firstMs = Math.min(...requests.map(({ arrivedMs }) => arrivedMs))
  return Math.max(...requests.map(({ sentMs, arrivedMs }) => (sentMs > firstMs ? arrivedMs - sentMs : 0)))
}

/** What was sent after a refusal had arrived, and was refused as well: in the same process at once, in others when they have heard of it. */
function refusedAfterRefusal(results: readonly Result[]): Result['requests'] {
  const firstMs = Math.min(...results.flatMap(refusedIn).map(({ arrivedMs }) => arrivedMs))
  return results.flatMap((result) => {
    const ownMs = Math.min(...refusedIn(result).map(({ arrivedMs }) => arrivedMs))
    return refusedIn(result).filter(({ sentMs }) => sentMs > Math.min(ownMs, firstMs + HEARD_MS))
  })
}
