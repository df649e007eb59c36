import { readFileSync } from 'node:fs'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { Pool } from 'pg'
import { account, startPostgres } from '../state/postgres-service.ts'
import { besideBar, microseconds, ratio, type Section } from './report.ts'
import { appendMany, smallEvents } from './small-events.ts'
import { median } from './statistics.ts'

const FILL_BATCH = 5_000
const AT_ONCE = 64
const ROUNDS = 9
const BAR = 1.2
// Of a tick of /proc/<pid>/stat, 100 a second on every Linux.
const TICK_US = 10_000

/** What an append costs while so many events are stored. */
interface Cost {
  readonly stored: number
  /** Processor time of the connections of PostgreSQL, and the time until it was acknowledged, both for one event. */
  readonly serverUs: number
  readonly wallUs: number
  readonly diskBytes: number
}

/** Does an append on PostgreSQL become dearer with what is stored? */
export async function appendsByStoredOnPostgres(quick: boolean): Promise<Section> {
  const steps = quick ? [1_000, 20_000] : [10_000, 100_000, 1_000_000, 5_000_000]
  const perRound = quick ? 1_024 : 6_400
  const costs = await measure(steps, perRound)
  const [first, last] = [costs[0] as Cost, costs.at(-1) as Cost]
  const factor = last.serverUs / first.serverUs
  return {
    title: 'Inbound: cost of an append on PostgreSQL, by what is stored',
    method: [
      'Events of 100 bytes in 16 partitions with their ids, none of them drained; a PostgreSQL with `fsync = off`, whose syncs do not depend on what is stored',
      `${AT_ONCE} events at once, ${perRound.toLocaleString('en-US')} in each of ${ROUNDS} rounds after one that is not counted; medians`,
    ],
    columns: ['events stored', 'µs of PostgreSQL per event', 'µs until acknowledged', 'MiB on the disk', '× the first'],
    rows: costs.map(({ stored, serverUs, wallUs, diskBytes }) => [
      stored.toLocaleString('en-US'),
      microseconds(serverUs),
      microseconds(wallUs),
      String(Math.round(diskBytes / 2 ** 20)),
      ratio(serverUs / first.serverUs),
    ]),
    conclusions: [
      besideBar(
        `${last.stored.toLocaleString('en-US')} against ${first.stored.toLocaleString('en-US')} stored, processor time of PostgreSQL`,
        `${factor.toFixed(2)} ×`,
        `≤ ${BAR}`,
        factor <= BAR,
      ),
    ],
  }
}

async function measure(steps: readonly number[], perRound: number): Promise<Cost[]> {
  const service = await startPostgres()
  const pool = new Pool({ ...account, port: service.port, idleTimeoutMillis: 0 })
  const buffer = postgresBuffer(pool, { name: 'inbox', timeoutMs: 60_000 })
  try {
    await buffer.open()
    await buffer.openConsumer('nobody')
    const nextEvent = smallEvents()
    const costs: Cost[] = []
    let stored = 0
    for (const step of steps) {
      while (stored < step) {
        const count = Math.min(FILL_BATCH, step - stored)
        await buffer.append(Array.from({ length: count }, nextEvent))
        stored += count
      }
      const rounds: (readonly [serverUs: number, wallUs: number])[] = []
      for (let round = 0; round <= ROUNDS; round += 1) {
        const processorBefore = await processorUsOf(pool)
        const startedAt = performance.now()
        for (let sent = 0; sent < perRound; sent += AT_ONCE) await appendMany(buffer, nextEvent, AT_ONCE)
        const wallUs = (performance.now() - startedAt) * 1_000
        if (round > 0) rounds.push([(await processorUsOf(pool)) - processorBefore, wallUs])
      }
      costs.push({
        stored: step,
        serverUs: median(rounds.map(([serverUs]) => serverUs)) / perRound,
        wallUs: median(rounds.map(([, wallUs]) => wallUs)) / perRound,
        diskBytes: await diskBytesOf(pool),
      })
      stored += (ROUNDS + 1) * perRound
    }
    return costs
  } finally {
    await buffer.close()
    await pool.end()
    await service.dispose()
  }
}

/** What the connections have used so far: what is done beside them, such as vacuum and checkpoints, depends on when it begins. */
async function processorUsOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where backend_type = 'client backend'`,
  )
  return rows.map(({ pid }) => ticksOf(pid) * TICK_US).reduce((sum, us) => sum + us, 0)
}

/** User and system time of a process of this machine, whose name, in parentheses, may contain anything. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

async function diskBytesOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(`select pg_database_size(current_database())::text as bytes`)
  return Number(rows[0]?.bytes)
}
