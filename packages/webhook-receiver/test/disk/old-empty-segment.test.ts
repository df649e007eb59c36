import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

const DAY_MS = 86_400_000

test('knows the first events of a segment that had been empty for long', async () => {
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  const buffer = memoryDiskBuffer(fileSystem, { clock })
  await buffer.open()
  // The disk is full when the segment has its name and the first event is written.
  let writes = 0
  fileSystem.fault = (operation, path) =>
    operation === 'write' && path.startsWith(`${DIRECTORY}/seg/`) && ++writes === 2 ? 'ENOSPC' : undefined
  await expect(buffer.append([numberedEvent(1)])).rejects.toMatchObject({ reason: 'buffer_full' })
  await buffer.close()
  // Whoever has it starts it again two months later; or the clock stood at 1970 at first.
  for (let day = 0; day < 60; day++) await clock.advance(DAY_MS)
  const later = memoryDiskBuffer(fileSystem, { clock })
  await later.open()
  expect(await later.append([numberedEvent(1)])).toMatchObject([{ status: 'appended' }])
  expect(await later.append([numberedEvent(1)])).toMatchObject([{ status: 'duplicate' }])
  await later.close()
})
