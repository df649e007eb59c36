import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'

test('of a call with a duplicate that fails with its original nothing is stored', async () => {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  await buffer.append([numberedEvent(0)])
  let writes = 0
  let second: Promise<unknown> | undefined
  fileSystem.fault = (operation, path) => {
    if (operation !== 'write' || !path.startsWith(`${DIRECTORY}/seg/`)) return undefined
    writes++
    // While 1 is being written, its sender repeats it together with 2.
    second ??= buffer.append([numberedEvent(1), numberedEvent(2)]).then(
      (results) => results.map(({ status }) => status),
      (error: { readonly reason: string }) => error.reason,
    )
    return writes === 1 ? 'ENOSPC' : undefined
  }
  await expect(buffer.append([numberedEvent(1)])).rejects.toMatchObject({ reason: 'buffer_full' })
  const outcome = await second
  const stored = (await readEverything(buffer)).flatMap((entry) => (entry.kind === 'event' ? [entry.event.id] : []))
  expect({ outcome, stored }).toEqual({ outcome: 'buffer_full', stored: ['evt_0'] })
  await buffer.close()
})
