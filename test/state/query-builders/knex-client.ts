import type { SqlClient, SqlQuery, SqlRow } from '@holdfast/adapters/postgres'
import type { Knex } from 'knex'

/** The client of a buffer on Knex with `client: 'pg'`. Handlers are given the `trx` of `knex.transaction`. */
export function knexClient(knex: Knex): SqlClient<Knex.Transaction> {
  const queryOn =
    (on: Knex): SqlQuery =>
    async (text, values) => {
      const bindings: Knex.RawBinding[] = []
      // Knex numbers parameters by itself: each `$1` becomes a `?`.
      const sql = text.replace(/\$(\d+)/g, (_, number: string) => {
        bindings.push(values[Number(number) - 1] as Knex.RawBinding)
        return '?'
      })
      return (await on.raw<{ readonly rows: SqlRow[] }>(sql, bindings)).rows
    }
  return {
    query: queryOn(knex),
    transaction: (work) => knex.transaction((trx) => work(trx, queryOn(trx))),
  }
}
