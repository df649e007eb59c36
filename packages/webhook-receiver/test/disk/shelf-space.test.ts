import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { EventBuffer, StoredEvent } from '../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

const SEGMENT_BYTES = 16_384

/** Appends events, and gives them as the consumer reads them. */
async function moreEvents(buffer: EventBuffer, from: number, count: number): Promise<StoredEvent[]> {
  const results = await buffer.append(Array.from({ length: count }, (_, index) => numberedEvent(from + index, 1000)))
  const before = Number.parseInt(results[0]?.position ?? '', 16) - 1
  const after = before === 0 ? null : before.toString(16).padStart(16, '0')
  const entries = await buffer.read(0, after, { limit: count, maxBytes: 1e9 })
  return entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
}

describe('what was set aside', () => {
  const why = { attempts: 1, at: 1, message: 'no' }

  test.each(['park', 'dlq'] as const)(
    'gives its space in %s back when it is gone, also after a restart',
    async (folder) => {
      const fileSystem = new MemoryFileSystem()
      const clock = fakeClock()
      const open = (files: MemoryFileSystem): EventBuffer =>
        memoryDiskBuffer(files, { clock, segmentBytes: SEGMENT_BYTES })
      const buffer = open(fileSystem)
      await buffer.open()
      const { consumer, lease } = await consumerOf(buffer)
      const segments = (files: MemoryFileSystem): number => files.paths(`${DIRECTORY}/${folder}/c/seg`).length
      let kept: StoredEvent | undefined
      for (let round = 0; round < 5; round++) {
        const events = await moreEvents(buffer, round * 60 + 1, 60)
        if (folder === 'park') {
          await consumer.park(
            lease,
            events.map((event) => ({ event, lane: 'a', redrives: 0, attempts: 1, nextAt: 0 })),
          )
          await consumer.commit(lease, {
            done: events.slice(0, round === 4 ? -1 : undefined).map(({ position }) => position),
          })
        } else {
          await consumer.deadLetter(
            lease,
            events.map((event) => ({ event, lane: 'a', redrives: 0, why })),
          )
          await consumer.purge(events.slice(0, round === 4 ? -1 : undefined))
        }
        kept = events.at(-1)
      }
      expect(segments(fileSystem)).toBeGreaterThan(4)
      await clock.advance(1000)
      await clock.advance(1000)
      expect(segments(fileSystem)).toBeLessThanOrEqual(2)
      const killed = fileSystem.afterPowerCut()
      await buffer.close()
      const again = open(killed)
      expect(await again.open()).toMatchObject({ lostAside: 0 })
      const reopened = await consumerOf(again)
      const [stats] = (await again.stats()).consumers
      expect(folder === 'park' ? stats?.parked : stats?.deadLetters).toBe(1)
      // With the last of it the rest goes as well.
      if (kept === undefined) throw new Error('There is no event.')
      if (folder === 'park') await reopened.consumer.commit(reopened.lease, { done: [kept.position] })
      else await reopened.consumer.purge([kept])
      // Ending a segment takes some turns of the event loop.
      for (let second = 0; second < 20; second++) {
        await clock.advance(1000)
        await new Promise((resolve) => setImmediate(resolve))
      }
      expect(killed.paths(`${DIRECTORY}/${folder}/c/seg`)).toEqual([])
      const [fresh] = await moreEvents(again, 1000, 1)
      if (fresh === undefined) throw new Error('There is no event.')
      await reopened.consumer.deadLetter(reopened.lease, [{ event: fresh, lane: 'a', redrives: 0, why }])
      await again.close()
      const last = open(killed)
      expect(await last.open()).toMatchObject({ lostAside: 0, holes: [] })
      expect((await last.stats()).consumers).toMatchObject([{ parked: 0, deadLetters: 1 }])
      await last.close()
    },
  )
})
