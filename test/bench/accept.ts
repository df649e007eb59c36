import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoadOrder, LoadResult } from './load-generator.ts'
import { median, ratioOf } from './statistics.ts'
import { milliseconds, perSecond, ratio, type Section, versionOf } from './report.ts'
import { nextMessage, type ServerProcess, startModule, startServer } from './server-process.ts'

const CONNECTIONS = 64
const SERVERS = ['node:http', 'nodeHttpWebhooks', 'with SQLite', 'express', 'expressWebhooks'] as const

/** What does a durable 200 cost beside one that promises nothing? */
export async function durableAccept(quick: boolean): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-accept-'))
  const rounds = quick ? 1 : 5
  const durations = quick ? { warmUpMs: 100, durationMs: 300 } : { warmUpMs: 200, durationMs: 800 }
  const generator = startModule('./load-generator.ts', [])
  const servers = new Map<string, ServerProcess>()
  try {
    await nextMessage(generator)
    for (const name of SERVERS) {
      servers.set(name, await startServer('./accept-server.ts', name, join(directory, name)))
    }
    const results = new Map<string, LoadResult[]>(SERVERS.map((name) => [name, []]))
    for (let round = -1; round < rounds; round += 1) {
      for (const [name, { port }] of servers) {
        const order: LoadOrder = { port, connections: CONNECTIONS, ...durations }
        generator.send(order)
        const result = await nextMessage<LoadResult>(generator)
        if (round >= 0) results.get(name)?.push(result)
      }
    }
    return report(results, rounds)
  } finally {
    generator.disconnect()
    for (const server of servers.values()) await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

function report(results: ReadonlyMap<string, readonly LoadResult[]>, rounds: number): Section {
  const rates = (name: string): number[] => (results.get(name) ?? []).map((result) => result.requestsPerSecond)
  return {
    title: `Inbound: durable accept over HTTP, ${CONNECTIONS} connections`,
    method: [
      'Each server in its own process, load generator in another: raw sockets, keep-alive, closed loop, 1 KiB of GitHub-like JSON, signed',
      `node:http and express ${versionOf('express')}: read the body, answer 200, promise nothing`,
      'nodeHttpWebhooks and expressWebhooks: verify (HMAC-SHA256), deduplicate, append with fdatasync, answer 200; a no-op destination drains meanwhile',
      'with SQLite: nodeHttpWebhooks on sqliteBuffer, in a thread of its own, synced at each commit',
      `${rounds} interleaved rounds after one for warm-up; latencies: median of the rounds`,
    ],
    columns: ['server', 'requests/s median', 'p50 ms', 'p90 ms', 'p99 ms', '× node:http', '× express'],
    rows: [...results].map(([name, rows]) => [
      name,
      perSecond(median(rates(name))),
      milliseconds(median(rows.map((row) => row.p50Ms))),
      milliseconds(median(rows.map((row) => row.p90Ms))),
      milliseconds(median(rows.map((row) => row.p99Ms))),
      ratio(ratioOf(rates(name), rates('node:http')).median),
      ratio(ratioOf(rates(name), rates('express')).median),
    ]),
  }
}
