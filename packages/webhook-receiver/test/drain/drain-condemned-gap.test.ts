import { expect, test } from 'vitest'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

/** Holds up the calls of one method, but for the first `free` ones, until it is opened. */
function gate(method: 'parkedLanes' | 'deadLetter', free: number) {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  let calls = 0
  const pass = async (): Promise<void> => {
    calls += 1
    if (calls > free) await opened
  }
  const wrap = (inner: Consumer): Consumer =>
    method === 'parkedLanes'
      ? { ...inner, parkedLanes: async (lease) => (await pass(), inner.parkedLanes(lease)) }
      : { ...inner, deadLetter: async (...args) => (await pass(), inner.deadLetter(...args)) }
  return { open: () => open(), wrap }
}

const options = (handle: DestinationOptions['handle'] & {}): DestinationOptions => ({
  handle,
  orderingKey: ({ key }) => key,
  maxAttempts: 1,
  onExhausted: 'deadLetterKey',
})

test('no newer event of a condemned key passes one that was redriven, while the drain still asks for it', async () => {
  const handler = manualHandler()
  // The first one is that of the start.
  const { open, wrap } = gate('parkedLanes', 1)
  const { drain, quiet, buffer, consumer, deadLetters } = await drainFixture(options(handler.handle), [event('a1')], {
    wrap,
  })
  drain.start()
  await quiet()
  handler.fail('a1')
  await quiet()
  expect(await consumer.redrive((await deadLetters()).map((letter) => letter.event))).toBe(1)
  const looked = drain.lookAside()
  await quiet()
  await buffer.append([event('a2')])
  await quiet()
  open()
  await looked
  await quiet()
  expect(handler.started).toEqual(['a1', 'a1'])
  await drain.stop({ timeoutMs: 0 })
})

test('a key whose events were still being given up when its first one was redriven stays condemned', async () => {
  const handler = manualHandler()
  const { open, wrap } = gate('deadLetter', 1)
  const { drain, quiet, buffer, consumer, deadLetters } = await drainFixture(
    options(handler.handle),
    [event('a1'), event('a2'), event('a3')],
    { wrap },
  )
  drain.start()
  await quiet()
  handler.fail('a1')
  await quiet()
  // a1 is written, and a2 and a3 are not.
  expect((await deadLetters()).map((letter) => letter.event.id)).toEqual(['a1'])
  await consumer.redrive((await deadLetters()).map((letter) => letter.event))
  await drain.lookAside()
  open()
  await quiet()
  handler.succeed('a1')
  await quiet()
  await buffer.append([event('a4')])
  await quiet()
  expect(handler.started).toEqual(['a1', 'a1'])
  expect((await deadLetters()).map((letter) => letter.event.id)).toEqual(['a2', 'a3', 'a4'])
  await drain.stop({ timeoutMs: 0 })
})
