import { expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import { drainFixture, event, manualHandler } from './drain-fixture.ts'

/** A drain whose key `one` is blocked by `a`. `isBroken`: the answers of the buffer are lost, though it does what it is asked. */
async function blocked(method: 'commit' | 'parkedLanes', fails: (call: number) => boolean) {
  const handler = manualHandler()
  let calls: number | undefined
  const lose = async <Result>(answer: Promise<Result>): Promise<Result> => {
    const result = await answer
    if (calls !== undefined && fails(calls++)) throw new BufferError('buffer_failed', 'The server did not answer.')
    return result
  }
  const wrap = (inner: Consumer): Consumer =>
    method === 'commit'
      ? { ...inner, commit: (...args) => lose(inner.commit(...args)) }
      : { ...inner, parkedLanes: (lease) => lose(inner.parkedLanes(lease)) }
  const fixture = await drainFixture(
    { handle: handler.handle, orderingKey: ({ key }) => key, maxAttempts: 1, onExhausted: 'blockKey' },
    [event('a'), event('b')],
    { wrap },
  )
  fixture.drain.start()
  await fixture.quiet()
  handler.fail('a')
  await fixture.quiet()
  calls = 0
  return { ...fixture, handler }
}

test.each([
  ['the answer to the resuming', 'commit', (call: number) => call === 0],
  ['what is asked after it', 'parkedLanes', (call: number) => call === 1],
] as const)('a key can be resumed again when %s was lost', async (_, method, fails) => {
  const { drain, quiet, handler } = await blocked(method, fails)
  await expect(drain.resumeKey('one')).rejects.toThrow('did not answer')
  expect(await drain.resumeKey('one')).toBe(true)
  await quiet()
  expect(handler.running).toEqual(['a'])
  await drain.stop({ timeoutMs: 0 })
})
