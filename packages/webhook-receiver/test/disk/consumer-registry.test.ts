import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { Consumer, EventBuffer } from '../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

const LATE_MS = 2_000

async function within<Result>(work: Promise<Result>): Promise<Result | 'still waits'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'still waits'>((resolve) => {
    timer = setTimeout(() => resolve('still waits'), LATE_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Registers `late` in the turn in which something is done to a file of this kind. */
function registersDuring(fileSystem: MemoryFileSystem, buffer: EventBuffer, path: string): Promise<Consumer> {
  return new Promise((resolve, reject) => {
    fileSystem.fault = (operation, at) => {
      if (operation !== 'datasync' || !at.endsWith(path)) return undefined
      fileSystem.fault = undefined
      buffer.openConsumer('late').then(resolve, reject)
      return undefined
    }
  })
}

describe('a consumer that is registered while the housekeeper', () => {
  test('makes cursors durable to delete segments does not wait for ever', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096, clock })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const results = []
    for (let number = 1; number <= 40; number++) results.push(...(await buffer.append([numberedEvent(number, 500)])))
    await consumer.commit(lease, { done: results.map(({ position }) => position) })
    const late = registersDuring(fileSystem, buffer, '/cur/c.ack')
    await clock.advance(1000)
    expect(await within(late)).toMatchObject({ name: 'late' })
    expect(await within(buffer.stats())).toMatchObject({ events: expect.any(Number) as number })
    expect(await within(buffer.close())).toBeUndefined()
  })

  test('gives back the space of what was parked does not wait for ever', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096, clock })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    await buffer.append(Array.from({ length: 9 }, (_, index) => numberedEvent(index + 1, 900)))
    const entries = await consumer.read(lease, null, { limit: 99, maxBytes: 1e9, waitMs: 0 })
    const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    await consumer.park(
      lease,
      events.map((event) => ({ event, lane: 'l', redrives: 0, attempts: 1, nextAt: 0 })),
    )
    await consumer.commit(lease, { done: events.map(({ position }) => position) })
    const late = registersDuring(fileSystem, buffer, '/park/c/gone.ack')
    await clock.advance(1000)
    expect(await within(late)).toMatchObject({ name: 'late' })
    expect(await within(buffer.close())).toBeUndefined()
  })
})
