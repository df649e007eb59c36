import { fakeClock } from '@holdfast/core/testing'
import { expect, it } from 'vitest'
import type { LogEntry } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { fakeTarget, gatewayFixture } from './gateway-fixture.ts'

it('lets a key go on of which a stored request was lost', async () => {
  const clock = fakeClock()
  const memory = memoryBuffer({ clock })
  const target = fakeTarget()
  const lostOr = (entry: LogEntry): LogEntry => {
    if (entry.kind === 'hole' || new TextDecoder().decode(entry.event.body) !== 'a-1') return entry
    const { partition, position } = entry.event
    return { kind: 'hole', hole: { partition, from: position, to: position, lost: 1 } }
  }
  const { gateway, post, quiet } = await gatewayFixture(
    {
      buffer: {
        ...memory,
        // What is lost is done, as far as a buffer can tell.
        stats: async () => ({
          ...(await memory.stats()),
          consumers: [{ name: 'gateway', backlog: 0, parked: 0, deadLetters: 0 }],
        }),
        async openConsumer(name, options) {
          const consumer = await memory.openConsumer(name, options)
          return { ...consumer, read: async (...args) => (await consumer.read(...args)).map(lostOr) }
        },
      },
    },
    target,
    clock,
  )
  gateway.hold()
  await post('a-1')
  await post('b-1')
  gateway.release()
  await quiet()
  await clock.advance(60_000)
  await post('a-2')
  await quiet()
  expect(target.taken).toEqual(['b-1', 'a-2'])
  expect(gateway.snapshot()).toMatchObject({ mode: 'proxy', backlog: 0 })
  await gateway.stop()
})
