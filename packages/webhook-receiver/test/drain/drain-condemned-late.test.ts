import { expect, test } from 'vitest'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

test('a late answer about what is beside the log condemns no key that was taken back since', async () => {
  const handler = manualHandler()
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  let calls = 0
  // The second question, that of the first look, is answered late.
  const wrap = (inner: Consumer): Consumer => {
    const { asideMark: _, ...rest } = inner
    return {
      ...rest,
      parkedLanes: async (lease) => {
        const answer = inner.parkedLanes(lease)
        if (++calls === 2) await opened
        return answer
      },
    }
  }
  const { drain, quiet, buffer, consumer, deadLetters } = await drainFixture(
    { handle: handler.handle, orderingKey: ({ key }) => key, maxAttempts: 1, onExhausted: 'deadLetterKey' },
    [event('a1')],
    { wrap },
  )
  drain.start()
  await quiet()
  handler.fail('a1')
  await quiet()
  const early = drain.lookAside()
  await quiet()
  expect(await consumer.redrive((await deadLetters()).map((letter) => letter.event))).toBe(1)
  await drain.lookAside().catch(() => {})
  await quiet()
  handler.succeed('a1')
  await quiet()
  open()
  await early
  await buffer.append([event('a2')])
  await quiet()
  expect(handler.running).toEqual(['a2'])
  await drain.stop({ timeoutMs: 0 })
})
