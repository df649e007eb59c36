/**
 * The thread of the database: calls of SQLite are synchronous, and a commit waits for the disk. It is started by `SqliteThread`, and loads nothing but what
 * is in this folder, and how a batch is run.
 */
import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { runSqliteBatch, sqliteFailure } from '../../sqlite-kit/sqlite-batch.ts'
import type { SqliteHello, SqliteRequest, SqliteThreadData } from './sqlite-calls.ts'
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
    say(port, { kind: 'failure', failure: sqliteFailure(error) })
    return
  }
  const store = new SqliteStore(database)
  port.on('message', (message: readonly SqliteRequest[] | 'close') => {
    if (message === 'close') {
      database.close()
      port.close()
      return
    }
    port.postMessage(runSqliteBatch(database, callsOf(store, message)))
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

function callsOf(store: SqliteStore, requests: readonly SqliteRequest[]): (() => unknown)[] {
  return requests.map(
    ({ method, args }) =>
      () =>
        Reflect.apply(store[method] as (...values: readonly unknown[]) => unknown, store, args),
  )
}

/** Makes what is missing, and raises the epoch, which is in `application_id`: a pragma is part of the transaction. */
function prepareTables(database: DatabaseSync): number {
  database.exec('BEGIN IMMEDIATE')
  database.exec(SCHEMA)
  const epoch = numberOf(database, 'PRAGMA application_id') + 1
  database.exec(`PRAGMA application_id = ${epoch}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
  return epoch
}

function numberOf(database: DatabaseSync, sql: string): number {
  const [value] = Object.values(database.prepare(sql).get() ?? {})
  return Number(value ?? 0)
}

function say(port: MessagePort, hello: SqliteHello): void {
  port.postMessage(hello)
}
