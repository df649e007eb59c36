import type { DeadLetter } from '@holdfast/webhook-receiver'
import { letterOf } from './set-aside.ts'
import type { SqlQuery } from './sql-client.ts'

// Few enough that large ones do not hold much memory.
const AT_ONCE = 32

/** The dead letters of a consumer, oldest first. They are read as they are asked for. */
export async function* readDeadLetters(query: SqlQuery, schema: string, consumer: number): AsyncIterable<DeadLetter> {
  let last: readonly [at: number, part: number, seq: string] = [-Infinity, -1, '0']
  for (;;) {
    const rows = await query(
      `select part, seq::text as seq, at, lane, redrives, why::text as why, meta, body
       from ${schema}.dead_letter
       where consumer = $1::int and (at, part, seq) > ($2::text::float8, $3::int, $4::text::bigint)
       order by dead_letter.at, dead_letter.part, dead_letter.seq limit ${AT_ONCE}`,
      [consumer, String(last[0]), last[1], last[2]],
    )
    for (const row of rows) {
      last = [Number(row.at), Number(row.part), String(row.seq)]
      yield letterOf(row)
    }
    if (rows.length < AT_ONCE) return
  }
}
