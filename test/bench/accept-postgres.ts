import { startPostgres } from '../state/postgres-service.ts'
import type { LoadOrder, LoadResult } from './load-generator.ts'
import { besideBar, interval, milliseconds, perSecond, type Section, versionOf } from './report.ts'
import { nextMessage, startModule, startServer } from './server-process.ts'
import { median, ratioOf } from './statistics.ts'

const CONNECTIONS = 64
const BAR = 5

const SERVERS: Readonly<Record<string, string>> = {
  'pg-boss': './pg-boss-server.ts',
  postgresBuffer: './accept-postgres-server.ts',
}

/** What does a durable 200 cost on PostgreSQL, beside a queue on PostgreSQL? */
export async function durableAcceptOnPostgres(quick: boolean): Promise<Section> {
  const rounds = quick ? 1 : 5
  const durations = quick ? { warmUpMs: 100, durationMs: 300 } : { warmUpMs: 6_000, durationMs: 3_000 }
  const generator = startModule('./load-generator.ts', [])
  try {
    await nextMessage(generator)
    const results = new Map<string, LoadResult[]>(Object.keys(SERVERS).map((name) => [name, []]))
    for (let round = 0; round < rounds; round += 1)
      for (const name of results.keys()) results.get(name)?.push(await loadAlone(generator, name, durations))
    return report(results, rounds)
  } finally {
    generator.disconnect()
  }
}

/** Loads one server on a PostgreSQL of its own: what waits to be worked off would be in the way of the other. */
async function loadAlone(
  generator: ReturnType<typeof startModule>,
  name: string,
  durations: Pick<LoadOrder, 'warmUpMs' | 'durationMs'>,
): Promise<LoadResult> {
  const postgres = await startPostgres({ durable: true })
  try {
    const server = await startServer(SERVERS[name] ?? '', String(postgres.port))
    const order: LoadOrder = { port: server.port, connections: CONNECTIONS, ...durations }
    generator.send(order)
    const result = await nextMessage<LoadResult>(generator)
    await server.stop()
    return result
  } finally {
    await postgres.dispose()
  }
}

function report(results: ReadonlyMap<string, readonly LoadResult[]>, rounds: number): Section {
  const rates = (name: string): number[] => (results.get(name) ?? []).map((result) => result.requestsPerSecond)
  const toQueue = (name: string): ReturnType<typeof ratioOf> => ratioOf(rates(name), rates('pg-boss'))
  const ours = toQueue('postgresBuffer')
  return {
    title: `Inbound: durable accept over HTTP on PostgreSQL, ${CONNECTIONS} connections`,
    method: [
      'A PostgreSQL with fsync and synchronous_commit on, one server with a pool of 10 connections and the load generator, each in a process of its own, and nothing else in the meantime: raw sockets, keep-alive, closed loop, 1 KiB of GitHub-like JSON, signed',
      `pg-boss ${versionOf('pg-boss')}: node:http verifies (HMAC-SHA256), awaits \`boss.send\` with the delivery's id as the id of the job, answers 200; a worker that fetches 64 at once takes the jobs meanwhile`,
      'postgresBuffer: nodeHttpWebhooks verifies, deduplicates, appends, answers 200; a destination with 64 at once, ordered by a key, takes the events meanwhile',
      `${rounds} interleaved rounds, each after six seconds of warm-up, in which the compiler gets through with both; latencies: median of the rounds`,
    ],
    columns: ['server', 'requests/s median', 'p50 ms', 'p90 ms', 'p99 ms', '× pg-boss'],
    rows: [...results].map(([name, rows]) => [
      name,
      perSecond(median(rates(name))),
      milliseconds(median(rows.map((row) => row.p50Ms))),
      milliseconds(median(rows.map((row) => row.p90Ms))),
      milliseconds(median(rows.map((row) => row.p99Ms))),
      interval(toQueue(name), 2),
    ]),
    conclusions: [
      besideBar('postgresBuffer beside pg-boss', `${ours.median.toFixed(2)} ×`, `≥ ${BAR}`, ours.median >= BAR),
    ],
  }
}
