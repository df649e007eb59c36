import { fakeClock } from '@holdfast/core/testing'
import { expect, it } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { fakeTarget, gatewayFixture } from './gateway-fixture.ts'

/** A buffer on a server whose answers to acks are lost for as long as the test says so: they are written, and the calls reject. */
function losingAcks(memory: EventBuffer): { readonly buffer: EventBuffer; isLosing: boolean } {
  const subject = {
    isLosing: true,
    buffer: {
      ...memory,
      async openConsumer(name, options) {
        const consumer = await memory.openConsumer(name, options)
        return {
          ...consumer,
          async commit(lease, delta) {
            await consumer.commit(lease, delta)
            if (subject.isLosing) throw new BufferError('buffer_failed', 'The server did not answer within 10000 ms.')
          },
        }
      },
    } satisfies EventBuffer,
  }
  return subject
}

it('counts no request any more that was done before it was held, although nobody heard of it', async () => {
  const clock = fakeClock()
  const target = fakeTarget()
  const subject = losingAcks(memoryBuffer({ clock }))
  const { gateway, post, quiet } = await gatewayFixture({ buffer: subject.buffer }, target, clock)
  gateway.hold()
  await post('a-1')
  gateway.release()
  await quiet()
  expect(target.taken).toEqual(['a-1'])
  gateway.hold()
  await clock.advance(60_000)
  subject.isLosing = false
  gateway.release()
  await quiet()
  await clock.advance(60_000)
  expect(gateway.snapshot()).toMatchObject({ mode: 'proxy', backlog: 0 })
  await post('a-2')
  expect(target.taken).toEqual(['a-1', 'a-2'])
  await gateway.stop()
})
