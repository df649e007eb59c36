import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import type { EventBuffer } from '../../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent } from '../sample-buffer.ts'

async function partitionsOf(buffer: EventBuffer, name: string): Promise<number[]> {
  const consumer = await buffer.openConsumer(name)
  return (await consumer.acquire({ owner: 'test', leaseMs: 1000 })).map(({ partition }) => partition)
}

test('a consumer that is registered while a shard is found to be empty for others gets what is left there', async () => {
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  const open = async (): Promise<EventBuffer> => {
    const buffer = memoryDiskBuffer(fileSystem, { shards: 'auto', clock })
    await buffer.open()
    return buffer
  }
  const [living, dying] = [await open(), await open()]
  await living.openConsumer('a')
  const done = await dying.openConsumer('a')
  const [lease] = await done.acquire({ owner: 'test', leaseMs: 1000 })
  const [stored] = await dying.append([numberedEvent(1)])
  if (lease !== undefined) await done.commit(lease, { done: [stored?.position ?? ''] })
  await dying.close()
  await clock.advance(3_000)
  // `a` is through with the shard. While that is being noted `b` is registered.
  const inner = fileSystem.open.bind(fileSystem)
  fileSystem.open = async (path, mode) => {
    if (path === `${DIRECTORY}/shard-1/META` && mode === 'read') {
      fileSystem.open = inner
      await living.openConsumer('b')
    }
    return inner(path, mode)
  }
  expect(await partitionsOf(living, 'a')).toEqual([0])
  expect(await partitionsOf(living, 'b')).toEqual([0, 1])
  await living.close()
})
