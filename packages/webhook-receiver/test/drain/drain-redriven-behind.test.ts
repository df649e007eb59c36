import { expect, test } from 'vitest'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { drainFixture, type DrainFixture, event, manualHandler } from './drain-fixture.ts'

const orderingKey: NonNullable<DestinationOptions['orderingKey']> = ({ key }) => key

async function redrive({ consumer, deadLetters, drain, quiet }: DrainFixture, id: string): Promise<void> {
  for (const { event: letter } of await deadLetters())
    if (letter.id === id) expect(await consumer.redrive([letter])).toBe(1)
  await drain.lookAside()
  await quiet()
}

/** A drain with the dead letters a1 and a2 of one key. */
async function twoLetters(options: DestinationOptions) {
  const first = await drainFixture(
    {
      handle: () => {
        throw new Error('no')
      },
      orderingKey,
      maxAttempts: 1,
    },
    [event('a1'), event('a2')],
  )
  first.drain.start()
  await first.drained()
  await first.drain.stop({ timeoutMs: 0 })
  const handler = manualHandler()
  const fixture = await first.again({ handle: handler.handle, orderingKey, ...options })
  fixture.drain.start()
  await fixture.quiet()
  return { ...fixture, fixture, handler }
}

test('a redriven event does not wait for the repeat of a later one that failed', async () => {
  const { fixture, handler, quiet, drain, clock } = await twoLetters({ maxAttempts: 5, baseDelayMs: 60_000 })
  await redrive(fixture, 'a2')
  expect(handler.running).toEqual(['a2'])
  await redrive(fixture, 'a1')
  handler.fail('a2')
  await quiet()
  const now = [...handler.running]
  await clock.advance(60_000)
  expect(now).toEqual(['a1'])
  await drain.stop({ timeoutMs: 0 })
})

test('a redriven event is not blocked by a later one', async () => {
  const { fixture, handler, quiet, drain, clock } = await twoLetters({ maxAttempts: 1, onExhausted: 'blockKey' })
  await redrive(fixture, 'a2')
  expect(handler.running).toEqual(['a2'])
  await redrive(fixture, 'a1')
  handler.fail('a2')
  await quiet()
  await clock.advance(600_000)
  expect(handler.running).toEqual(['a1'])
  await drain.stop({ timeoutMs: 0 })
})
