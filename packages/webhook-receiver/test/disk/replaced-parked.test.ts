import { expect, test } from 'vitest'
import type { StoredEvent } from '../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, openWithRead } from './sample-buffer.ts'

/** Of a consumer with one parked event, what a process leaves that is killed when it has parked the event again, and before it noted that the first record is gone. */
async function killedWhileParkingAgain(): Promise<{
  readonly fileSystem: MemoryFileSystem
  readonly event: StoredEvent
}> {
  const fileSystem = new MemoryFileSystem()
  const { consumer, lease, event } = await openWithRead(fileSystem)
  const parked = { event, lane: 'l', redrives: 0, attempts: 1, nextAt: 0 }
  await consumer.park(lease, [parked])
  let killed: MemoryFileSystem | undefined
  fileSystem.fault = (operation, path) => {
    if (operation === 'write' && path === `${DIRECTORY}/park/c/gone.ack`) killed ??= fileSystem.afterKill()
    return undefined
  }
  await consumer.park(lease, [{ ...parked, attempts: 2 }])
  if (killed === undefined) throw new Error('Nothing was noted.')
  return { fileSystem: killed, event }
}

test('an event that was parked again by a process that was killed meanwhile is done when it is done', async () => {
  const { fileSystem, event } = await killedWhileParkingAgain()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  expect(await consumer.parkedLanes(lease)).toMatchObject([{ lane: 'l', events: 1, head: { attempts: 2 } }])
  await consumer.commit(lease, { done: [event.position] })
  expect(await consumer.parkedLanes(lease)).toEqual([])
  await buffer.close()
  const again = memoryDiskBuffer(fileSystem)
  await again.open()
  const later = await consumerOf(again)
  expect(await later.consumer.parkedLanes(later.lease)).toEqual([])
  await again.close()
})

test('the same where the note cannot be written', async () => {
  const fileSystem = new MemoryFileSystem()
  const { buffer, consumer, lease, event } = await openWithRead(fileSystem)
  const parked = { event, lane: 'l', redrives: 0, attempts: 1, nextAt: 0 }
  await consumer.park(lease, [parked])
  fileSystem.fault = (operation, path) =>
    operation === 'write' && path.startsWith(`${DIRECTORY}/park/c/gone.`) ? 'EIO' : undefined
  await expect(consumer.park(lease, [{ ...parked, attempts: 2 }])).rejects.toMatchObject({ reason: 'buffer_failed' })
  fileSystem.fault = undefined
  await consumer.commit(lease, { done: [event.position] })
  expect(await consumer.parkedLanes(lease)).toEqual([])
  const again = memoryDiskBuffer(fileSystem.afterKill())
  await again.open()
  const later = await consumerOf(again)
  expect(await later.consumer.parkedLanes(later.lease)).toEqual([])
  await again.close()
  await buffer.close()
})
