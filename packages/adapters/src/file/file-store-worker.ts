/**
 * The thread of a database: calls of SQLite are synchronous, wait for other processes, and a commit waits for the disk. It is started by `WorkerLink`, and
 * loads nothing but what is in this folder.
 */
import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { EffectTable } from './effect-table.ts'
import { StateTable } from './state-table.ts'
import type { StoreFailure, StoreHello, StoreOutcome, StoreRequest, StoreThreadData } from './store-calls.ts'
import { Table } from './table.ts'

/** How long one waits for another process that writes. */
const BUSY_TIMEOUT_MS = 2_000
const OPEN_ATTEMPTS = 40
const OPEN_PAUSE_MS = 50
const SQLITE_BUSY = 5
const PRIMARY_CODE = 0xff
/** Calls that change nothing. */
const READS: ReadonlySet<string> = new Set(['get'])

if (parentPort !== null) serve(parentPort, workerData as StoreThreadData)

function serve(port: MessagePort, data: StoreThreadData): void {
  const opened = openPatiently(data)
  port.postMessage(opened.hello)
  const { database, table } = opened
  if (database === undefined || table === undefined) return
  port.on('message', (message: readonly StoreRequest[] | 'close') => {
    if (message === 'close') {
      database.close()
      port.close()
      return
    }
    port.postMessage(runBatch(database, table, message, data.synced))
  })
}

interface Opened {
  readonly hello: StoreHello
  readonly database?: DatabaseSync
  readonly table?: Table
}

/** Several processes may make the file at once, and SQLite does not wait for another one that does. */
function openPatiently(data: StoreThreadData): Opened {
  for (let attempt = 1; ; attempt++) {
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(data.path)
      return open(database, data)
    } catch (error) {
      database?.close()
      const failure = failureOf(error)
      const isBusy = (failure.code & PRIMARY_CODE) === SQLITE_BUSY
      if (!isBusy || attempt === OPEN_ATTEMPTS) return { hello: { kind: 'failure', failure } }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPEN_PAUSE_MS)
    }
  }
}

function open(database: DatabaseSync, { content }: StoreThreadData): Opened {
  database.exec(`
    PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
  `)
  const table = content === 'effects' ? new EffectTable(database) : new StateTable(database)
  const version = versionOf(database)
  if (version > Table.version) {
    database.close()
    return { hello: { kind: 'newer', version } }
  }
  if (version < Table.version) {
    database.exec('BEGIN IMMEDIATE')
    table.create()
    database.exec(`PRAGMA user_version = ${Table.version}; COMMIT`)
  }
  return { hello: { kind: 'open' }, database, table }
}

/** Everything that waited, in one transaction: one sync for all. A call that fails takes nothing else with it. */
function runBatch(
  database: DatabaseSync,
  table: Table,
  requests: readonly StoreRequest[],
  synced: readonly string[],
): StoreOutcome[] {
  try {
    const isSynced = requests.some(({ method }) => synced.includes(method))
    database.exec(`PRAGMA synchronous = ${isSynced ? 'FULL' : 'NORMAL'}`)
    database.exec(requests.every(({ method }) => READS.has(method)) ? 'BEGIN' : 'BEGIN IMMEDIATE')
    const outcomes = requests.map((request) => runOne(database, table, request))
    database.exec('COMMIT')
    return outcomes
  } catch (error) {
    rollBack(database)
    const failure = failureOf(error)
    return requests.map((): StoreOutcome => ({ kind: 'failure', failure }))
  }
}

function runOne(database: DatabaseSync, table: Table, { method, args }: StoreRequest): StoreOutcome {
  database.exec('SAVEPOINT call')
  try {
    const run = Reflect.get(table, method) as (...values: readonly unknown[]) => unknown
    const value: unknown = Reflect.apply(run, table, args)
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

function versionOf(database: DatabaseSync): number {
  return Number(Object.values(database.prepare('PRAGMA user_version').get() ?? {})[0] ?? 0)
}

function failureOf(error: unknown): StoreFailure {
  const code = (error as { readonly errcode?: unknown }).errcode
  return {
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === 'number' ? code : 0,
  }
}
