import { expect, test } from 'vitest'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

test('drained does not wait for a key that is blocked again after something before it was taken back', async () => {
  const first = await drainFixture(
    {
      handle: () => {
        throw new Error('no')
      },
      maxAttempts: 1,
    },
    [event('z')],
  )
  first.drain.start()
  await first.drained()
  await first.drain.stop({ timeoutMs: 0 })
  const handler = manualHandler()
  const { buffer, clock, consumer, drain, deadLetters, heard, quiet } = await first.again({
    handle: handler.handle,
    maxAttempts: 1,
    onExhausted: 'blockKey',
  })
  await buffer.append([event('a'), event('b')])
  drain.start()
  await quiet()
  handler.fail('a')
  await quiet()
  expect(await drain.resumeKey('')).toBe(true)
  await quiet()
  expect(handler.running).toEqual(['a'])
  let isDrained = false
  void drain.drained().then(() => {
    isDrained = true
  })
  for (const { event: letter } of await deadLetters()) await consumer.redrive([letter])
  await drain.lookAside()
  await quiet()
  handler.fail('a')
  await quiet()
  expect(handler.running).toEqual(['z'])
  handler.succeed('z')
  await quiet()
  await clock.advance(60_000)
  expect(handler.running).toEqual([])
  expect(drain.snapshot()).toMatchObject({ blockedKeys: 1, state: 'idle' })
  expect(isDrained).toBe(true)
  void heard
  await drain.stop({ timeoutMs: 0 })
})
