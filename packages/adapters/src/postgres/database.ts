import { connect } from './connect.ts'
import { postgresMigrations, SCHEMA_VERSION } from './migrations.ts'
import type { PostgresLike, SqlClient, SqlQuery } from './sql-client.ts'
import { isTransient } from './transient.ts'

/** A database with the tables of the stores. */
export interface Database {
  /** Runs one statement, which can be run again when the server broke it off in favour of another one. */
  readonly query: SqlQuery
  readonly transaction: SqlClient['transaction']
  /** Has everything there that the stores need. Happens by itself before the first statement. */
  prepare(): Promise<void>
}

// Of two processes that store at once without a pause the same one may be late a few times in a row.
const MAX_TRIES = 20

/** Makes a database of a client. With `migrate` the tables are made where they are missing. */
export function createDatabase(client: PostgresLike, schema: string, migrate: boolean): Database {
  const connection = connect(client)
  let prepared: Promise<void> | undefined

  const isComplete = async (): Promise<boolean> => {
    const table = await connection.query(
      `select 1 from pg_tables where schemaname = $1::text and tablename = 'migration'`,
      [schema],
    )
    if (table.length === 0) return false
    const [row] = await connection.query(`select max(version)::int as version from ${schema}.migration`, [])
    return Number(row?.version) >= SCHEMA_VERSION
  }

  const prepare = (): Promise<void> => {
    prepared ??= (async () => {
      if (!migrate || (await isComplete())) return
      try {
        await connection.query(postgresMigrations({ schema }), [])
      } catch (error) {
        // Where transactions are serializable by default, somebody else's may have come in between.
        if (!(await isComplete())) throw error
      }
    })().catch((error: unknown) => {
      // The next one tries again.
      prepared = undefined
      throw error
    })
    return prepared
  }

  return {
    prepare,
    async query(text, values) {
      await prepare()
      for (let tries = 1; ; tries++) {
        try {
          return await connection.query(text, values)
        } catch (error) {
          if (tries >= MAX_TRIES || !isTransient(error)) throw error
        }
      }
    },
    async transaction(work) {
      await prepare()
      return connection.transaction(work)
    },
  }
}
