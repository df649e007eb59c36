import type { Lease } from '@holdfast/webhook-receiver'
import { type Batcher, createBatcher } from './batcher.ts'
import type { SqlQuery } from './sql-client.ts'

/** Events of a partition that are done. */
export interface HeldCommit {
  readonly lease: Lease
  readonly seqs: readonly number[]
}

// Partitions that one statement moves the cursors of.
const COMMITS = 64

/** Makes what moves the cursors of a consumer, several with one statement. Answers whether the lease was held. */
export function createHeldCommits(
  query: SqlQuery,
  schema: string,
  consumer: () => number,
): Batcher<HeldCommit, boolean> {
  return createBatcher(COMMITS, async (commits) => {
    const items = commits.map(({ lease, seqs }, n) => ({ n, part: lease.partition, epoch: lease.epoch, seqs }))
    const rows = await query(`select commit_done as n from ${schema}.commit_done($1::int, $2::text)`, [
      consumer(),
      JSON.stringify(items),
    ])
    const lost = new Set(rows.map(({ n }) => Number(n)))
    return commits.map((_, n) => !lost.has(n))
  })
}
