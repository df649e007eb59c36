import { setImmediate as nextTurn } from 'node:timers/promises'
import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { diskBufferOf } from '../../src/disk/disk-buffer.ts'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { resolveDiskBufferOptions } from '../../src/disk/resolve-disk-buffer-options.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, numberedEvent, openAndRead } from './sample-buffer.ts'

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

/** A view of a file system on which syncs of META and closing segments take a while. */
function slow(inner: MemoryFileSystem): FileSystem {
  return new Proxy<FileSystem>(inner, {
    get: (_, name) => {
      const method: unknown = Reflect.get(inner, name, inner)
      if (name !== 'open') return typeof method === 'function' ? method.bind(inner) : method
      return async (...[path, mode]: Parameters<FileSystem['open']>) => {
        const file = await inner.open(path, mode)
        const datasync = async (): Promise<void> => {
          if (path === `${DIRECTORY}/META`) await turns(50)
          await file.datasync()
        }
        const close = async (): Promise<void> => {
          if (path.startsWith(`${DIRECTORY}/seg/`)) await turns(20)
          await file.close()
        }
        return { ...file, datasync, close }
      }
    },
  })
}

test('the successor of an empty segment that is given up while segments are deleted is not deleted with it', async () => {
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  const options = {
    directory: DIRECTORY,
    fileSystem: slow(fileSystem),
    clock,
    segmentBytes: 4096,
    segmentMaxAgeMs: 10_000,
  }
  const buffer = diskBufferOf({ ...resolveDiskBufferOptions(options), utilization: () => 0 })
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  const done: string[] = []
  for (let number = 1; number <= 7; number++)
    for (const { position } of await buffer.append([numberedEvent(number, 500)])) done.push(position)
  // The disk is full when the next segment has its name and the first event is written.
  let writes = 0
  fileSystem.fault = (operation, path) =>
    operation === 'write' && path.startsWith(`${DIRECTORY}/seg/`) && ++writes >= 2 ? 'ENOSPC' : undefined
  await expect(buffer.append([numberedEvent(8)])).rejects.toMatchObject({ reason: 'buffer_full' })
  fileSystem.fault = undefined
  for (let second = 0; second < 11; second++) {
    await clock.advance(1_000)
    await turns(100)
  }
  await consumer.commit(lease, { done })
  // The empty segment is old by now. It is given up by the next append, while the housekeeper deletes what is done.
  const appending = buffer.append([numberedEvent(9)])
  await turns(2)
  await clock.advance(1_000)
  await appending
  for (let number = 10; number <= 12; number++) await buffer.append([numberedEvent(number)])
  await turns(300)
  const { numbers, lost } = await openAndRead(fileSystem.afterKill())
  expect({ numbers, lost }).toEqual({ numbers: [9, 10, 11, 12], lost: 0 })
  await buffer.close()
})
