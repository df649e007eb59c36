import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { Log } from '../../src/disk/log.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY } from './sample-buffer.ts'
import { appendNumbers, numberedRecord, openLog, readNumbers } from './sample-records.ts'

const SEGMENTS = `${DIRECTORY}/seg`

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

async function filledLog(fileSystem: MemoryFileSystem, count = 40): Promise<Log> {
  const { log } = await openLog(fileSystem)
  await appendNumbers(log, 1, count)
  return log
}

describe('Log with sealed segments', () => {
  test('opens with two small reads for each sealed segment, and a scan of the last only', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await filledLog(fileSystem, 200)).close()
    const read = new Map<string, number>()
    fileSystem.fault = (operation, path, from = 0, to = 0) => {
      if (operation === 'read') read.set(path, (read.get(path) ?? 0) + to - from)
      return undefined
    }
    const { log, report } = await openLog(fileSystem)
    const segments = fileSystem.paths(SEGMENTS)
    expect(segments.length).toBeGreaterThan(20)
    for (const path of segments.slice(0, -1)) expect(read.get(path)).toBe(64 + 152)
    expect(report.scannedBytes).toBeLessThan(8192)
    expect(await readNumbers(log)).toEqual(range(1, 200))
    await log.close()
  })

  test('has a long segment sealed by closing, so that the next opening does not read it', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { segmentBytes: 64 * 1024 * 1024, maxBatchBytes: 1024 * 1024 }
    const { log } = await openLog(fileSystem, options)
    await appendNumbers(log, 1, 50, 100_000)
    await log.close()
    const { log: reopened, report } = await openLog(fileSystem, options)
    expect(report.scannedBytes).toBe(0)
    await appendNumbers(reopened, 51, 52)
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(2)
    expect(await readNumbers(reopened)).toEqual(range(1, 52))
    await reopened.close()
    // A short one is gone on with: who restarts often would have a file for each time.
    const { log: third } = await openLog(fileSystem, options)
    await appendNumbers(third, 53, 53)
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(2)
    expect(await readNumbers(third)).toEqual(range(1, 53))
    await third.close()
  })

  test('has no segment sealed by closing after a sync of it failed', async () => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const options = { segmentBytes: 64 * 1024 * 1024, maxBatchBytes: 1024 * 1024, syncIntervalMs: 100, clock }
    const { log } = await openLog(fileSystem, options)
    await appendNumbers(log, 1, 50, 100_000)
    fileSystem.fault = (operation) => (operation === 'datasync' ? 'EIO' : undefined)
    await clock.advance(100)
    fileSystem.fault = undefined
    await log.close()
    const { log: reopened, report } = await openLog(fileSystem, options)
    expect(report.scannedBytes).toBeGreaterThan(5_000_000)
    expect(await readNumbers(reopened)).toEqual(range(1, 50))
    await reopened.close()
  })

  test('begins to read in the middle of a segment by its index', async () => {
    const fileSystem = new MemoryFileSystem()
    const { log } = await openLog(fileSystem, { segmentBytes: 1024 * 1024 })
    await appendNumbers(log, 1, 600, 4000)
    for (const opened of [log, undefined]) {
      const { log: current } = opened === undefined ? await openLog(fileSystem) : { log: opened }
      for (const start of [1, 20, 200, 262, 263, 500, 599]) {
        let bytes = 0
        fileSystem.fault = (operation, path, from = 0, to = 0) => {
          if (operation === 'read' && path.startsWith(SEGMENTS)) bytes += to - from
          return undefined
        }
        const reader = current.reader()
        const [first] = await reader.read(start, 1, 1)
        await reader.close()
        fileSystem.fault = undefined
        expect(first).toMatchObject({ kind: 'record', seq: start + 1 })
        // One chunk and the index.
        expect(bytes).toBeLessThan(260 * 1024)
      }
      await current.close()
    }
  })

  test('keeps little else in memory with the body of a record', async () => {
    const fileSystem = new MemoryFileSystem()
    const { log } = await openLog(fileSystem, { segmentBytes: 1024 * 1024 })
    const sizes = [0, 1, 200, 4_000, 10_000]
    for (const bytes of sizes) await log.append([numberedRecord(1, bytes)])
    const reader = log.reader()
    const items = await reader.read(0, sizes.length, 1e9)
    await reader.close()
    const bodies = items.flatMap((item) => (item.kind === 'record' ? [item.body] : []))
    expect(bodies.map(({ length }) => length)).toEqual(sizes)
    const poolBytes = Buffer.allocUnsafe(1).buffer.byteLength
    for (const body of bodies) expect(body.buffer.byteLength).toBeLessThanOrEqual(Math.max(poolBytes, body.length))
    await log.close()
  })

  test('reads a segment from its start when its index is damaged', async () => {
    const fileSystem = new MemoryFileSystem()
    const { log } = await openLog(fileSystem, { segmentBytes: 1024 * 1024 })
    await appendNumbers(log, 1, 600, 4000)
    await log.close()
    const [path = ''] = fileSystem.paths(SEGMENTS)
    const content = Buffer.from(fileSystem.read(path))
    // A seal of 152 bytes, and before it an index of 40 bytes and 16 for each entry.
    for (const at of [152 + 8, 152 + 16 * 5]) {
      const damaged = Buffer.from(content)
      damaged.writeUInt8(damaged.readUInt8(content.length - at) ^ 1, content.length - at)
      const copy = fileSystem.afterKill()
      copy.replace(path, damaged)
      const { log: reopened, report } = await openLog(copy)
      expect(report.newHoles).toEqual([])
      expect(await readNumbers(reopened, 200)).toEqual(range(201, 600))
      await reopened.close()
    }
  })

  test('seals a segment at the next opening when a crash came before the seal', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await filledLog(fileSystem)).close()
    const [path = ''] = fileSystem.paths(SEGMENTS)
    const sealed = Buffer.from(fileSystem.read(path))
    for (const kept of [sealed.length - 152, sealed.length - 100, sealed.length - 1]) {
      const copy = fileSystem.afterKill()
      copy.replace(path, sealed.subarray(0, kept))
      const first = await openLog(copy)
      await first.log.close()
      expect(first.report.newHoles).toEqual([])
      const second = await openLog(copy)
      expect(await readNumbers(second.log)).toEqual(range(1, 40))
      await second.log.close()
      // Half a seal is no end of records that can be sealed behind.
      if (kept === sealed.length - 152) expect(copy.read(path)).toEqual(sealed)
    }
  })

  test('prepares the next segment ahead, and removes it when it is not needed', async () => {
    const fileSystem = new MemoryFileSystem()
    const { log } = await openLog(fileSystem)
    await appendNumbers(log, 1, 6)
    const prepared = fileSystem.paths(SEGMENTS).filter((path) => path.endsWith('.tmp'))
    expect(prepared).toHaveLength(1)
    await appendNumbers(log, 7, 9)
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(2)
    await appendNumbers(log, 10, 14)
    const killed = fileSystem.afterKill()
    await log.close()
    expect(fileSystem.paths(SEGMENTS).filter((path) => path.endsWith('.tmp'))).toEqual([])
    expect(killed.paths(SEGMENTS).filter((path) => path.endsWith('.tmp'))).toHaveLength(1)
    const { log: reopened } = await openLog(killed)
    expect(killed.paths(SEGMENTS).filter((path) => path.endsWith('.tmp'))).toEqual([])
    await reopened.close()
  })

  test('ends a segment when asked, and goes on in the next', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filledLog(fileSystem, 2)
    await log.roll()
    await log.roll()
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(1)
    await appendNumbers(log, 3, 3)
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(2)
    await log.close()
    const { log: reopened } = await openLog(fileSystem)
    await reopened.roll()
    await appendNumbers(reopened, 4, 4)
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(3)
    expect(await readNumbers(reopened)).toEqual([1, 2, 3, 4])
    await reopened.close()
  })
})

