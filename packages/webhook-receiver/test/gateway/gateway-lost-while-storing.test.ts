import { fakeClock } from '@holdfast/core/testing'
import { expect, it } from 'vitest'
import type { LogEntry } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { fakeTarget, gatewayFixture } from './gateway-fixture.ts'

it('keeps counting a request that is stored while it asks what is left', async () => {
  const clock = fakeClock()
  const memory = memoryBuffer({ clock })
  const target = fakeTarget()
  const lostOr = (entry: LogEntry): LogEntry => {
    if (entry.kind === 'hole' || new TextDecoder().decode(entry.event.body) !== 'a-1') return entry
    const { partition, position } = entry.event
    return { kind: 'hole', hole: { partition, from: position, to: position, lost: 1 } }
  }
  let appendMs = 0
  let statsMs = 0
  const { gateway, post, quiet } = await gatewayFixture(
    {
      buffer: {
        ...memory,
        append: async (events) => {
          if (appendMs > 0) await clock.sleep(appendMs)
          return memory.append(events)
        },
        // What is lost is done, as far as a buffer can tell; the answer takes its time.
        stats: async () => {
          const { consumers, ...stats } = await memory.stats()
          const left = consumers.map((consumer) => ({ ...consumer, backlog: Math.max(0, consumer.backlog - 1) }))
          if (statsMs > 0) await clock.sleep(statsMs)
          return { ...stats, consumers: left }
        },
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
  statsMs = 100
  appendMs = 50
  gateway.release()
  // Still being stored when the last of the stored ones is delivered.
  const storing = post('a-2')
  await quiet()
  target.answer = () => new Response(null, { status: 503 })
  await clock.advance(50)
  await storing
  await clock.advance(100)
  await quiet()
  // It waits, and what comes later of its key must not pass it.
  expect(gateway.snapshot().backlog).toBeGreaterThan(0)
  await clock.runUntil(gateway.stop())
})
