import type { Lease } from '@holdfast/webhook-receiver'
import { type Batcher, createBatcher } from './batcher.ts'
import { multirangeOf } from './cursor.ts'
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
    const leases = new Map<string, { readonly lease: Lease; readonly seqs: number[] }>()
    for (const { lease, seqs } of commits) {
      const known = leases.get(nameOf(lease))
      if (known === undefined) leases.set(nameOf(lease), { lease, seqs: [...seqs] })
      else known.seqs.push(...seqs)
    }
    const items = [...leases.values()]
    const [row] = await query(
      `select ${schema}.commit_done($1::int, $2::text::int[], $3::text::bigint[], $4::text::int8multirange[]) as held`,
      [
        consumer(),
        `{${items.map(({ lease }) => lease.partition).join(',')}}`,
        `{${items.map(({ lease }) => lease.epoch).join(',')}}`,
        `{${items.map(({ seqs }) => `"${multirangeOf(seqs)}"`).join(',')}}`,
      ],
    )
    // Their places, from 1.
    const places = new Set(String(row?.held).split(','))
    const held = new Set(items.filter((_, index) => places.has(String(index + 1))).map(({ lease }) => nameOf(lease)))
    return commits.map(({ lease }) => held.has(nameOf(lease)))
  })
}

function nameOf({ partition, epoch }: Lease): string {
  return `${partition}:${epoch}`
}
