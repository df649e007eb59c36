import { setImmediate as nextTurn } from 'node:timers/promises'
import { createAppendQueue } from '@holdfast/webhook-receiver/buffer-kit'

/** Asks for many things with one statement: one is under way at a time, and what comes meanwhile shares the next. */
export type Batcher<Question, Answer> = (question: Question) => Promise<Answer>

/** Makes a batcher. `send` answers each of up to `most` questions, or fails for all of them. */
export function createBatcher<Question, Answer>(
  most: number,
  send: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): Batcher<Question, Answer> {
  const queue = createAppendQueue<{ readonly question: Question; readonly bytes: number }, Answer>({
    maxBatchBytes: most,
    nextTurn,
    send: (items) => send(items.map(({ question }) => question)),
  })
  return async (question) => {
    const [answer] = await queue.add([{ question, bytes: 1 }])
    return answer as Answer
  }
}
