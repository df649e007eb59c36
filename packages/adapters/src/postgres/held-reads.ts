import type { Lease } from '@holdfast/webhook-receiver'
import { type Batcher, createBatcher } from './batcher.ts'
import type { SqlQuery, SqlRow } from './sql-client.ts'

/** What of a partition is read. */
export interface HeldRead {
  readonly lease: Lease
  /** Number of the event behind which it begins. */
  readonly after: number
  readonly limit: number
  readonly maxBytes: number
}

// Partitions that one statement reads, and what it may bring in all.
const READS = 64
const READ_BYTES = 8 * 1024 * 1024

/** Makes what reads the partitions of a consumer, several with one statement. Answers with rows, `undefined` where the lease is lost. */
export function createHeldReads(
  query: SqlQuery,
  schema: string,
  consumer: () => number,
  buffer: number,
): Batcher<HeldRead, readonly SqlRow[] | undefined> {
  return createBatcher(READS, async (reads) => {
    const wanted = reads.map(({ lease, after, limit, maxBytes }, n) => ({
      n,
      part: lease.partition,
      epoch: lease.epoch,
      // As text: what is no number is refused.
      after: String(after),
      most: limit,
      max_bytes: Math.min(maxBytes, READ_BYTES / reads.length),
    }))
    const rows = await query(`select n, held, seq, meta, body from ${schema}.read_held($1::int, $2::int, $3::text)`, [
      consumer(),
      buffer,
      JSON.stringify(wanted),
    ])
    const answers: (SqlRow[] | undefined)[] = reads.map(() => [])
    for (const row of rows) {
      const n = Number(row.n)
      if (row.held === 1) answers[n]?.push(row)
      else answers[n] = undefined
    }
    return answers
  })
}
