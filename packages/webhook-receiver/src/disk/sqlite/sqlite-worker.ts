/**
 * The thread of the database: calls of SQLite are synchronous, and a commit waits for the disk. It is started by `SqliteThread`, and loads nothing but what
 * is in this folder.
 */
import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { SqliteFailure, SqliteHello, SqliteOutcome, SqliteRequest, SqliteThreadData } from './sqlite-calls.ts'
import { SCHEMA, SCHEMA_VERSION } from './sqlite-schema.ts'
import { SqliteStore } from './sqlite-store.ts'

const WAL_PAGES_BEFORE_CHECKPOINT = 4_000

if (parentPort !== null) serve(parentPort, workerData as SqliteThreadData)

function serve(port: MessagePort, { path }: SqliteThreadData): void {
  let database: DatabaseSync
  try {
    database = openDatabase(path)
    const version = numberOf(database, 'PRAGMA user_version')
    if (version > SCHEMA_VERSION) {
      database.close()
      say(port, { kind: 'newer', version })
      return
    }
    say(port, { kind: 'open', epoch: prepareTables(database) })
  } catch (error) {
    say(port, { kind: 'failure', failure: failureOf(error) })
    return
  }
  const store = new SqliteStore(database)
  port.on('message', (message: readonly SqliteRequest[] | 'close') => {
    if (message === 'close') {
      database.close()
      port.close()
      return
    }
    port.postMessage(runBatch(database, store, message))
  })
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  // The lock is taken with the first write and kept: one process, one thread.
  database.exec(`
    PRAGMA busy_timeout = 0;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = ${WAL_PAGES_BEFORE_CHECKPOINT};
  `)
  return database
}

/** Makes what is missing, and raises the epoch, which is in `application_id`: a pragma is part of the transaction. */
function prepareTables(database: DatabaseSync): number {
  database.exec('BEGIN IMMEDIATE')
  database.exec(SCHEMA)
  const epoch = numberOf(database, 'PRAGMA application_id') + 1
  database.exec(`PRAGMA application_id = ${epoch}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
  return epoch
}

/** Everything that waited, in one transaction: one sync for all. A call that fails takes nothing else with it. */
function runBatch(database: DatabaseSync, store: SqliteStore, requests: readonly SqliteRequest[]): SqliteOutcome[] {
  try {
    database.exec('BEGIN IMMEDIATE')
    const outcomes = requests.map((request) => runOne(database, store, request))
    database.exec('COMMIT')
    return outcomes
  } catch (error) {
    rollBack(database)
    const failure = failureOf(error)
    return requests.map((): SqliteOutcome => ({ kind: 'failure', failure }))
  }
}

function runOne(database: DatabaseSync, store: SqliteStore, { method, args }: SqliteRequest): SqliteOutcome {
  database.exec('SAVEPOINT call')
  try {
    const value: unknown = Reflect.apply(store[method] as (...values: readonly unknown[]) => unknown, store, args)
    database.exec('RELEASE call')
    return { kind: 'value', value }
  } catch (error) {
    try {
      database.exec('ROLLBACK TO call; RELEASE call')
    } catch {
      // A full disk may have ended the whole transaction: then all of it failed.
      throw error
    }
    return { kind: 'failure', failure: failureOf(error) }
  }
}

/** Ends the transaction, where there still is one: `isTransaction` is younger than Node 22.13. */
function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // The failure has ended it.
  }
}

function numberOf(database: DatabaseSync, sql: string): number {
  const [value] = Object.values(database.prepare(sql).get() ?? {})
  return Number(value ?? 0)
}

function failureOf(error: unknown): SqliteFailure {
  const code = (error as { readonly errcode?: unknown }).errcode
  return {
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === 'number' ? code : undefined,
  }
}

function say(port: MessagePort, hello: SqliteHello): void {
  port.postMessage(hello)
}
