import { BufferError } from '@holdfast/webhook-receiver'
import { sqlStateOf } from './transient.ts'

/** What a client threw, as the error of a buffer. Why is in its `cause`; of what the server said only the code is in the message. */
export function bufferFailure(error: unknown): BufferError {
  if (error instanceof BufferError) return error
  const code = sqlStateOf(error)
  if (code === undefined) return failed('PostgreSQL did not do what it was asked.', error)
  if (code === '53100') {
    return new BufferError('buffer_full', 'The disk of PostgreSQL is full.', { retryAfterMs: 5_000, cause: error })
  }
  const unusable = unusableFor[code]
  if (unusable !== undefined) return new BufferError('buffer_unusable', `${unusable} (${code}).`, { cause: error })
  return failed(`PostgreSQL ${isOfSystem(code) ? 'was not reached' : 'did not do what it was asked'}: ${code}.`, error)
}

const missing =
  'PostgreSQL has not all that the buffer needs: run what `postgresMigrations()` prints, with the same `schema`, or leave `migrate: false` out'
const forbidden =
  'The role of PostgreSQL may not do what the buffer needs: to make its tables `create` on the database, else `usage` on the schema, ' +
  '`execute` on its functions and `select, insert, update, delete` on its tables'

/** What no repeat helps against, by SQLSTATE: no such schema, table, function or column; a right that the role has not. */
const unusableFor: Readonly<Record<string, string>> = {
  '3F000': missing,
  '42P01': missing,
  '42883': missing,
  '42703': missing,
  '42501': forbidden,
}

/** Whether a code is the system's, such as ECONNREFUSED, and no SQLSTATE, which has five characters. */
function isOfSystem(code: string): boolean {
  return /^E[A-Z_]{4,}$/.test(code)
}

function failed(message: string, cause: unknown): BufferError {
  return new BufferError('buffer_failed', message, { retryAfterMs: 1_000, cause })
}
