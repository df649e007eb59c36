import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, loadAgain, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

/** More retries than a slot of the checkpoint holds. */
const RETRIES = 200

test.each([
  ['its directory cannot be synced', 'syncDirectory', `${DIRECTORY}/cur`],
  ['the new one cannot be opened', 'open', `${DIRECTORY}/cur/c.ack`],
] as const)('acks survive kill -9 after the ack log was replaced and %s', async (_, failing, at) => {
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  const buffer = memoryDiskBuffer(fileSystem, { clock })
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  const results = await buffer.append(Array.from({ length: RETRIES }, (_unused, index) => numberedEvent(index + 1)))
  const places = results.map(({ position }) => position)
  await clock.advance(10_000)
  await consumer.commit(lease, { retry: places.map((position) => ({ position, attempts: 1, nextAt: 0 })) })
  let failed = 0
  fileSystem.fault = (operation, path) => {
    if (operation !== failing || path !== at) return undefined
    failed++
    fileSystem.fault = undefined
    return 'EMFILE'
  }
  // The state does not fit into the checkpoint, so the ack log is written anew.
  await clock.advance(1_000)
  expect(failed).toBe(1)
  await consumer.commit(lease, { done: places.slice(0, 50) })
  const { lowWater } = await loadAgain(fileSystem.afterKill())
  expect(lowWater).toBe(places[49])
  await buffer.close()
})
