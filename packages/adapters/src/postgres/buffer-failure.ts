import { BufferError } from '@holdfast/webhook-receiver'
import { sqlStateOf } from './transient.ts'

/** What a client threw, as the error of a buffer. Why is in its `cause`; of what the server said only the SQLSTATE is in the message. */
export function bufferFailure(error: unknown): BufferError {
  if (error instanceof BufferError) return error
  const state = sqlStateOf(error)
  if (state === '53100')
    return new BufferError('buffer_full', 'The disk of PostgreSQL is full.', { retryAfterMs: 5_000, cause: error })
  return new BufferError(
    'buffer_failed',
    `PostgreSQL did not do what it was asked${state === undefined ? '' : `: ${state}`}.`,
    { retryAfterMs: 1_000, cause: error },
  )
}
