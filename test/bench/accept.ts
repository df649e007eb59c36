import { setTimeout } from 'node:timers/promises'
import {
  type AcceptContender,
  acceptContenders,
  BARE,
  BY_HAND,
  durableContenders,
  OURS,
  QUEUES,
} from './accept-contenders.ts'
import type { LoadOrder, LoadResult } from './load-generator.ts'
import { besideBar, microseconds, milliseconds, perSecond, ratio, type Section, versionOf } from './report.ts'
import type { ServerReport } from './serve-listener.ts'
import { nextMessage, startModule } from './server-process.ts'
import { slowSyncs, SYNC_DELAY_MS } from './slow-sync.ts'
import { median, ratioOf } from './statistics.ts'

const CONNECTIONS = 64
const MAX_DELAY_MS = 10

/** What was measured of one server in one round. */
interface Round extends LoadResult {
  /** Processor time of the server for each request, in microseconds. */
  readonly cpuUs: number
  /** How much later the turns of its event loop came than without load, p99. */
  readonly delayMs: number
}

type Rounds = ReadonlyMap<string, readonly Round[]>

/** What does a durable 200 cost beside one that promises nothing, and beside queues that promise the same? */
export async function durableAccept(quick: boolean): Promise<Section> {
  const results = await measure(quick, {}, acceptContenders)
  const { alone, drained } = OURS
  return {
    title: `Inbound: durable accept over HTTP, ${CONNECTIONS} connections`,
    method: [
      `node:http and express ${versionOf('express')}: read the body, answer 200, promise nothing`,
      ...method(quick),
    ],
    columns: ['server', ...columns, '× node:http', '× express'],
    rows: [...results].map(([name, rounds]) => [
      name,
      ...cells(rounds),
      ratio(medianRatio(results, name, BARE)),
      ratio(medianRatio(results, name, 'express')),
    ]),
    conclusions: [
      atLeast(results, alone, BARE, 0.6),
      atLeast(results, drained, BARE, 0.6),
      `${alone} ÷ ${BY_HAND}: ${ratio(medianRatio(results, alone, BY_HAND))}`,
      ...besideQueues(results),
      besideIdle(results),
    ],
  }
}

/** The same where a sync takes several milliseconds, as on disks that are far away. */
export async function durableAcceptOnSlowDisk(quick: boolean): Promise<Section> {
  const sync = slowSyncs()
  try {
    const results = await measure(quick, sync.environment, durableContenders)
    return {
      title: `Inbound: durable accept over HTTP, every sync ${SYNC_DELAY_MS} ms later, ${CONNECTIONS} connections`,
      method: [
        `\`fsync\` and \`fdatasync\` of every process that stores something sleep ${SYNC_DELAY_MS} ms first, by a library in front of the C library`,
        ...method(quick),
      ],
      columns: ['server', ...columns, `× ${OURS.alone}`],
      rows: [...results].map(([name, rounds]) => [
        name,
        ...cells(rounds),
        ratio(medianRatio(results, name, OURS.alone)),
      ]),
      conclusions: [...besideQueues(results), besideIdle(results)],
    }
  } finally {
    sync.dispose()
  }
}

function method(quick: boolean): string[] {
  return [
    'One server at a time, each in its own process and started anew for each round, load generator in another: raw sockets, keep-alive, closed loop, 1 KiB of GitHub-like JSON, signed',
    `${BY_HAND}: a node:http server for this one provider that verifies (HMAC-SHA256), compares ids in a Set, appends to a file with write and fdatasync, many at once, answers 200; no checksum, no recovery, no deliveries`,
    'nodeHttpWebhooks and expressWebhooks on diskBuffer: verify (HMAC-SHA256), deduplicate, append with fdatasync, answer 200; drained: a no-op destination takes the events meanwhile',
    'with SQLite: nodeHttpWebhooks on sqliteBuffer, in a thread of its own, synced at each commit',
    `${QUEUES.bullmq} ${versionOf('bullmq')} on a Redis with appendfsync always, ${QUEUES.pgBoss} ${versionOf('pg-boss')} on a PostgreSQL that syncs each commit, as their documentation shows: node:http verifies (HMAC-SHA256), awaits \`queue.add\` or \`boss.send\` with the delivery's id, answers 200; a worker takes the jobs meanwhile`,
    'CPU: of the server process with all its threads; that of Redis and PostgreSQL is not in it. Delay: p99 of its event loop under load less that of the second before',
    `${quick ? 1 : ROUNDS} interleaved rounds, each after a warm-up of ${timesOf(quick).warmUpMs / 1_000} s; medians of the rounds`,
  ]
}

