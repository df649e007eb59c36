import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { AsideRow, ConsumerRow, EventRow, LaneRow, NewRow, RetryRow, SqliteCalls } from './sqlite-calls.ts'

type Kind = 'parked' | 'dead'

const ASIDE = 'seq, lane, redrives, attempts, next_at AS nextAt, failure'
const ASIDE_EVENT = `aside.seq, lane, redrives, attempts, next_at AS nextAt, failure, meta, body`
// Small, so that deleting does not keep what is waiting behind it for long.
const DELETED_AT_ONCE = 2_000
const FREED_PAGES_AT_ONCE = 2_000

/** The buffer in a database. Synchronous: it lives in a thread of its own, and the caller puts transactions around it. */
export class SqliteStore implements SqliteCalls {
  readonly #database: DatabaseSync
  readonly #statements: Map<string, StatementSync> = new Map()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  append(rows: readonly NewRow[], now: number, windowMs: number): { seq: number; isNew: boolean }[] {
    return rows.map(({ identity, receivedAt, meta, body }) => {
      const known = this.#get<{ seq: number; storedAt: number }>(
        'SELECT seq, stored_at AS storedAt FROM ids WHERE identity = ?',
        identity,
      )
      if (known !== undefined && now - known.storedAt < windowMs) return { seq: known.seq, isNew: false }
      // Node 22 takes no bytes at all for NULL.
      const sql = "INSERT INTO events (received_at, stored_at, meta, body) VALUES (?, ?, ?, COALESCE(?, x''))"
      const { lastInsertRowid } = this.#run(sql, receivedAt, now, meta, body)
      const seq = Number(lastInsertRowid)
      if (windowMs > 0) this.#run('INSERT OR REPLACE INTO ids VALUES (?, ?, ?)', identity, seq, now)
      return { seq, isNew: true }
    })
  }

  read(after: number, limit: number, maxBytes: number): EventRow[] {
    return this.#upTo<EventRow>(
      maxBytes,
      'SELECT seq, meta, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?',
      after,
      limit,
    )
  }

  seqBefore(at: number): number {
    const first = this.#get<{ seq: number | null }>('SELECT MIN(seq) AS seq FROM events WHERE received_at >= ?', at)
    return first?.seq == null ? this.lastSeq() : first.seq - 1
  }

  lastSeq(): number {
    return this.#get<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?.seq ?? 0
  }

  openConsumer(name: string, from: 'earliest' | 'latest'): void {
    const first = this.#get<{ seq: number | null }>('SELECT MIN(seq) AS seq FROM events')?.seq
    const low = from === 'latest' || first == null ? this.lastSeq() : first - 1
    this.#run('INSERT OR IGNORE INTO consumers VALUES (?, ?)', name, from === 'latest' ? this.lastSeq() : low)
  }

  removeConsumer(name: string): void {
    for (const table of ['done', 'retries', 'aside']) this.#run(`DELETE FROM ${table} WHERE consumer = ?`, name)
    this.#run('DELETE FROM consumers WHERE name = ?', name)
  }

  load(name: string): { low: number; done: number[]; retries: RetryRow[] } {
    return {
      low: this.#lowOf(name),
      done: this.#all<{ seq: number }>('SELECT seq FROM done WHERE consumer = ? ORDER BY seq', name).map(
        ({ seq }) => seq,
      ),
      retries: this.#all<RetryRow>(
        'SELECT seq, attempts, next_at AS nextAt FROM retries WHERE consumer = ? ORDER BY seq',
        name,
      ),
    }
  }

  commit(name: string, done: readonly number[], retries: readonly RetryRow[]): void {
    for (const { seq, attempts, nextAt } of retries) {
      const { changes } = this.#run(
        "UPDATE aside SET attempts = ?, next_at = ?, failure = NULL WHERE consumer = ? AND kind = 'parked' AND seq = ?",
        attempts,
        nextAt,
        name,
        seq,
      )
      if (changes === 0 && !this.#isDone(name, seq))
        this.#run('INSERT OR REPLACE INTO retries VALUES (?, ?, ?, ?)', name, seq, attempts, nextAt)
    }
    this.#finish(
      name,
      done.filter((seq) => !this.#take(name, 'parked', seq)),
    )
  }

  park(name: string, rows: readonly AsideRow[]): void {
    for (const row of rows) {
      if (!this.#isAside(name, 'parked', row.seq) && this.#isDone(name, row.seq)) continue
      this.#put(name, 'parked', row)
      this.#finish(name, [row.seq])
    }
  }

  bury(name: string, rows: readonly AsideRow[]): void {
    for (const row of rows) {
      if (!this.#take(name, 'parked', row.seq) && this.#isDone(name, row.seq)) continue
      this.#put(name, 'dead', row)
      this.#finish(name, [row.seq])
    }
  }

  parkedLanes(name: string): LaneRow[] {
    const lanes = this.#all<{ lane: string; events: number; bytes: number; first: number }>(
      `SELECT lane, COUNT(*) AS events, SUM(LENGTH(body)) AS bytes, MIN(aside.seq) AS first
       FROM aside JOIN events USING (seq) WHERE consumer = ? AND kind = 'parked' GROUP BY lane`,
      name,
    )
    return lanes.map(({ lane, events, bytes, first }) => {
      const head = this.#get<AsideRow>(
        `SELECT ${ASIDE} FROM aside WHERE consumer = ? AND kind = 'parked' AND seq = ?`,
        name,
        first,
      )
      if (head === undefined) throw new Error('A lane without events is no lane.')
      return { lane, events, bytes, head }
    })
  }

  readParked(name: string, lane: string, limit: number, maxBytes: number): (AsideRow & EventRow)[] {
    return this.#upTo<AsideRow & EventRow>(
      maxBytes,
      `SELECT ${ASIDE_EVENT} FROM aside JOIN events USING (seq)
       WHERE consumer = ? AND kind = 'parked' AND lane = ? ORDER BY aside.seq LIMIT ?`,
      name,
      lane,
      limit,
    )
  }

  readDead(name: string, after: number, limit: number): (AsideRow & EventRow & { place: number })[] {
    return this.#all<AsideRow & EventRow & { place: number }>(
      `SELECT ${ASIDE_EVENT}, place FROM aside JOIN events USING (seq)
       WHERE consumer = ? AND kind = 'dead' AND place > ? ORDER BY place LIMIT ?`,
      name,
      after,
      limit,
    )
  }

  deadLanes(name: string): string[] {
    const rows = this.#all<{ lane: string }>(
      "SELECT DISTINCT lane FROM aside WHERE consumer = ? AND kind = 'dead'",
      name,
    )
    return rows.map(({ lane }) => lane)
  }

  redrive(name: string, seqs: readonly number[]): number {
    const sql = `UPDATE OR REPLACE aside SET kind = 'parked', redrives = redrives + 1, attempts = 0, next_at = 0, failure = NULL
      WHERE consumer = ? AND kind = 'dead' AND seq = ?`
    return seqs.reduce((count, seq) => count + Number(this.#run(sql, name, seq).changes), 0)
  }

  purge(name: string, seqs: readonly number[]): number {
    return seqs.filter((seq) => this.#take(name, 'dead', seq)).length
  }

  stats(): { events: number; bytes: number; consumers: ConsumerRow[] } {
    const counted = this.#get<{ events: number; bytes: number | null }>(
      'SELECT COUNT(*) AS events, SUM(LENGTH(body)) AS bytes FROM events',
    )
    const consumers = this.#all<{ name: string; low: number }>('SELECT name, low FROM consumers ORDER BY name')
    return {
      events: counted?.events ?? 0,
      bytes: counted?.bytes ?? 0,
      consumers: consumers.map(({ name, low }) => {
        const parked = this.#count("FROM aside WHERE consumer = ? AND kind = 'parked'", name)
        return {
          name,
          parked,
          dead: this.#count("FROM aside WHERE consumer = ? AND kind = 'dead'", name),
          backlog: this.lastSeq() - low - this.#count('FROM done WHERE consumer = ?', name) + parked,
        }
      }),
    }
  }

  tidy(now: number, windowMs: number, minAgeMs: number): void {
    this.#run('DELETE FROM ids WHERE stored_at <= ?', now - windowMs)
    const low = this.#get<{ low: number | null }>('SELECT MIN(low) AS low FROM consumers')?.low
    if (low == null) return
    this.#run(
      `DELETE FROM events WHERE seq IN (
         SELECT seq FROM events WHERE seq <= ? AND stored_at <= ?
         AND NOT EXISTS (SELECT 1 FROM aside WHERE aside.seq = events.seq) ORDER BY seq LIMIT ?)`,
      low,
      now - minAgeMs,
      DELETED_AT_ONCE,
    )
    this.#database.exec(`PRAGMA incremental_vacuum(${FREED_PAGES_AT_ONCE})`)
  }

  /** Marks events done, and moves the low-water mark over everything that is. */
  #finish(name: string, seqs: readonly number[]): void {
    if (seqs.length === 0) return
    for (const seq of seqs) {
      this.#run('DELETE FROM retries WHERE consumer = ? AND seq = ?', name, seq)
      if (seq > this.#lowOf(name)) this.#run('INSERT OR IGNORE INTO done VALUES (?, ?)', name, seq)
    }
    const before = this.#lowOf(name)
    let low = before
    while (this.#run('DELETE FROM done WHERE consumer = ? AND seq = ?', name, low + 1).changes === 1) low++
    if (low > before) this.#run('UPDATE consumers SET low = ? WHERE name = ?', low, name)
  }

  #put(name: string, kind: Kind, { seq, lane, redrives, attempts, nextAt, failure }: AsideRow): void {
    this.#run(
      `INSERT INTO aside (consumer, kind, seq, lane, redrives, attempts, next_at, failure) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (consumer, kind, seq) DO UPDATE SET
         lane = excluded.lane, redrives = excluded.redrives, attempts = excluded.attempts,
         next_at = excluded.next_at, failure = excluded.failure`,
      name,
      kind,
      seq,
      lane,
      redrives,
      attempts,
      nextAt,
      failure,
    )
  }

  /** False: it was not there. */
  #take(name: string, kind: Kind, seq: number): boolean {
    return this.#run('DELETE FROM aside WHERE consumer = ? AND kind = ? AND seq = ?', name, kind, seq).changes === 1
  }

  #isAside(name: string, kind: Kind, seq: number): boolean {
    return this.#count('FROM aside WHERE consumer = ? AND kind = ? AND seq = ?', name, kind, seq) === 1
  }

  #isDone(name: string, seq: number): boolean {
    return seq <= this.#lowOf(name) || this.#count('FROM done WHERE consumer = ? AND seq = ?', name, seq) === 1
  }

  #lowOf(name: string): number {
    return this.#get<{ low: number }>('SELECT low FROM consumers WHERE name = ?', name)?.low ?? 0
  }

  #count(where: string, ...values: SQLInputValue[]): number {
    return this.#get<{ count: number }>(`SELECT COUNT(*) AS count ${where}`, ...values)?.count ?? 0
  }

  /** The first rows, up to the one that reaches `maxBytes` of bodies. */
  #upTo<Row extends EventRow>(maxBytes: number, sql: string, ...values: SQLInputValue[]): Row[] {
    const rows: Row[] = []
    let bytes = 0
    for (const row of this.#prepared(sql).iterate(...values) as Iterable<Row>) {
      rows.push(row)
      bytes += row.body.length
      if (bytes >= maxBytes) break
    }
    return rows
  }

  #all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[]
  }

  #get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined
  }

  #run(sql: string, ...values: SQLInputValue[]): ReturnType<StatementSync['run']> {
    return this.#prepared(sql).run(...values)
  }

  #prepared(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
