import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'

const RETRY_AFTER_MS = 1_000

/**
 * What a server answers, within `timeoutMs`: clients wait for one that is away, some of them without end. What was asked goes on, and may be done.
 *
 * @param server - Who is asked, as the message says it.
 * @throws BufferError `buffer_failed` when the time is over.
 */
export function answerInTime<Answer>(
  answer: Promise<Answer>,
  { clock, timeoutMs, server }: { readonly clock: Clock; readonly timeoutMs: number; readonly server: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      reject(
        new BufferError('buffer_failed', `${server} did not answer within ${timeoutMs} ms.`, {
          retryAfterMs: RETRY_AFTER_MS,
        }),
      )
    const cancel = clock.schedule(timeoutMs, late, { background: true })
    answer.then(resolve, reject).finally(cancel)
  })
}