/** The parts of a round. Until a server has answered some ten thousand requests V8's compiler takes a quarter of its processor time. */
function timesOf(quick: boolean): { readonly warmUpMs: number; readonly idleMs: number; readonly durationMs: number } {
  return quick ? { warmUpMs: 100, idleMs: 50, durationMs: 300 } : { warmUpMs: 4_000, idleMs: 1_000, durationMs: 2_000 }
}

const ROUNDS = 5
const columns = ['requests/s', 'p50 ms', 'p99 ms', 'CPU µs', 'delay ms'] as const

function cells(rounds: readonly Round[]): string[] {
  const of = (figure: (round: Round) => number): number => median(rounds.map(figure))
  return [
    perSecond(of((round) => round.requestsPerSecond)),
    milliseconds(of((round) => round.p50Ms)),
    milliseconds(of((round) => round.p99Ms)),
    microseconds(of((round) => round.cpuUs)),
    milliseconds(of((round) => round.delayMs)),
  ]
}

async function measure(
  quick: boolean,
  environment: Readonly<Record<string, string>>,
  contenders: readonly AcceptContender[],
): Promise<Rounds> {
  const installed = contenders.filter(({ canRun }) => canRun)
  const results = new Map<string, Round[]>(installed.map(({ name }) => [name, []]))
  const generator = startModule('./load-generator.ts', [])
  try {
    await nextMessage(generator)
    const load = (order: Omit<LoadOrder, 'connections' | 'warmUpMs'>): Promise<LoadResult> => {
      generator.send({ ...order, connections: CONNECTIONS, warmUpMs: 0 } satisfies LoadOrder)
      return nextMessage<LoadResult>(generator)
    }
    for (let round = 0; round < (quick ? 1 : ROUNDS); round++)
      for (const { name, start } of installed) results.get(name)?.push(await playRound(await start(environment), load))
    return results
  } finally {
    generator.disconnect()
  }

  async function playRound(
    server: { readonly port: number; report(): Promise<ServerReport>; stop(): Promise<void> },
    load: (order: { readonly port: number; readonly durationMs: number }) => Promise<LoadResult>,
  ): Promise<Round> {
    const { warmUpMs, idleMs, durationMs } = timesOf(quick)
    try {
      const { port } = server
      await load({ port, durationMs: warmUpMs })
      await server.report()
      await setTimeout(idleMs)
      const idle = await server.report()
      const result = await load({ port, durationMs })
      const busy = await server.report()
      const requests = (result.requestsPerSecond * durationMs) / 1_000
      const delayMs = Math.max(0, busy.delayP99Ms - idle.delayP99Ms)
      return { ...result, cpuUs: (busy.cpuMs * 1_000) / requests, delayMs }
    } finally {
      await server.stop()
    }
  }
}

function medianRatio(results: Rounds, name: string, to: string): number {
  const rates = (of: string): number[] => (results.get(of) ?? []).map(({ requestsPerSecond }) => requestsPerSecond)
  return ratioOf(rates(name), rates(to)).median
}

/** Ours beside what is installed of the queues: both take the events meanwhile. */
function besideQueues(results: Rounds): string[] {
  const bars = [
    [QUEUES.bullmq, 2.5],
    [QUEUES.pgBoss, 10],
  ] as const
  return bars.flatMap(([queue, bar]) => (results.has(queue) ? [atLeast(results, OURS.drained, queue, bar)] : []))
}

function atLeast(results: Rounds, name: string, to: string, bar: number): string {
  const value = medianRatio(results, name, to)
  return besideBar(`${name} ÷ ${to}`, ratio(value), `≥ ${bar}`, value >= bar)
}

function besideIdle(results: Rounds): string {
  const worst = Math.max(...[...results.values()].map((rounds) => median(rounds.map(({ delayMs }) => delayMs))))
  const ours = Math.max(
    ...Object.values(OURS).map((name) => median((results.get(name) ?? []).map(({ delayMs }) => delayMs))),
  )
  const what = `Event loop under load, p99 over idle: ours ${milliseconds(ours)} ms, worst of all rows`
  return besideBar(what, `${milliseconds(worst)} ms`, `≤ ${MAX_DELAY_MS} ms`, worst <= MAX_DELAY_MS)
}
