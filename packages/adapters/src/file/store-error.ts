import { IntegrationError } from '@holdfast/core'
import type { SqliteFailure } from '@holdfast/webhook-receiver/sqlite-kit'

const RETRY_AFTER_MS = 1_000
// SQLite's result codes; the upper bits have details.
const SQLITE_BUSY = 5
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_NOTADB = 26
const PRIMARY_CODE = 0xff

/** The store was closed. */
export function closedError(): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'store_closed',
    message: 'The store is closed.',
    phase: 'local',
  })
}

/** The file cannot be used as it is. */
export function unusableError(path: string, why: string, cause?: unknown): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'store_unusable',
    message: `${path} cannot be used as a store: ${why}.`,
    phase: 'local',
    cause,
  })
}

/** The thread of the database ended by itself. The next call starts another one. */
export function threadError(path: string, cause: unknown): IntegrationError {
  return refusal(path, 'store_failed', 'the thread of the database failed', cause)
}

/** What SQLite said, as an error. Whether a call was done all the same is not known where the disk failed. */
export function failureError(path: string, failure: SqliteFailure): IntegrationError {
  const { code, message } = failure
  const cause = Object.assign(new Error(message), { code })
  switch (primaryCode(failure)) {
    case SQLITE_BUSY:
      return refusal(path, 'store_busy', 'another process has been writing for too long', cause)
    case SQLITE_FULL:
      return refusal(path, 'store_full', 'there is no space left', cause)
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return unusableError(path, 'it is damaged. Restore it, or stop all processes that use it and delete it', cause)
    case SQLITE_CANTOPEN:
      return unusableError(path, message, cause)
    default:
      return refusal(path, 'store_failed', message, cause)
  }
}

/** Whether the database has to be opened anew: what it has in memory may differ from the file. */
export function needsReopening(failure: SqliteFailure): boolean {
  const code = primaryCode(failure)
  return code === SQLITE_IOERR || code === SQLITE_CORRUPT || code === SQLITE_NOTADB || code === SQLITE_CANTOPEN
}

function refusal(path: string, reason: string, why: string, cause: unknown): IntegrationError {
  return new IntegrationError({
    code: 'overloaded',
    reason,
    message: `The store ${path} did not do what it was asked: ${why}.`,
    phase: 'local',
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  })
}

function primaryCode({ code }: SqliteFailure): number {
  return (code ?? 0) & PRIMARY_CODE
}
