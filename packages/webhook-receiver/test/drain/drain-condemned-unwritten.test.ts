import { expect, test } from 'vitest'
import { breakable } from './breakable-consumer.ts'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

test('no newer event of a condemned key passes one that is not yet among the dead letters, once what condemned it was redriven', async () => {
  const handler = manualHandler()
  const { broken, wrap } = breakable()
  const options = {
    handle: handler.handle,
    orderingKey: ({ key }: { readonly key?: string | undefined }) => key,
    maxAttempts: 1,
    onExhausted: 'deadLetterKey',
  } as const
  const { clock, drain, quiet, buffer, consumer, deadLetters } = await drainFixture(options, [event('a1')], { wrap })
  drain.start()
  await quiet()
  handler.fail('a1')
  await quiet()
  const [letter] = await deadLetters()
  broken.add('deadLetter')
  await buffer.append([event('a2')])
  await quiet()
  expect(await consumer.redrive(letter === undefined ? [] : [letter.event])).toBe(1)
  await drain.lookAside()
  await quiet()
  handler.succeed('a1')
  await quiet()
  await buffer.append([event('a3')])
  await quiet()
  broken.clear()
  await clock.advance(60_000)
  expect(handler.started).toEqual(['a1', 'a1'])
  expect((await deadLetters()).map(({ event: { id } }) => id)).toEqual(['a2', 'a3'])
  await drain.stop({ timeoutMs: 0 })
})
