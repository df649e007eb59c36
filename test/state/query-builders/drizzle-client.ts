import type { SqlClient, SqlQuery, SqlRow } from '@holdfast/adapters/postgres'
import { type SQL, sql } from 'drizzle-orm'
import type { NodePgDatabase } from 'drizzle-orm/node-postgres'

/** What a transaction of Drizzle on pg is. */
export type DrizzleTransaction = Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0]

/** The client of a buffer on Drizzle. Handlers are given the `tx` of `db.transaction`. */
export function drizzleClient(db: NodePgDatabase): SqlClient<DrizzleTransaction> {
  const queryOn =
    (on: Pick<NodePgDatabase, 'execute'>): SqlQuery =>
    async (text, values) =>
      (await on.execute<SqlRow>(withValues(text, values))).rows
  return {
    query: queryOn(db),
    transaction: (work) => db.transaction((tx) => work(tx, queryOn(tx))),
  }
}

// Drizzle numbers parameters by itself: each `$1` becomes one.
function withValues(text: string, values: readonly unknown[]): SQL {
  const parts = text.split(/\$(\d+)/)
  return sql.join(parts.map((part, index) => (index % 2 === 0 ? sql.raw(part) : sql.param(values[Number(part) - 1]))))
}
