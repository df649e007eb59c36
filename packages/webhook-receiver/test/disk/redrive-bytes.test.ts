import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

const MIB = 1024 * 1024
const LETTERS = 6

test('large dead letters are redriven a few at a time, so that they are not all in memory', async () => {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  for (let number = 1; number <= LETTERS; number++) await buffer.append([numberedEvent(number, 3 * MIB)])
  const entries = await consumer.read(lease, null, { limit: LETTERS, maxBytes: 1e9, waitMs: 0 })
  const events = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
  const why = { attempts: 1, at: 1, message: 'no' }
  await consumer.deadLetter(
    lease,
    events.map((event) => ({ event, lane: 'a', redrives: 0, why })),
  )
  let syncs = 0
  fileSystem.fault = (operation, path) => {
    if (operation === 'datasync' && path.startsWith(`${DIRECTORY}/park/c/seg/`)) syncs++
    return undefined
  }
  expect(await consumer.redrive(events)).toBe(LETTERS)
  // Each is a batch by itself: two together would pass the bound.
  expect(syncs).toBeGreaterThanOrEqual(LETTERS)
  fileSystem.fault = undefined
  await buffer.close()
})
