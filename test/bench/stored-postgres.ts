import { readFileSync } from 'node:fs'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { Pool } from 'pg'
import { account, startPostgres } from '../state/postgres-service.ts'
import type { Section } from './report.ts'
import { storedCost, type StoringServer } from './stored-cost.ts'

// Of a tick of /proc/<pid>/stat, 100 a second on every Linux.
const TICK_US = 10_000

/** Does an append on PostgreSQL become dearer with what is stored? */
export function appendsByStoredOnPostgres(quick: boolean): Promise<Section> {
  return storedCost(
    {
      server: 'PostgreSQL',
      setup: 'a PostgreSQL with `fsync = off`, whose syncs do not depend on what is stored',
      bytesColumn: 'MiB on the disk',
      steps: [10_000, 100_000, 1_000_000, 5_000_000],
      start,
    },
    quick,
  )
}

async function start(): Promise<StoringServer> {
  const service = await startPostgres()
  const pool = new Pool({ ...account, port: service.port, idleTimeoutMillis: 0 })
  const buffer = postgresBuffer(pool, { name: 'inbox', timeoutMs: 60_000 })
  await buffer.open()
  await buffer.openConsumer('nobody')
  return {
    buffer,
    processorUs: () => processorUsOf(pool),
    bytes: () => diskBytesOf(pool),
    async dispose() {
      await buffer.close()
      await pool.end()
      await service.dispose()
    },
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
