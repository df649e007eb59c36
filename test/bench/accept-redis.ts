import { startRedis } from '../state/redis-service.ts'
import type { LoadOrder, LoadResult } from './load-generator.ts'
import { besideBar, interval, milliseconds, perSecond, type Section, versionOf } from './report.ts'
import { nextMessage, startModule, startServer } from './server-process.ts'
import { median, ratioOf } from './statistics.ts'

const CONNECTIONS = 64
const BAR = 1.5
const SERVERS = ['bullmq', 'redisBuffer'] as const
const MODES = ['idle', 'drained'] as const

type Mode = (typeof MODES)[number]
/** The results of the rounds by server and mode. */
type Results = ReadonlyMap<string, readonly LoadResult[]>

/** What does a durable 200 cost on Redis, beside a queue on Redis? */
export async function durableAcceptOnRedis(quick: boolean): Promise<Section> {
  const rounds = quick ? 1 : 5
  const durations = quick ? { warmUpMs: 100, durationMs: 300 } : { warmUpMs: 6_000, durationMs: 3_000 }
  const generator = startModule('./load-generator.ts', [])
  try {
    await nextMessage(generator)
    const results = new Map<string, readonly LoadResult[]>()
    for (let round = 0; round < rounds; round += 1)
      for (const mode of MODES)
        for (const server of SERVERS) {
          const row = rowOf(server, mode)
          const result = await loadAlone(generator, [server, mode], durations)
          results.set(row, [...(results.get(row) ?? []), result])
        }
    return report(results, rounds)
  } finally {
    generator.disconnect()
  }
}

/** Loads one server on a Redis of its own: what waits to be worked off would be in the way of the other. */
async function loadAlone(
  generator: ReturnType<typeof startModule>,
  [name, mode]: readonly [string, Mode],
  durations: Pick<LoadOrder, 'warmUpMs' | 'durationMs'>,
): Promise<LoadResult> {
  const redis = await startRedis({ durable: true })
  try {
    const server = await startServer('./accept-redis-server.ts', name, String(redis.port), mode)
    const order: LoadOrder = { port: server.port, connections: CONNECTIONS, ...durations }
    generator.send(order)
    const result = await nextMessage<LoadResult>(generator)
    await server.stop()
    return result
  } finally {
    await redis.dispose()
  }
}

function rowOf(server: string, mode: Mode): string {
  return mode === 'drained' ? `${server}, drained` : server
}

function report(results: Results, rounds: number): Section {
  const rates = (row: string): number[] => (results.get(row) ?? []).map((result) => result.requestsPerSecond)
  const toQueue = (row: string): ReturnType<typeof ratioOf> =>
    ratioOf(rates(row), rates(row.replace('redisBuffer', 'bullmq')))
  return {
    title: `Inbound: durable accept over HTTP on Redis, ${CONNECTIONS} connections`,
    method: [
      `A Redis with appendfsync always, one server and the load generator, each in a process of its own, and nothing else in the meantime: raw sockets, keep-alive, closed loop, 1 KiB of GitHub-like JSON, signed`,
      `bullmq ${versionOf('bullmq')}: node:http verifies (HMAC-SHA256), awaits \`queue.add\` with the delivery's id as \`jobId\`, answers 200; drained: a worker with 64 at once takes the jobs meanwhile`,
      'redisBuffer: nodeHttpWebhooks verifies, deduplicates, appends, answers 200; drained: a destination with 64 at once, ordered by a key, takes the events meanwhile',
      `${rounds} interleaved rounds, each after six seconds of warm-up, in which the compiler gets through with both; latencies: median of the rounds; × bullmq: of the row alike`,
    ],
    columns: ['server', 'requests/s median', 'p50 ms', 'p90 ms', 'p99 ms', '× bullmq'],
    rows: [...results].map(([row, measured]) => [
      row,
      perSecond(median(rates(row))),
      milliseconds(median(measured.map(({ p50Ms }) => p50Ms))),
      milliseconds(median(measured.map(({ p90Ms }) => p90Ms))),
      milliseconds(median(measured.map(({ p99Ms }) => p99Ms))),
      interval(toQueue(row), 2),
    ]),
    conclusions: MODES.map((mode) => {
      const row = rowOf('redisBuffer', mode)
      const speed = toQueue(row).median
      return besideBar(row, `${speed.toFixed(2)} × bullmq`, `≥ ${BAR}`, speed >= BAR)
    }),
  }
}
