import { expect, test } from 'vitest'
import { diskBufferOf } from '../../src/disk/disk-buffer.ts'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { resolveDiskBufferOptions } from '../../src/disk/resolve-disk-buffer-options.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, stoppedClock } from './sample-buffer.ts'

/** A buffer, and the paths of the files that it has open. */
function watched(inner: MemoryFileSystem) {
  const open: string[] = []
  const fileSystem = new Proxy<FileSystem>(inner, {
    get: (_, name) => {
      const method: unknown = Reflect.get(inner, name, inner)
      if (name !== 'open') return typeof method === 'function' ? method.bind(inner) : method
      return async (...[path, mode]: Parameters<FileSystem['open']>) => {
        const file = await inner.open(path, mode)
        open.push(path)
        const close = async (): Promise<void> => {
          open.splice(open.indexOf(path), 1)
          await file.close()
        }
        return { ...file, close }
      }
    },
  })
  const options = resolveDiskBufferOptions({ directory: DIRECTORY, fileSystem, clock: stoppedClock })
  return { buffer: diskBufferOf({ ...options, utilization: () => 0 }), open }
}

test('a consumer that cannot be registered leaves no file open', async () => {
  const fileSystem = new MemoryFileSystem()
  const { buffer, open } = watched(fileSystem)
  await buffer.open()
  const before = [...open]
  fileSystem.fault = (operation, path) =>
    operation === 'datasync' && path === `${DIRECTORY}/cur/c.cur.tmp` ? 'EIO' : undefined
  for (let attempt = 0; attempt < 3; attempt++)
    await expect(consumerOf(buffer)).rejects.toMatchObject({ reason: 'buffer_failed' })
  expect(open).toEqual(before)
  fileSystem.fault = undefined
  await buffer.close()
})

test('a cursor whose checkpoint is lost and cannot be written again leaves no file open', async () => {
  const fileSystem = new MemoryFileSystem()
  const first = memoryDiskBuffer(fileSystem)
  await first.open()
  await consumerOf(first)
  await first.close()
  fileSystem.replace(`${DIRECTORY}/cur/c.cur`, Buffer.alloc(8192))
  fileSystem.fault = (operation, path) =>
    operation === 'datasync' && path === `${DIRECTORY}/cur/c.cur` ? 'EIO' : undefined
  const { buffer, open } = watched(fileSystem)
  await expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_unusable' })
  expect(open).toEqual([])
})
