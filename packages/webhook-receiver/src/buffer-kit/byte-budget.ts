import { BufferError } from '../buffer/buffer-error.ts'

const RETRY_AFTER_MS = 1_000

/** What waits for the answer of a server. */
export interface ByteBudget {
  /**
   * Counts what is about to wait. Whatever its size it is taken while nothing waits.
   *
   * @throws BufferError `buffer_overloaded` when more would wait than may.
   */
  take(bytes: number): void
  /** Counts what does not wait any more: its outcome is known, also where nobody has waited for it to the end. */
  giveBack(bytes: number): void
}

/** Makes a budget of `maxBytes`. `server` is who is waited for, as messages say it. */
export function createByteBudget(maxBytes: number, server: string): ByteBudget {
  let waiting = 0
  return {
    take(bytes) {
      if (waiting > 0 && waiting + bytes > maxBytes)
        throw new BufferError('buffer_overloaded', `${waiting} bytes wait for ${server}; no more are taken.`, {
          retryAfterMs: RETRY_AFTER_MS,
        })
      waiting += bytes
    },
    giveBack(bytes) {
      waiting -= bytes
    },
  }
}
