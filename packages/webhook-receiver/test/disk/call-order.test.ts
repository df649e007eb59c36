import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'

test('a call that fails with the original of a duplicate lets none behind it pass one that was before it', async () => {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem, { compression: 'brotli' })
  await buffer.open()
  await buffer.append([numberedEvent(0)])
  fileSystem.fault = (operation, path) => {
    if (operation !== 'write' || !path.startsWith(`${DIRECTORY}/seg/`)) return undefined
    fileSystem.fault = undefined
    return 'ENOSPC'
  }
  const failing = buffer.append([numberedEvent(1)])
  // It is compressed by a thread of the pool, which takes a while.
  const large = buffer.append([numberedEvent(2, 4_000_000)])
  const withDuplicate = buffer.append([numberedEvent(1), numberedEvent(3)])
  await expect(failing).rejects.toMatchObject({ reason: 'buffer_full' })
  const settled = withDuplicate.catch(() => undefined)
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  await Promise.all([large, buffer.append([numberedEvent(4)]), settled])
  const stored = (await readEverything(buffer)).flatMap((entry) => (entry.kind === 'event' ? [entry.event.id] : []))
  expect(stored).toEqual(['evt_0', 'evt_2', 'evt_4'])
  await buffer.close()
})
