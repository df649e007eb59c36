import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { type FileOperation, MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead } from './sample-buffer.ts'

const MIB = 1024 * 1024

async function setting(options: Partial<DiskBufferOptions>) {
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  const buffer = memoryDiskBuffer(fileSystem, { clock, segmentBytes: 4096, ...options })
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  const consume = async (limit: number): Promise<void> => {
    const { lowWater } = await consumer.load(lease)
    const entries = await consumer.read(lease, lowWater, { limit, maxBytes: 1e9, waitMs: 0 })
    await consumer.commit(lease, {
      done: entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : [])),
    })
  }
  return { fileSystem, clock, buffer, consume, consumeAll: () => consume(10_000) }
}

describe('diskBuffer with a limit', () => {
  test('refuses above it, and takes events again when consumers have made room', async () => {
    const { clock, buffer, consumeAll } = await setting({ maxBytes: 64 * 1024 })
    let number = 1
    const fill = async (): Promise<void> => {
      for (;;) {
        await buffer.append([numberedEvent(number, 500)])
        number++
      }
    }
    for (let cycle = 0; cycle < 20; cycle++) {
      await expect(fill()).rejects.toMatchObject({ reason: 'buffer_full', retryAfterMs: 5000 })
      const { bytes } = await buffer.stats()
      expect(bytes).toBeGreaterThan(58_000)
      // Seals are counted with the next look.
      expect(bytes).toBeLessThan(70_000)
      // Not before there is room.
      await clock.advance(2000)
      await expect(buffer.append([numberedEvent(number, 500)])).rejects.toMatchObject({ reason: 'buffer_full' })
      await consumeAll()
      await clock.advance(1000)
    }
    await buffer.close()
  })

  test('takes events again when a tenth of the limit is free, and not before', async () => {
    const maxBytes = 64 * 1024
    const { clock, buffer, consume } = await setting({ maxBytes })
    const append = (number: number): Promise<boolean> =>
      buffer.append([numberedEvent(number, 500)]).then(
        () => true,
        () => false,
      )
    let number = 1
    while (await append(number)) number++
    const refusedAt: number[] = []
    for (;;) {
      await consume(4)
      await clock.advance(2000)
      const { bytes } = await buffer.stats()
      if (await append(number)) {
        expect(bytes).toBeLessThan(0.9 * maxBytes)
        break
      }
      refusedAt.push(bytes / maxBytes)
    }
    expect(refusedAt.filter((share) => share < 1)).not.toEqual([])
    expect(Math.min(...refusedAt)).toBeGreaterThanOrEqual(0.9)
    await buffer.close()
  })

  test('still says of an event that it is known', async () => {
    const { buffer } = await setting({ maxBytes: 64 * 1024 })
    await buffer.append([numberedEvent(1, 70_000)])
    await expect(buffer.append([numberedEvent(2)])).rejects.toMatchObject({
      reason: 'buffer_full',
      message: expect.stringMatching(/takes 7\d{4} bytes, and `maxBytes` is 65536\. Draining makes room\.$/),
    })
    expect(await buffer.append([numberedEvent(1)])).toMatchObject([{ status: 'duplicate' }])
    await buffer.close()
  })

  test('makes room also when everything is in the segment that is written to', async () => {
    const { fileSystem, clock, buffer, consumeAll } = await setting({ maxBytes: 64 * 1024, segmentBytes: 16 * MIB })
    await buffer.append([numberedEvent(1, 70_000)])
    await expect(buffer.append([numberedEvent(2)])).rejects.toMatchObject({ reason: 'buffer_full' })
    await consumeAll()
    // One round ends the segment, another deletes it. Writing takes turns of the event loop.
    for (let round = 0; round < 3; round++) {
      await clock.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await buffer.append([numberedEvent(2)])).toMatchObject([{ status: 'appended' }])
    await buffer.close()
    expect((await openAndRead(fileSystem)).numbers).toEqual([2])
  })

  test('counts what is there when it opens', async () => {
    const { fileSystem, buffer } = await setting({})
    await buffer.append([numberedEvent(1, 70_000)])
    await buffer.close()
    const again = memoryDiskBuffer(fileSystem, { maxBytes: 64 * 1024 })
    await again.open()
    await expect(again.append([numberedEvent(2)])).rejects.toMatchObject({ reason: 'buffer_full' })
    await again.close()
  })
})

