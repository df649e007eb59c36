import { describe, expect, test } from 'vitest'
import type { OpenReport } from '../../src/buffer/event-buffer.ts'
import { type Fault, MemoryFileSystem } from './memory-file-system.ts'
import {
  consumerOf,
  DIRECTORY,
  memoryDiskBuffer,
  numberedEvent,
  openAndRead,
  openWith,
  readEverything,
} from './sample-buffer.ts'
import { ALL, closedLog, segmentOf } from './sample-log.ts'

describe('recovery of a log with a place that cannot be read', () => {
  const more = Array.from({ length: 60 }, (_, index) => index + 10)

  test('opens, reports what is lost there, and lets readers pass', async () => {
    const fileSystem = await closedLog(60)
    const path = segmentOf(fileSystem)
    expect(fileSystem.read(path).length).toBeGreaterThan(8192)
    fileSystem.fault = unreadable(path, 4096)
    const { numbers, lost, report } = await openAndRetry(fileSystem)
    const missing = [...ALL, ...more].filter((number) => !numbers.includes(number))
    expect(lost).toBe(missing.length)
    expect(missing.length).toBeGreaterThan(5)
    expect((missing.at(-1) ?? 0) - (missing[0] ?? 0)).toBe(missing.length - 1)
    expect(report.holes).toMatchObject([{ lost: missing.length }])
  })

  test('puts back a header that cannot be read, and cuts nothing off', async () => {
    const fileSystem = await closedLog(40)
    const path = segmentOf(fileSystem)
    const size = fileSystem.read(path).length
    const last = Math.floor(size / 4096) * 4096
    for (const block of [0, last]) {
      const copy = fileSystem.afterKill()
      copy.fault = unreadable(path, block)
      const buffer = memoryDiskBuffer(copy)
      const report = await buffer.open()
      expect(report.holes).toHaveLength(1)
      expect(await buffer.append([numberedEvent(100)])).toMatchObject([{ status: 'appended' }])
      await buffer.close()
      expect(copy.read(path)).toHaveLength(size)
    }
  })

  test('keeps a segment whose header is destroyed when there is no room for a copy', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096 })
    await buffer.open()
    for (let number = 1; number <= 20; number++) await buffer.append([numberedEvent(number, 500)])
    await buffer.close()
    const [path = ''] = fileSystem.paths(`${DIRECTORY}/seg`)
    const content = Buffer.from(fileSystem.read(path))
    content.fill(0xff, 0, 64)
    content.fill(0xff, content.length - 152)
    fileSystem.replace(path, content)
    fileSystem.fault = (operation, file) =>
      operation === 'write' && file.includes('/quarantine/') ? 'ENOSPC' : undefined
    const { lost } = await openAndRead(fileSystem)
    expect(lost).toBeGreaterThan(0)
    expect(fileSystem.read(path)).toEqual(content)
    fileSystem.fault = undefined
    await openAndRead(fileSystem)
    expect(fileSystem.files.has(path)).toBe(false)
    const [copy = ''] = fileSystem.paths(`${DIRECTORY}/quarantine`)
    expect(fileSystem.read(copy)).toEqual(content)
  })

  test('refuses with buffer_failed what is set aside and cannot be read, and reads it later', async () => {
    const fileSystem = new MemoryFileSystem()
    const { buffer } = await openWith(fileSystem, 2)
    const { consumer, lease } = await consumerOf(buffer)
    const entries = await consumer.read(lease, null, { limit: 9, maxBytes: 1e9, waitMs: 0 })
    const [first, second] = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    if (first === undefined || second === undefined) throw new Error('There are no events.')
    await consumer.park(lease, [{ event: first, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }])
    await consumer.deadLetter(lease, [
      { event: second, lane: 'a', redrives: 0, why: { attempts: 1, at: 1, message: 'no' } },
    ])
    const readParked = (): Promise<unknown[]> => consumer.readParked(lease, 'a', { limit: 9, maxBytes: 1e9 })
    const listed = async (): Promise<unknown[]> => {
      const letters: unknown[] = []
      for await (const letter of consumer.deadLetters()) letters.push(letter)
      return letters
    }
    const redriven = (): Promise<number> => consumer.redrive([{ partition: 0, position: second.position }])
    for (const read of [readParked, listed, redriven]) {
      fileSystem.fault = (operation) => (operation === 'read' ? 'EIO' : undefined)
      await expect(read()).rejects.toMatchObject({ reason: 'buffer_failed' })
      fileSystem.fault = undefined
    }
    expect([await readParked(), await listed()]).toMatchObject([[{ kind: 'event' }], [{ lane: 'a' }]])
    expect(await redriven()).toBe(1)
    await buffer.close()
  })

  function unreadable(path: string, block: number): Fault {
    return (operation, file, from = 0, to = 0) =>
      operation === 'read' && file === path && from < block + 4096 && to > block ? 'EIO' : undefined
  }

  /** Reads on after failures, as a drain does. */
  async function openAndRetry(
    fileSystem: MemoryFileSystem,
  ): Promise<{ readonly numbers: number[]; readonly lost: number; readonly report: OpenReport }> {
    const buffer = memoryDiskBuffer(fileSystem)
    const report = await buffer.open()
    for (let attempt = 1; ; attempt++) {
      try {
        const entries = await readEverything(buffer)
        const { lost } = await buffer.stats()
        await buffer.close()
        const numbers = entries.flatMap((entry) => (entry.kind === 'event' ? [Number(entry.event.id.slice(4))] : []))
        return { numbers, lost, report }
      } catch (error) {
        expect(error).toMatchObject({ reason: 'buffer_failed' })
        expect(attempt).toBeLessThan(3)
      }
    }
  }
})
