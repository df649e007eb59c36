import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { diskBufferOf } from '../../src/disk/disk-buffer.ts'
import { resolveDiskBufferOptions } from '../../src/disk/resolve-disk-buffer-options.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, numberedEvent } from './sample-buffer.ts'

/** Runs of ids are synced this slowly, as beside a merge on a busy disk. */
function withSlowRuns(inner: MemoryFileSystem, until: Promise<void>): FileSystem {
  return {
    open: async (path, mode) => {
      const file = await inner.open(path, mode)
      if (!path.startsWith(`${DIRECTORY}/ids/`)) return file
      return {
        ...file,
        datasync: async () => {
          await until
          await file.datasync()
        },
      }
    },
    list: (directory) => inner.list(directory),
    makeDirectory: (path) => inner.makeDirectory(path),
    syncDirectory: (path) => inner.syncDirectory(path),
    remove: (path) => inner.remove(path),
    rename: (from, to) => inner.rename(from, to),
    identify: (directory) => inner.identify(directory),
    volume: (directory) => inner.volume(directory),
    lock: (path) => inner.lock(path),
  }
}

test('no id is forgotten while runs are written slowly and much waits to be written', async () => {
  const fileSystem = new MemoryFileSystem()
  let go = (): void => {}
  const until = new Promise<void>((resolve) => {
    go = resolve
  })
  const options = resolveDiskBufferOptions({
    directory: DIRECTORY,
    fileSystem: withSlowRuns(fileSystem, until),
    clock: fakeClock(),
    segmentBytes: 4096,
    maxBatchBytes: 4096,
  })
  const buffer = diskBufferOf({ ...options, utilization: () => 0 })
  await buffer.open()
  // 600 KB in one go, of the 8 MiB that may wait.
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      buffer.append([numberedEvent(index + 1, 2000)]).then(
        ([result]) => result?.status,
        () => 'refused',
      ),
    ),
  )
  go()
  for (let turn = 0; turn < 1000; turn++) await new Promise(setImmediate)
  const repeats = await Promise.all(
    outcomes.map(async (outcome, index) => {
      if (outcome !== 'appended') return 'skipped'
      const [result] = await buffer.append([numberedEvent(index + 1, 2000)])
      return result?.status
    }),
  )
  expect(repeats.filter((status) => status === 'appended')).toEqual([])
  await buffer.close()
})
