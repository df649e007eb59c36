import type { Lease } from '@holdfast/webhook-receiver'
import { type Batcher, createBatcher } from './batcher.ts'
import type { SqlQuery } from './sql-client.ts'

// Partitions that one statement looks at.
const MARKS = 64

/** Makes what asks for the marks of what is set aside, several with one statement. Answers with `undefined` where the lease is lost. */
export function createHeldMarks(
  query: SqlQuery,
  schema: string,
  consumer: () => number,
): Batcher<Lease, string | undefined> {
  return createBatcher(MARKS, async (leases) => {
    const items = leases.map(({ partition, epoch }, n) => ({ n, part: partition, epoch }))
    const rows = await query(`select n, held, mark from ${schema}.aside_marks($1::int, $2::text)`, [
      consumer(),
      JSON.stringify(items),
    ])
    const marks: (string | undefined)[] = leases.map(() => undefined)
    for (const { n, held, mark } of rows) if (held === 1) marks[Number(n)] = String(mark)
    return marks
  })
}
