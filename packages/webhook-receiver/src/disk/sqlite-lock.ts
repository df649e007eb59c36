import { type FileLock, LockHeldError } from './file-system.ts'

// SQLite's result code for a database that somebody else has locked.
const SQLITE_BUSY = 5

type Sqlite = typeof import('node:sqlite')

/**
 * Takes a kernel lock on a private database file. Node has no `flock`; SQLite's exclusive transaction is a record lock that
 * the kernel drops on any death of the process, and SQLite's own table of open files also refuses a second opener in
 * the same process, be it on another thread. Nothing is ever written to the database, and its journal is in memory: on a disk that is full to the last
 * byte the lock can be had, too.
 *
 * @throws LockHeldError at once when somebody else has it.
 */
export async function lockWithSqlite(path: string): Promise<FileLock> {
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path)
  try {
    database.exec(
      'PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE',
    )
  } catch (error) {
    database.close()
    if ((error as { readonly errcode?: unknown }).errcode === SQLITE_BUSY)
      throw new LockHeldError('The lock is held by somebody else.', { cause: error })
    throw error
  }
  return {
    release: async () => database.close(),
  }
}

/**
 * Node 22 announces with a warning on stderr that the module is experimental, when it is first loaded. That is nothing the
 * application can act upon, so just this warning is held back, and only for the length of the synchronous call:
 * no other code runs while `emitWarning` is replaced, and no handler is installed.
 */
function loadSqlite(): Sqlite {
  const emitWarning: unknown = Reflect.get(process, 'emitWarning')
  let sqlite: Sqlite | undefined
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]): void => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).includes('SQLite')) return
    Reflect.apply(emitWarning as () => void, process, [warning, ...rest])
  }) as typeof process.emitWarning
  try {
    sqlite = process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning as typeof process.emitWarning
  }
  if (sqlite === undefined) throw new Error('The disk buffer needs node:sqlite for its lock: Node 22.13 or newer.')
  return sqlite
}
