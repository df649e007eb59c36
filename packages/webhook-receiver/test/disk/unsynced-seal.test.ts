import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { diskBufferOf } from '../../src/disk/disk-buffer.ts'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { resolveDiskBufferOptions } from '../../src/disk/resolve-disk-buffer-options.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

test('a segment that ends while a sync of it fails gets no seal', async () => {
  const inner = new MemoryFileSystem()
  inner.forgetsOnFailedSync = true
  const clock = fakeClock()
  let fail = (): void => {}
  let isHanging = false
  const hanging = new Promise<void>((resolve) => {
    fail = resolve
  })
  const fileSystem = new Proxy<FileSystem>(inner, {
    get: (_, name) => {
      const method: unknown = Reflect.get(inner, name, inner)
      if (name !== 'open') return typeof method === 'function' ? method.bind(inner) : method
      return async (...[path, mode]: Parameters<FileSystem['open']>) => {
        const file = await inner.open(path, mode)
        if (!path.startsWith(`${DIRECTORY}/seg/`)) return file
        const datasync = async (): Promise<void> => {
          if (!isHanging) return file.datasync()
          isHanging = false
          await hanging
          inner.fault = (operation) => (operation === 'datasync' ? 'EIO' : undefined)
          await file.datasync().finally(() => {
            inner.fault = undefined
          })
        }
        return { ...file, datasync }
      }
    },
  })
  const options = { directory: DIRECTORY, fileSystem, clock, segmentBytes: 4096, durability: 'interval' } as const
  const buffer = diskBufferOf({ ...resolveDiskBufferOptions(options), utilization: () => 0 })
  await buffer.open()
  for (let number = 1; number <= 7; number++) await buffer.append([numberedEvent(number, 500)])
  isHanging = true
  await clock.advance(100)
  // The segment is full: it ends, and the next one is begun.
  await buffer.append([numberedEvent(8)])
  fail()
  await buffer.close()
  const found = await memoryDiskBuffer(inner.afterPowerCut(), { durability: 'interval' }).open()
  expect(found.holes).toMatchObject([{ lost: 7 }])
})