describe('diskBuffer on a disk that fills up', () => {
  test('refuses before it is full, and not again and again around the mark', async () => {
    const { fileSystem, clock, buffer } = await setting({ minFreeBytes: 100 * MIB })
    const outcomes: string[] = []
    for (const [index, free] of [200, 101, 99, 101, 124, 126, 101, 99, 130].entries()) {
      fileSystem.disk = { ...fileSystem.disk, freeBytes: free * MIB }
      await clock.advance(1000)
      outcomes.push(
        await buffer.append([numberedEvent(index)]).then(
          () => `${free} taken`,
          (error: unknown) => `${free} ${(error as { reason: string }).reason}`,
        ),
      )
    }
    expect(outcomes).toEqual([
      '200 taken',
      '101 taken',
      '99 buffer_full',
      '101 buffer_full',
      '124 buffer_full',
      '126 taken',
      '101 taken',
      '99 buffer_full',
      '130 taken',
    ])
    await buffer.close()
  })

  test('counts what it writes itself between two looks at the disk', async () => {
    const { fileSystem, buffer } = await setting({ minFreeBytes: 100 * MIB })
    fileSystem.disk = { ...fileSystem.disk, freeBytes: 101 * MIB }
    await buffer.close()
    await buffer.open()
    await buffer.append([numberedEvent(1, MIB + 1)])
    await expect(buffer.append([numberedEvent(2)])).rejects.toMatchObject({
      reason: 'buffer_full',
      message: expect.stringMatching(/has \d+ bytes free, and `minFreeBytes` leaves \d+ of them to others\. Draining/),
    })
    await buffer.close()
  })

  test('looks at the disk again after 32 MiB, however soon that is', async () => {
    const { fileSystem, buffer } = await setting({ minFreeBytes: 100 * MIB, segmentBytes: 16 * MIB })
    for (let number = 1; number <= 8; number++) await buffer.append([numberedEvent(number, 4 * MIB)])
    // Somebody else has filled it meanwhile.
    fileSystem.disk = { ...fileSystem.disk, freeBytes: 50 * MIB }
    await buffer.append([numberedEvent(9)])
    await new Promise((resolve) => setImmediate(resolve))
    await expect(buffer.append([numberedEvent(10)])).rejects.toMatchObject({ reason: 'buffer_full' })
    await buffer.close()
  })

  test('leaves 512 MiB free by default, or 5 % of a small volume', async () => {
    for (const [totalBytes, reserve] of [
      [1000 * 1024 * MIB, 512 * MIB],
      [1024 * MIB, 51.2 * MIB],
    ] as const) {
      for (const [freeBytes, expected] of [
        [reserve - 1, 'buffer_full'],
        [reserve + 4096, 'taken'],
      ] as const) {
        const fileSystem = new MemoryFileSystem()
        fileSystem.disk = { ...fileSystem.disk, totalBytes, freeBytes }
        const buffer = memoryDiskBuffer(fileSystem)
        await buffer.open()
        const outcome = await buffer.append([numberedEvent(1)]).then(
          () => 'taken',
          (error: unknown) => (error as { reason: string }).reason,
        )
        expect(outcome).toBe(expected)
        await buffer.close()
      }
    }
  })

  test('takes events when the system does not tell how much is free', async () => {
    const { fileSystem, clock, buffer } = await setting({ minFreeBytes: 100 * MIB })
    fileSystem.fault = (operation) => (operation === 'volume' ? 'ENOSYS' : undefined)
    await clock.advance(1000)
    expect(await buffer.append([numberedEvent(1)])).toMatchObject([{ status: 'appended' }])
    await buffer.close()
  })
})

