/**
 * The thread of a database: calls of SQLite are synchronous, wait for other processes, and a commit waits for the disk. It is started by `WorkerLink`, and
 * loads nothing but what is in this folder, and how a batch is run.
 */
import { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { runSqliteBatch, sqliteFailure, type SqliteOutcome } from '@holdfast/webhook-receiver/sqlite-kit'
import { EffectTable } from './effect-table.ts'
import { StateTable } from './state-table.ts'
import type { StoreHello, StoreRequest, StoreThreadData } from './store-calls.ts'
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
    const isSynced = message.some(({ method }) => data.synced.includes(method))
    port.postMessage(runBatch(database, table, message, isSynced))
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
      const failure = sqliteFailure(error)
      const isBusy = ((failure.code ?? 0) & PRIMARY_CODE) === SQLITE_BUSY
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

function runBatch(
  database: DatabaseSync,
  table: Table,
  requests: readonly StoreRequest[],
  isSynced: boolean,
): SqliteOutcome[] {
  const isRead = requests.every(({ method }) => READS.has(method))
  const begin = `PRAGMA synchronous = ${isSynced ? 'FULL' : 'NORMAL'}; BEGIN ${isRead ? '' : 'IMMEDIATE'}`
  const calls = requests.map(({ method, args }) => () => {
    const run = Reflect.get(table, method) as (...values: readonly unknown[]) => unknown
    return Reflect.apply(run, table, args)
  })
  return runSqliteBatch(database, calls, begin)
}

function versionOf(database: DatabaseSync): number {
  return Number(Object.values(database.prepare('PRAGMA user_version').get() ?? {})[0] ?? 0)
}
