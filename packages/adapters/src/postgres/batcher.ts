import { setImmediate as nextTurn } from 'node:timers/promises'

/** Asks for many things with one statement: one is under way at a time, and what comes meanwhile shares the next. */
export type Batcher<Question, Answer> = (question: Question) => Promise<Answer>

/** Makes a batcher. `send` answers each of up to `most` questions, or fails for all of them. */
export function createBatcher<Question, Answer>(
  most: number,
  send: (questions: readonly Question[]) => Promise<readonly Answer[]>,
): Batcher<Question, Answer> {
  const waiting: { question: Question; resolve: (answer: Answer) => void; reject: (error: unknown) => void }[] = []
  let sending = false

  const run = async (): Promise<void> => {
    // What comes in the same turn of the event loop goes together.
    await nextTurn()
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      try {
        const answers = await send(batch.map(({ question }) => question))
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    sending = false
  }

  return (question) =>
    new Promise((resolve, reject) => {
      waiting.push({ question, resolve, reject })
      if (sending) return
      sending = true
      void run()
    })
}
