import { startRedis } from '../state/redis-service.ts'
import type { LoadOrder, LoadResult } from './load-generator.ts'
import { besideBar, milliseconds, perSecond, ratio, type Section, versionOf } from './report.ts'
import { nextMessage, startModule, startServer } from './server-process.ts'
import { median, ratioOf } from './statistics.ts'

const CONNECTIONS = 64
const BAR = 1.5
const SERVERS = ['bullmq', 'redisBuffer'] as const

/** What does a durable 200 cost on Redis, beside a queue on Redis? */
export async function durableAcceptOnRedis(quick: boolean): Promise<Section> {
  const rounds = quick ? 1 : 5
  const durations = quick ? { warmUpMs: 100, durationMs: 300 } : { warmUpMs: 1_000, durationMs: 3_000 }
  const generator = startModule('./load-generator.ts', [])
  try {
    await nextMessage(generator)
    const results = new Map<string, LoadResult[]>(SERVERS.map((name) => [name, []]))
    for (let round = 0; round < rounds; round += 1)
      for (const name of SERVERS) results.get(name)?.push(await loadAlone(generator, name, durations))
    return report(results, rounds)
  } finally {
    generator.disconnect()
  }
}

/** Loads one server on a Redis of its own: what waits to be worked off would be in the way of the other. */
async function loadAlone(
  generator: ReturnType<typeof startModule>,
  name: string,
  durations: Pick<LoadOrder, 'warmUpMs' | 'durationMs'>,
): Promise<LoadResult> {
  const redis = await startRedis({ durable: true })
  try {
    const server = await startServer('./accept-redis-server.ts', name, String(redis.port))
    const order: LoadOrder = { port: server.port, connections: CONNECTIONS, ...durations }
    generator.send(order)
    const result = await nextMessage<LoadResult>(generator)
    await server.stop()
    return result
  } finally {
    await redis.dispose()
  }
}

function report(results: ReadonlyMap<string, readonly LoadResult[]>, rounds: number): Section {
  const rates = (name: string): number[] => (results.get(name) ?? []).map((result) => result.requestsPerSecond)
  const speed = ratioOf(rates('redisBuffer'), rates('bullmq')).median
  return {
    title: `Inbound: durable accept over HTTP on Redis, ${CONNECTIONS} connections`,
    method: [
      `A Redis with appendfsync always, one server and the load generator, each in a process of its own, and nothing else in the meantime: raw sockets, keep-alive, closed loop, 1 KiB of GitHub-like JSON, signed`,
      `bullmq ${versionOf('bullmq')}: node:http verifies (HMAC-SHA256), awaits \`queue.add\` with the delivery's id as \`jobId\`, answers 200; a worker with 64 at once takes the jobs meanwhile`,
      'redisBuffer: nodeHttpWebhooks verifies, deduplicates, appends, answers 200; a destination with 64 at once, ordered by a key, takes the events meanwhile',
      `${rounds} interleaved rounds, each after a second of warm-up; latencies: median of the rounds`,
    ],
    columns: ['server', 'requests/s median', 'p50 ms', 'p90 ms', 'p99 ms', '× bullmq'],
    rows: [...results].map(([name, rows]) => [
      name,
      perSecond(median(rates(name))),
      milliseconds(median(rows.map((row) => row.p50Ms))),
      milliseconds(median(rows.map((row) => row.p90Ms))),
      milliseconds(median(rows.map((row) => row.p99Ms))),
      ratio(ratioOf(rates(name), rates('bullmq')).median),
    ]),
    conclusions: [besideBar('redisBuffer', `${speed.toFixed(2)} × bullmq`, `≥ ${BAR}`, speed >= BAR)],
  }
}
