import { BufferError } from '@holdfast/webhook-receiver'
import { toIntegrationError } from './to-integration-error.ts'

/** What a client threw, as the error of a buffer. Why is in its `cause`. */
export function bufferFailure(error: unknown): BufferError {
  if (error instanceof BufferError) return error
  const cause = toIntegrationError(error)
  if (cause.reason === 'memory') return new BufferError('buffer_full', 'Redis is at its `maxmemory`.', { cause })
  if (cause.reason === 'shutdown') {
    return new BufferError('buffer_failed', 'The client of Redis is closed, or was not connected yet.', { cause })
  }
  return new BufferError('buffer_failed', `Redis did not do what it was asked: ${cause.code} (${cause.reason}).`, {
    cause,
  })
}
