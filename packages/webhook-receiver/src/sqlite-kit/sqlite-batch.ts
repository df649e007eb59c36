/** What is used of a database of `node:sqlite`, `bun:sqlite` or better-sqlite3. */
export interface SqliteLike {
  exec(sql: string): unknown
}

/** Why a call failed. It can be cloned, so that it can go from one thread to another. */
export interface SqliteFailure {
  readonly message: string
  /** SQLite's result code, where it has one. */
  readonly code: number | undefined
}

/** What became of a call. */
export type SqliteOutcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failure'; readonly failure: SqliteFailure }

/**
 * Runs calls in one transaction: one sync for all. A call that fails takes nothing else with it. Synchronous.
 *
 * @param begin - What begins the transaction; `BEGIN` where all calls only read.
 */
export function runSqliteBatch(
  database: SqliteLike,
  calls: readonly (() => unknown)[],
  begin = 'BEGIN IMMEDIATE',
): SqliteOutcome[] {
  try {
    database.exec(begin)
    const outcomes = calls.map((call) => runOne(database, call))
    database.exec('COMMIT')
    return outcomes
  } catch (error) {
    rollBack(database)
    const failure = sqliteFailure(error)
    return calls.map((): SqliteOutcome => ({ kind: 'failure', failure }))
  }
}

/** What SQLite threw, as something that can be cloned. */
export function sqliteFailure(error: unknown): SqliteFailure {
  const code = (error as { readonly errcode?: unknown }).errcode
  return {
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === 'number' ? code : undefined,
  }
}

function runOne(database: SqliteLike, call: () => unknown): SqliteOutcome {
  database.exec('SAVEPOINT call')
  try {
    const value = call()
    database.exec('RELEASE call')
    return { kind: 'value', value }
  } catch (error) {
    try {
      database.exec('ROLLBACK TO call; RELEASE call')
    } catch {
      // A full disk may have ended the whole transaction: then all of it failed.
      throw error
    }
    return { kind: 'failure', failure: sqliteFailure(error) }
  }
}

/** Ends the transaction, where there still is one: `isTransaction` is younger than Node 22.13. */
function rollBack(database: SqliteLike): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // The failure has ended it.
  }
}
