import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** Rows of each kind that one change removes at most when their time is over: more than it can add, so that they cannot pile up. */
const REMOVED_AT_ONCE = 4
const PAGES_FREED_AT_ONCE = 256

/** What both databases have: the time, numbers that only rise, and an end to everything that is over. Synchronous; the caller puts transactions around it. */
export abstract class Table {
  /** Version of the tables. A higher one is refused. */
  static readonly version = 1
  readonly #database: DatabaseSync
  readonly #statements: Map<string, StatementSync> = new Map()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Makes what is missing. */
  create(): void {
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS counter (last INTEGER NOT NULL); INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter)',
    )
    this.#database.exec(this.schema)
  }

  protected abstract readonly schema: string

  /** The machine's time, ms since the epoch. */
  protected now(): number {
    return Math.round(this.row<{ now: number }>("SELECT unixepoch('subsec') * 1000 AS now")?.now ?? 0)
  }

  /** A number greater than all before, also than those of a file that was lost: no less than the time in microseconds. */
  protected nextNumber(now: number): number {
    const sql = 'UPDATE counter SET last = MAX(last + 1, CAST(? AS INTEGER)) RETURNING last'
    return this.row<{ last: number }>(sql, now * 1_000)?.last ?? 0
  }

  /** Removes some of what is over. */
  protected sweep(table: string, now: number): void {
    const removed = this.change(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ends_at <= ? LIMIT ${REMOVED_AT_ONCE})`,
      now,
    )
    if (removed < REMOVED_AT_ONCE) return
    const pages = (name: string): number => Number(Object.values(this.row<object>(`PRAGMA ${name}`) ?? {})[0])
    // Free pages are used again; given back are those of a rush that is over.
    if (pages('freelist_count') > Math.max(PAGES_FREED_AT_ONCE, pages('page_count') / 2))
      this.#database.exec(`PRAGMA incremental_vacuum(${PAGES_FREED_AT_ONCE})`)
  }

  protected row<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined
  }

  /** The number of rows that were changed. */
  protected change(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  #prepared(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
