import { once } from 'node:events'
import { limitContenders } from './contenders/limit-contenders.ts'
import type { BucketLog } from './limited-server.ts'
import type { LimitResult } from './limits-client.ts'
import { latencyMs, scenarios } from './limits-scenarios.ts'
import { besideBar, ratio, type Section } from './report.ts'
import { nextMessage, startModule } from './server-process.ts'
import { quantile } from './statistics.ts'

const TIME_BAR = 1.1
const OURS = 'createFetch'

/** How do callers fare who together want more than a limit allows? */
export async function callersUnderLimits(quick: boolean): Promise<Section> {
  const server = startModule('./limited-server.ts', [])
  const { port } = await nextMessage<{ readonly port: number }>(server)
  const clients = limitContenders.map(({ name }) =>
    startModule('./limits-client.ts', [name, String(port), quick ? 'quick' : 'full']),
  )
  try {
    await Promise.all(clients.map((client) => nextMessage(client)))
    // A second apart, so that the bursts at the start do not disturb one another.
    const firstStart = Math.ceil(Date.now() / 1_000 + 2) * 1_000
    const results = await Promise.all(
      clients.map(async (client, index) => {
        // Just inside a second of the server's clock. The last ones take longest, so they start first.
        const before = quick ? 0 : limitContenders.length - 1 - index
        client.send({ startAt: firstStart + before * 1_000 + 5 })
        return await nextMessage<readonly LimitResult[]>(client)
      }),
    )
    server.send('report')
    compareLogs(await nextMessage<Readonly<Record<string, BucketLog>>>(server), results)
    return report(results, quick)
  } finally {
    for (const process of [...clients, server]) {
      const ended = once(process, 'exit')
      process.disconnect()
      await ended
    }
  }
}

/** What the clients wrote down must have been seen by the server, which has seen the calls before the start as well. */
function compareLogs(seen: Readonly<Record<string, BucketLog>>, results: readonly (readonly LimitResult[])[]): void {
  for (const figure of ['requests', 'refused'] as const) {
    const bySeen = Object.values(seen).reduce((total, bucket) => total + bucket[figure], 0)
    const bySent = results.flat().reduce((total, result) => total + result[figure], 0)
    if (bySent > bySeen) throw new Error(`${figure}: the server saw ${bySeen}, the clients wrote down ${bySent}`)
  }
}

function report(results: readonly (readonly LimitResult[])[], quick: boolean): Section {
  const rows: string[][] = []
  const conclusions: string[] = []
  scenarios(quick).forEach((scenario, place) => {
    limitContenders.forEach(({ name }, index) => {
      const result = results[index]?.[place]
      if (result === undefined) throw new Error(`${name} was not measured`)
      rows.push(rowOf(name, scenario.name, result))
      if (name.startsWith(OURS)) conclusions.push(...conclusionsOf(name, scenario.name, result))
    })
  })
  return {
    title: 'Limits: callers who want more than is allowed',
    method: [
      `The upstream lets so many requests through in each second of its clock and answers the others with 429 and Retry-After: 1, after ${latencyMs} ms`,
      ...scenarios(quick).map(({ name, note }) => `${name}: ${note}`),
      'Each contender in its own process, under both loads at once; each bucket had one call before; all start at the beginning of a second, each caller sends one request after the other',
      ...limitContenders.map(({ name, note }) => `${name}: ${note}`),
      '429 after: refused though an earlier 429 of the same limit had arrived before it was sent; × minimum: to the least time for what was answered; waits: from call to answer',
    ],
    columns: ['contender', 'load', 'sent', '429', '429 after', 'lost', 'seconds', '× minimum', 'wait p50 s', 'p95 s'],
    rows,
    conclusions,
  }
}

function rowOf(name: string, load: string, result: LimitResult): string[] {
  return [
    name,
    load,
    String(result.requests),
    String(result.refused),
    String(result.refusedKnowingly),
    String(result.lost),
    result.seconds.toFixed(1),
    ratio(result.seconds / result.shortestSeconds),
    quantile(result.waits, 0.5).toFixed(1),
    quantile(result.waits, 0.95).toFixed(1),
  ]
}

function conclusionsOf(name: string, load: string, result: LimitResult): string[] {
  const { refused, refusedKnowingly, lost, seconds, shortestSeconds } = result
  const isForeseen = name.endsWith('declared') || name.endsWith('told')
  const bad = isForeseen ? refused : refusedKnowingly
  const slowness = seconds / shortestSeconds
  return [
    besideBar(
      `${name}, ${load}`,
      `${bad} × 429${isForeseen ? '' : ' after the first'}, ${lost} lost, ${ratio(slowness)} × minimum`,
      `0, 0, ≤ ${TIME_BAR}`,
      bad === 0 && lost === 0 && slowness <= TIME_BAR,
    ),
  ]
}
