/** What a statement is given: everything else is in its text. */
export type SqlValue = string | number | Uint8Array | null

/** A row, by the names of its columns. None that is asked for has a `_` in it: clients may be set up to give `endsAt` for `ends_at`. */
export type SqlRow = Readonly<Record<string, unknown>>

/** Runs one statement with `$1`, `$2` … and answers with its rows. */
export type SqlQuery = (text: string, values: readonly SqlValue[]) => Promise<readonly SqlRow[]>

/**
 * What the stores need of a client. Whatever else reaches PostgreSQL (Drizzle, Kysely, Knex, a wrapper of your own) is given in this form; the
 * clients of `PostgresLike` are taken as they are. Columns of the type `bytea` have to come back as a `Uint8Array`.
 */
export interface SqlClient<Transaction = unknown> {
  readonly query: SqlQuery
  /** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. */
  readonly transaction: <Result>(
    work: (transaction: Transaction, query: SqlQuery) => Promise<Result>,
  ) => Promise<Result>
}

/** What is used of a connection of pg. */
export interface PgConnectionLike {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[] }>
}

/** What is used of a connection that a `Pool` of pg has lent. */
export interface PgPooledConnectionLike extends PgConnectionLike {
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(error?: Error | boolean): void
}

/** What is used of a `Pool` of pg. */
export interface PgPoolLike extends PgConnectionLike {
  /** Tells a pool from a client. */
  readonly totalCount: number
  connect(): Promise<PgPooledConnectionLike>
}

/** What is used of a `Client` of pg that is connected. */
export interface PgClientLike extends PgConnectionLike {
  /** Tells it from PGlite. */
  escapeIdentifier(text: string): string
}

/** What is used of postgres.js. */
export interface PostgresJsLike {
  unsafe(text: string, values?: never[]): PromiseLike<readonly unknown[]>
  // Called with a function that is given another `sql`. Its type is left open: it has overloads, which match no simpler one.
  readonly begin: (...args: never[]) => unknown
}

/** What is used of PGlite. */
export interface PgliteLike {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
  readonly transaction: (...args: never[]) => unknown
  /** Tells it from a client of another shape. */
  readonly waitReady: Promise<void>
}

/** A client that the application has made, and closes. */
export type PostgresLike = PgPoolLike | PgClientLike | PostgresJsLike | PgliteLike | SqlClient
