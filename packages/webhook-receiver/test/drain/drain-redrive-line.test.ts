import { expect, test } from 'vitest'
import { drainFixture, event } from './drain-fixture.ts'

test('what was redriven keeps its turn while more is redriven', async () => {
  const first = await drainFixture(
    {
      handle: () => {
        throw new Error('no')
      },
      orderingKey: ({ key }) => key,
      maxAttempts: 1,
    },
    Array.from({ length: 20 }, (_, index) => event(`d${index}`, `d${index}`)),
  )
  first.drain.start()
  await first.drained()
  await first.drain.stop({ timeoutMs: 0 })
  const taken: string[] = []
  const { buffer, clock, consumer, drain, deadLetters, quiet } = await first.again({
    handle: ({ id }) => void taken.push(id),
    orderingKey: ({ key }) => key,
    ratePerSecond: 1,
  })
  // A line of twenty other keys, to which one a second comes.
  await buffer.append(Array.from({ length: 20 }, (_, index) => event(`n${index}`, `n${index}`)))
  drain.start()
  await quiet()
  const letters = await deadLetters()
  let next = 20
  for (let second = 0; second < 90; second++) {
    if (second % 5 === 0) {
      const letter = letters[second / 5]
      if (letter !== undefined) await consumer.redrive([letter.event])
      await drain.lookAside()
    }
    await buffer.append([event(`n${next}`, `n${next}`)])
    next++
    await clock.advance(1_000)
  }
  expect(taken).toContain('d0')
  await drain.stop({ timeoutMs: 0 })
})