describe('diskBuffer on a disk that is full to the last byte', () => {
  /** Whether a call needs room. */
  const needsRoom = (operation: FileOperation): boolean => operation === 'write' || operation === 'open'

  test('says so when a consumer is to be registered, and registers it when there is room', async () => {
    const { fileSystem, buffer } = await setting({})
    await buffer.append([numberedEvent(1)])
    fileSystem.fault = (operation) => (needsRoom(operation) ? 'ENOSPC' : undefined)
    await expect(buffer.openConsumer('late')).rejects.toMatchObject({
      reason: 'buffer_full',
      message: 'The consumer late cannot be registered. No space is left.',
      cause: { code: 'ENOSPC' },
    })
    fileSystem.fault = (operation) => (operation === 'datasync' ? 'EIO' : undefined)
    await expect(buffer.openConsumer('late')).rejects.toMatchObject({ reason: 'buffer_failed' })
    fileSystem.fault = undefined
    const { consumer, lease } = await consumerOf(buffer, 'late')
    expect(await consumer.read(lease, null, { limit: 9, maxBytes: 1e9, waitMs: 0 })).toHaveLength(1)
    await buffer.close()
  })

  test('says so when the first event is parked or becomes a dead letter, and leaves it where it is', async () => {
    const { fileSystem, buffer } = await setting({})
    await buffer.append([numberedEvent(1)])
    const { consumer, lease } = await consumerOf(buffer)
    const [entry] = await consumer.read(lease, null, { limit: 1, maxBytes: 1e9, waitMs: 0 })
    if (entry?.kind !== 'event') throw new Error('There is no event.')
    const { event } = entry
    const place = { event, lane: 'a', redrives: 0 }
    const why = { attempts: 1, at: 1, message: 'no' }
    fileSystem.fault = (operation) => (needsRoom(operation) ? 'ENOSPC' : undefined)
    const full = { reason: 'buffer_full', message: expect.stringMatching(/No space is left\.$/) as unknown }
    await expect(consumer.park(lease, [{ ...place, attempts: 0, nextAt: 0 }])).rejects.toMatchObject(full)
    await expect(consumer.deadLetter(lease, [{ ...place, why }])).rejects.toMatchObject(full)
    fileSystem.fault = undefined
    expect((await consumer.load(lease)).done).toEqual([])
    await consumer.deadLetter(lease, [{ ...place, why }])
    expect((await buffer.stats()).consumers).toMatchObject([{ parked: 0, deadLetters: 1 }])
    await buffer.close()
  })

  test('says what keeps a consumer from being removed, and removes it when asked again', async () => {
    const { fileSystem, buffer } = await setting({})
    fileSystem.fault = (operation) => (operation === 'remove' ? 'EROFS' : undefined)
    await expect(buffer.removeConsumer('c')).rejects.toMatchObject({
      reason: 'buffer_failed',
      message: 'The consumer c cannot be removed. (EROFS)',
    })
    fileSystem.fault = undefined
    await buffer.removeConsumer('c')
    expect(fileSystem.paths(`${DIRECTORY}/cur`)).toEqual([])
    await buffer.close()
  })
})

describe('the place of diskBuffer', () => {
  const place = (kind: 'network' | 'volatile' | 'local', name: string) => {
    const fileSystem = new MemoryFileSystem()
    fileSystem.disk = { ...fileSystem.disk, kind, name }
    return fileSystem
  }

  test('is refused on a network file system, unless the risk is taken', async () => {
    const buffer = memoryDiskBuffer(place('network', 'NFS'))
    await expect(buffer.open()).rejects.toThrow(/network file system \(NFS\).*allowNetworkFileSystem/)
    await expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_unusable' })
    const daring = memoryDiskBuffer(place('network', 'NFS'), { allowNetworkFileSystem: true })
    expect((await daring.open()).warnings).toMatchObject([{ reason: 'network_file_system' }])
    await daring.close()
  })

  test('is warned of when it ends with the machine or the container', async () => {
    const buffer = memoryDiskBuffer(place('volatile', 'tmpfs'))
    const { warnings } = await buffer.open()
    expect(warnings).toMatchObject([{ reason: 'volatile_file_system' }])
    expect(warnings?.[0]?.message).toContain(`${DIRECTORY} is on tmpfs`)
    await buffer.close()
    const local = memoryDiskBuffer(place('local', 'ext4'))
    expect((await local.open()).warnings).toEqual([])
    await local.close()
  })

  test('is missed within a second when it is gone or another has taken it, and nothing is acknowledged any more', async () => {
    for (const identity of [undefined, 'second']) {
      const { fileSystem, clock, buffer } = await setting({})
      await buffer.append([numberedEvent(1)])
      fileSystem.identity = identity
      await clock.advance(1000)
      await expect(buffer.append([numberedEvent(2)])).rejects.toMatchObject({
        reason: 'buffer_failed',
        cause: { message: expect.stringMatching(/is gone|was replaced/) as unknown },
      })
      await buffer.close()
      fileSystem.identity = 'second'
      await buffer.open()
      expect(await buffer.append([numberedEvent(2)])).toMatchObject([{ status: 'appended' }])
      await buffer.close()
    }
  })
})
