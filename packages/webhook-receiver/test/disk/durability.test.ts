import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead } from './sample-buffer.ts'

/** Counts calls that make something durable. */
function countSyncs(fileSystem: MemoryFileSystem): { readonly of: (part: string) => number } {
  const synced: string[] = []
  fileSystem.fault = (operation, path) => {
    if (operation === 'datasync' || operation === 'syncDirectory') synced.push(path)
    return undefined
  }
  return { of: (part) => synced.filter((path) => path.includes(part)).length }
}

describe('diskBuffer with a durability', () => {
  test('says what callers may rely on', () => {
    const capsOf = (durability: 'fsync' | 'interval' | 'memory'): string =>
      memoryDiskBuffer(new MemoryFileSystem(), { durability }).caps.durability
    expect([capsOf('fsync'), capsOf('interval'), capsOf('memory')]).toEqual(['fsync', 'os', 'memory'])
  })

  test('answers before the sync, and syncs within the interval', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const buffer = memoryDiskBuffer(fileSystem, { durability: 'interval', syncIntervalMs: 50, clock })
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    const syncs = countSyncs(fileSystem)
    for (let number = 2; number <= 10; number++) await buffer.append([numberedEvent(number)])
    expect(syncs.of('/seg/')).toBe(0)
    await clock.advance(50)
    expect(syncs.of('/seg/')).toBe(1)
    expect((await openAndRead(fileSystem.afterPowerCut())).numbers).toHaveLength(10)
    await clock.advance(1000)
    expect(syncs.of('/seg/')).toBe(1)
    await buffer.close()
  })

  test('loses to a power cut what was not synced yet, and says so as far as anything proves it', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { durability: 'interval' })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const results = await buffer.append([1, 2, 3].map((number) => numberedEvent(number)))
    await consumer.commit(lease, { done: results.slice(0, 2).map(({ position }) => position) })
    await buffer.removeConsumer('nobody')
    // The cursor reaches the disk, the log does not.
    const cut = fileSystem.afterPowerCut({ survives: (path) => path.includes('/cur/'), namesSurvive: true })
    const { report, numbers } = await openAndRead(cut)
    expect(numbers).toEqual([])
    expect(report.holes).toEqual([{ partition: 0, from: '0000000000000001', to: '0000000000000002', lost: 2 }])
    await buffer.close()
  })

  test('makes durable what a sync left behind that failed before the process was killed', async () => {
    const fileSystem = new MemoryFileSystem()
    fileSystem.forgetsOnFailedSync = true
    const clock = fakeClock()
    const options = { durability: 'interval', syncIntervalMs: 50, clock } as const
    const buffer = memoryDiskBuffer(fileSystem, options)
    await buffer.open()
    for (let number = 1; number <= 5; number++) await buffer.append([numberedEvent(number)])
    fileSystem.fault = (operation, path) => (operation === 'datasync' && path.includes('/seg/') ? 'EIO' : undefined)
    await clock.advance(50)
    const killed = fileSystem.afterKill()
    const again = memoryDiskBuffer(killed, options)
    await again.open()
    expect((await openAndRead(killed.afterPowerCut())).numbers).toEqual([1, 2, 3, 4, 5])
    await again.close()
  })

  test('syncs nothing at all in memory, and has everything after a kill', async () => {
    const fileSystem = new MemoryFileSystem()
    const syncs = countSyncs(fileSystem)
    const buffer = memoryDiskBuffer(fileSystem, { durability: 'memory' })
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const [first] = await buffer.append([numberedEvent(1), numberedEvent(2)])
    await consumer.commit(lease, { done: [first?.position ?? ''] })
    expect(syncs.of(DIRECTORY)).toBe(0)
    expect((await openAndRead(fileSystem.afterKill())).numbers).toEqual([1, 2])
    await buffer.close()
    expect(syncs.of(DIRECTORY)).toBe(0)
  })
})

describe('diskBuffer with preallocateBytes', () => {
  test('writes zeros ahead, which a sync then has no size to note for, and cuts them off at the end', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { preallocateBytes: 8192, segmentBytes: 16_384 })
    await buffer.open()
    const sizes = new Set<number>()
    for (let number = 1; number <= 20; number++) {
      await buffer.append([numberedEvent(number, 600)])
      for (const path of fileSystem.paths(`${DIRECTORY}/seg`)) sizes.add(fileSystem.read(path).length)
    }
    expect(sizes.size).toBeLessThan(6)
    expect((await openAndRead(fileSystem.afterKill())).report.tornBytes).toBe(0)
    await buffer.close()
    expect((await openAndRead(fileSystem)).numbers).toHaveLength(20)
  })
})