describe('Log.release', () => {
  test('deletes the segments in which every record is given up, and no other', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filledLog(fileSystem)
    const before = log.segments.map(({ baseSeq }) => baseSeq)
    const [, second = 0, third = 0] = before
    await log.release(third - 2)
    expect(log.segments.map(({ baseSeq }) => baseSeq)).toEqual(before.slice(1))
    await log.release(third - 1)
    expect(log.firstSeq).toBe(third)
    expect(await readNumbers(log)).toEqual(range(third, 40))
    expect(log.count).toBe(40 - third + 1)
    await log.close()
    const { log: reopened, report } = await openLog(fileSystem)
    expect(report.newHoles).toEqual([])
    expect(reopened.firstSeq).toBe(third)
    expect(second).toBeLessThan(third)
    await reopened.close()
  })

  test('keeps the segment that is written to', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filledLog(fileSystem)
    await log.release(40)
    expect(fileSystem.paths(SEGMENTS).filter((path) => path.endsWith('.log'))).toHaveLength(1)
    await appendNumbers(log, 41, 60)
    expect(await readNumbers(log)).toEqual(range(log.firstSeq, 60))
    await log.close()
  })

  test('leaves an empty log that goes on with the next number', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filledLog(fileSystem)
    await log.roll()
    await log.release(40)
    expect(fileSystem.paths(SEGMENTS).filter((path) => path.endsWith('.log'))).toEqual([])
    expect(log.bytes).toBe(0)
    await log.close()
    const { log: reopened, report } = await openLog(fileSystem)
    expect(report.newHoles).toEqual([])
    expect(await reopened.append([numberedRecord(41)])).toBe(41)
    await reopened.close()
  })

  test('tells META before it deletes, so that a crash at any call leaves no hole', async () => {
    const reference = new MemoryFileSystem()
    await (await filledLog(reference)).close()
    const release = async (fileSystem: MemoryFileSystem): Promise<void> => {
      const { log } = await openLog(fileSystem)
      await log.release(30)
      await log.close()
    }
    const counted = reference.afterKill()
    await release(counted)
    for (let call = 0; call < counted.calls; call++) {
      for (const cut of ['kill', 'power cut', 'power cut that keeps names'] as const) {
        const fileSystem = reference.afterKill()
        let crashed: MemoryFileSystem | undefined
        let left = call
        fileSystem.fault = () => {
          if (left-- !== 0) return undefined
          crashed =
            cut === 'kill' ? fileSystem.afterKill() : fileSystem.afterPowerCut({ namesSurvive: cut !== 'power cut' })
          return undefined
        }
        await release(fileSystem)
        const { log, report } = await openLog(crashed ?? fileSystem)
        const context = `${cut} at call ${call}`
        expect(report.newHoles, context).toEqual([])
        expect(await readNumbers(log), context).toEqual(range(log.firstSeq, 40))
        // What was left over is gone.
        expect((crashed ?? fileSystem).paths(SEGMENTS).length, context).toBe(log.segments.length)
        await log.close()
      }
    }
  })

  test('tries again what could not be deleted', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filledLog(fileSystem)
    const count = fileSystem.paths(SEGMENTS).length
    fileSystem.fault = (operation) => (operation === 'remove' ? 'EACCES' : undefined)
    await log.release(30)
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(count)
    fileSystem.fault = undefined
    await log.release(30)
    expect(fileSystem.paths(SEGMENTS).length).toBeLessThan(count - 2)
    await log.close()
  })

  test('deletes nothing while META cannot be written', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filledLog(fileSystem)
    const count = fileSystem.paths(SEGMENTS).length
    fileSystem.fault = (operation, path) => (operation === 'write' && path.endsWith('META') ? 'EIO' : undefined)
    await expect(log.release(30)).rejects.toThrow('EIO')
    expect(fileSystem.paths(SEGMENTS)).toHaveLength(count)
    fileSystem.fault = undefined
    await log.release(0)
    expect(fileSystem.paths(SEGMENTS).length).toBeLessThan(count - 2)
    await log.close()
  })

  test('goes on counting the records that were lost in what it deleted', async () => {
    const fileSystem = new MemoryFileSystem()
    await (await filledLog(fileSystem)).close()
    const [, path = ''] = fileSystem.paths(SEGMENTS)
    fileSystem.files.delete(path)
    const { log, report } = await openLog(fileSystem)
    const [hole = { from: 0, to: 0 }] = report.newHoles
    const lost = hole.to - hole.from + 1
    expect(log.lost).toBe(lost)
    expect(log.count).toBe(40 - lost)
    await log.release(30)
    expect(log.lost).toBe(lost)
    expect(log.holes).toEqual([])
    expect(log.count).toBe(40 - log.firstSeq + 1)
    await log.close()
    const { log: reopened } = await openLog(fileSystem)
    expect(reopened.lost).toBe(lost)
    await reopened.close()
  })

  test('lets a reader that is behind go on where the log begins', async () => {
    const fileSystem = new MemoryFileSystem()
    const log = await filledLog(fileSystem)
    const reader = log.reader()
    expect(await reader.read(0, 1, 1)).toMatchObject([{ kind: 'record', seq: 1 }])
    await log.release(30)
    expect(await reader.read(1, 1, 1)).toMatchObject([{ kind: 'record', seq: log.firstSeq }])
    await reader.close()
    await log.close()
  })
})

