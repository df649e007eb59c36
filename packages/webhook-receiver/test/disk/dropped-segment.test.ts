import { setImmediate as nextTurn } from 'node:timers/promises'
import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { diskBufferOf } from '../../src/disk/disk-buffer.ts'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { resolveDiskBufferOptions } from '../../src/disk/resolve-disk-buffer-options.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, numberedEvent, openAndRead } from './sample-buffer.ts'

/** A view of a file system on which a sync of META takes longer than anything else. */
function withSlowMeta(inner: MemoryFileSystem): FileSystem {
  return new Proxy<FileSystem>(inner, {
    get: (_, name) => {
      const method: unknown = Reflect.get(inner, name, inner)
      if (name !== 'open') return typeof method === 'function' ? method.bind(inner) : method
      return async (...[path, mode]: Parameters<FileSystem['open']>) => {
        const file = await inner.open(path, mode)
        if (path !== `${DIRECTORY}/META`) return file
        const datasync = async (): Promise<void> => {
          for (let turn = 0; turn < 50; turn++) await nextTurn()
          await file.datasync()
        }
        return { ...file, datasync }
      }
    },
  })
}

test.each([
  { durability: 'fsync', error: 'EIO' },
  { durability: 'fsync', error: 'EMFILE' },
  { durability: 'interval', error: 'EMFILE' },
] as const)(
  'a segment whose name could not be synced ($error) leaves nothing behind with which its successor is deleted: $durability',
  async ({ durability, error }) => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const options = {
      directory: DIRECTORY,
      fileSystem: withSlowMeta(fileSystem),
      clock,
      segmentBytes: 4096,
      durability,
    }
    const buffer = diskBufferOf({ ...resolveDiskBufferOptions(options), utilization: () => 0 })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const done: string[] = []
    for (let number = 1; number <= 7; number++)
      for (const { position } of await buffer.append([numberedEvent(number, 500)])) done.push(position)
    // The next event goes to a new segment.
    fileSystem.fault = (operation, path) => {
      if (operation !== 'syncDirectory' || path !== `${DIRECTORY}/seg`) return undefined
      fileSystem.fault = undefined
      return error
    }
    await expect(buffer.append([numberedEvent(8)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    for (let number = 9; number <= 12; number++) await buffer.append([numberedEvent(number)])
    await consumer.commit(lease, { done })
    await clock.advance(1000)
    for (let turn = 0; turn < 200; turn++) await nextTurn()
    const { numbers, lost } = await openAndRead(fileSystem.afterKill())
    expect({ numbers, lost }).toEqual({ numbers: [9, 10, 11, 12], lost: 0 })
    await buffer.close()
  },
)
