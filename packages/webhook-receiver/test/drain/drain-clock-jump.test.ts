import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

/** A clock whose wall clock can be set, as after a machine has slept. */
function settable(): { readonly clock: FakeClock; jump(byMs: number): void } {
  const clock = fakeClock()
  let offsetMs = 0
  return {
    clock: { ...clock, now: () => clock.now() + offsetMs },
    jump: (byMs) => void (offsetMs += byMs),
  }
}

test('an event whose wait is over by the wall clock, and not by its timer, is at work once', async () => {
  const { clock, jump } = settable()
  const handler = manualHandler()
  const fixture = await drainFixture(
    { handle: handler.handle, orderingKey: ({ key }) => key, maxAttempts: 2 },
    [event('a1'), event('a2'), event('a3')],
    { clock },
  )
  const { drain, quiet, consumer } = fixture
  drain.start()
  await quiet()
  handler.fail('a1')
  await clock.advance(400)
  handler.fail('a1')
  await quiet()
  handler.fail('a2')
  await quiet()
  expect(handler.started).toEqual(['a1', 'a1', 'a2'])

  // a2 waits for its next attempt. The first one is redriven, and the machine has slept.
  jump(3_600_000)
  const [letter] = await fixture.deadLetters()
  expect(letter?.event.id).toBe('a1')
  await consumer.redrive([{ partition: 0, position: letter?.event.position ?? '' }])
  await drain.lookAside()
  await quiet()
  handler.succeed('a1')
  await quiet()
  expect(handler.started).toEqual(['a1', 'a1', 'a2', 'a1', 'a2'])
  // The timer of its wait.
  await clock.advance(1_000)
  expect(handler.started).toEqual(['a1', 'a1', 'a2', 'a1', 'a2'])
  handler.succeed('a2')
  await quiet()
  handler.succeed('a3')
  await quiet()
  expect(drain.snapshot()).toMatchObject({ state: 'idle', inWindow: 0, delivered: 3 })
  await drain.stop({ timeoutMs: 0 })
})
