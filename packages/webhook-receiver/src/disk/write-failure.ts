import { BufferError } from '../buffer/buffer-error.ts'
import { errorCodeOf, isNoSpace } from './file-io.ts'

const RETRY_AFTER_MS = 1_000

/** Too much waits to be written already. */
export function overloaded(queuedBytes: number): BufferError {
  return new BufferError('buffer_overloaded', `${queuedBytes} bytes wait to be written.`, {
    retryAfterMs: RETRY_AFTER_MS,
  })
}

/** The ids of what was stored are not written as fast as events come. */
export function idsBehind(): BufferError {
  return new BufferError('buffer_overloaded', 'The ids of what is stored are not written as fast as events come.', {
    retryAfterMs: RETRY_AFTER_MS,
  })
}

/** What callers are told when a write failed: `buffer_full` when there is no space, `buffer_failed` otherwise. */
export function writeRefusal(error: unknown, message: string): BufferError {
  if (error instanceof BufferError) return error
  if (isNoSpace(error))
    return new BufferError('buffer_full', `${message} No space is left.`, {
      retryAfterMs: RETRY_AFTER_MS,
      cause: error,
    })
  const code = errorCodeOf(error)
  return new BufferError('buffer_failed', code === undefined ? message : `${message} (${code})`, {
    retryAfterMs: RETRY_AFTER_MS,
    cause: error,
  })
}

/**
 * Whether an error counts against the device. Out of space, out of descriptors or without permission does not: that is for people to mend,
 * and mending it is enough.
 */
export function isDeviceFailure(error: unknown): boolean {
  if (error instanceof BufferError || isNoSpace(error)) return false
  const code = errorCodeOf(error)
  return code !== 'EMFILE' && code !== 'ENFILE' && code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS'
}
