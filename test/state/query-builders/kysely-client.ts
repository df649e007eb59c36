import type { SqlClient, SqlQuery, SqlRow } from '@holdfast/adapters/postgres'
import { CompiledQuery, type Kysely, type Transaction } from 'kysely'

/** The client of a buffer on Kysely. Handlers are given the `trx` of `db.transaction()`. */
export function kyselyClient<Database>(db: Kysely<Database>): SqlClient<Transaction<Database>> {
  const queryOn =
    (on: Kysely<Database>): SqlQuery =>
    async (text, values) =>
      (await on.executeQuery<SqlRow>(CompiledQuery.raw(text, [...values]))).rows
  return {
    query: queryOn(db),
    transaction: (work) => db.transaction().execute((trx) => work(trx, queryOn(trx))),
  }
}
