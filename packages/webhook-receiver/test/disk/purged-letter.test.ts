import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, openWithRead } from './sample-buffer.ts'

test('a dead letter that is purged does not come again, where a process was killed before it noted that it is done', async () => {
  const fileSystem = new MemoryFileSystem()
  const { consumer, lease, event } = await openWithRead(fileSystem)
  let killed: MemoryFileSystem | undefined
  fileSystem.fault = (operation, path) => {
    if (operation === 'write' && path === `${DIRECTORY}/cur/c.ack`) killed ??= fileSystem.afterKill()
    return undefined
  }
  await consumer.deadLetter(lease, [{ event, lane: 'l', redrives: 0, why: { attempts: 1, at: 1, message: 'no' } }])
  if (killed === undefined) throw new Error('Nothing was noted.')
  const { partition, position } = event
  const second = memoryDiskBuffer(killed)
  await second.open()
  const again = await consumerOf(second)
  expect(await again.consumer.load(again.lease)).toMatchObject({ lowWater: position })
  expect(await again.consumer.purge([{ partition, position }])).toBe(1)
  await second.close()
  const third = memoryDiskBuffer(killed)
  await third.open()
  const later = await consumerOf(third)
  expect(await later.consumer.load(later.lease)).toMatchObject({ lowWater: position })
  await third.close()
})
