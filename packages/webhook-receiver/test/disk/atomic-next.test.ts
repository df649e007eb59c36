import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'

test('a call behind one that fails with the original of a duplicate is stored', async () => {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  await buffer.append([numberedEvent(0)])
  let writes = 0
  let later: Promise<PromiseSettledResult<unknown>[]> | undefined
  fileSystem.fault = (operation, path) => {
    if (operation !== 'write' || !path.startsWith(`${DIRECTORY}/seg/`)) return undefined
    writes++
    later ??= Promise.allSettled([
      buffer.append([numberedEvent(1), numberedEvent(2)]),
      buffer.append([numberedEvent(3)]),
    ])
    return writes === 1 ? 'ENOSPC' : undefined
  }
  await expect(buffer.append([numberedEvent(1)])).rejects.toMatchObject({ reason: 'buffer_full' })
  expect((await later)?.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
  const stored = (await readEverything(buffer)).flatMap((entry) => (entry.kind === 'event' ? [entry.event.id] : []))
  expect(stored).toEqual(['evt_0', 'evt_3'])
  await buffer.close()
})