describe('Log in strict mode', () => {
  const strict = { recovery: 'strict' } as const

  test('opens what a crash left, and cuts off an unfinished write', async () => {
    const fileSystem = new MemoryFileSystem()
    const { log } = await openLog(fileSystem, strict)
    await appendNumbers(log, 1, 20)
    const killed = fileSystem.afterKill()
    const path = killed.paths(SEGMENTS).findLast((name) => name.endsWith('.log')) ?? ''
    killed.replace(path, killed.read(path).subarray(0, -100))
    const { log: reopened, report } = await openLog(killed, strict)
    expect(report.tornBytes).toBeGreaterThan(0)
    expect(report.newHoles).toEqual([])
    await reopened.close()
    await log.close()
  })

  test('refuses damage, and opens after the other mode has reported it', async () => {
    const original = new MemoryFileSystem()
    await (await filledLog(original)).close()
    const segments = original.paths(SEGMENTS)
    const damages: Record<string, (fileSystem: MemoryFileSystem) => void> = {
      'a missing segment': (fileSystem) => fileSystem.files.delete(segments[1] ?? ''),
      'a damaged record of the last segment': (fileSystem) => fill(fileSystem, segments.at(-1) ?? '', 200),
      'a damaged header': (fileSystem) => fill(fileSystem, segments[2] ?? '', 20),
      'a lost META': (fileSystem) => fileSystem.files.delete(`${DIRECTORY}/META`),
    }
    for (const [name, damage] of Object.entries(damages)) {
      const fileSystem = original.afterKill()
      damage(fileSystem)
      await expect(openLog(fileSystem, strict), name).rejects.toMatchObject({ reason: 'buffer_unusable' })
      await (await openLog(fileSystem)).log.close()
      await (await openLog(fileSystem, strict)).log.close()
    }
  })

  function fill(fileSystem: MemoryFileSystem, path: string, at: number): void {
    const content = Buffer.from(fileSystem.read(path))
    content.fill(0xff, at, at + 4)
    fileSystem.replace(path, content)
  }
})
