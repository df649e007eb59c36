import { describe, expect, test } from 'vitest'
import type { Log } from '../../src/disk/log.ts'
import type { LogReader } from '../../src/disk/log-reader.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY } from './sample-buffer.ts'
import { appendNumbers, openLog } from './sample-records.ts'

const SEGMENTS = `${DIRECTORY}/seg`

/** What was done to the segments, other than writing. */
interface Looks {
  opens: number
  closes: number
  reads: number
  bytes: number
}

describe('LogReader at another place', () => {
  /** A log of one long segment, and a reader at its start. */
  async function reading(
    count: number,
  ): Promise<{ readonly log: Log; readonly reader: LogReader; readonly looks: Looks }> {
    const fileSystem = new MemoryFileSystem()
    const { log } = await openLog(fileSystem, { segmentBytes: 1024 * 1024 * 1024 })
    await appendNumbers(log, 1, count, 4000)
    const reader = log.reader()
    const looks = { opens: 0, closes: 0, reads: 0, bytes: 0 }
    fileSystem.fault = (operation, path, from = 0, to = 0) => {
      if (!path.startsWith(SEGMENTS)) return undefined
      if (operation === 'open') looks.opens++
      if (operation === 'close') looks.closes++
      if (operation === 'read') {
        looks.reads++
        looks.bytes += to - from
      }
      return undefined
    }
    expect(await reader.read(0, 1, 1)).toMatchObject([{ kind: 'record', seq: 1 }])
    return { log, reader, looks }
  }

  test('keeps its file, and what it has of it in memory', async () => {
    const { log, reader, looks } = await reading(600)
    for (const after of [10, 3, 300, 500, 20, 500, 599]) {
      looks.bytes = 0
      expect(await reader.read(after, 1, 1)).toMatchObject([{ kind: 'record', seq: after + 1 }])
      expect(looks.bytes).toBeLessThan(257 * 1024)
    }
    expect(looks).toMatchObject({ opens: 1, closes: 0 })
    looks.reads = 0
    expect(await reader.read(595, 4, 1e9)).toHaveLength(4)
    expect(looks.reads).toBeLessThanOrEqual(1)
    await reader.close()
    expect(looks.closes).toBe(1)
    await log.close()
  })

  test('keeps its file while it is asked for what is still to come', async () => {
    const { log, reader, looks } = await reading(5)
    expect(await reader.read(5, 1, 1)).toEqual([])
    expect(await reader.read(1, 9, 1e9)).toHaveLength(4)
    expect(looks).toMatchObject({ opens: 1, closes: 0, reads: 1 })
    await reader.close()
    await log.close()
  })

  test('finds it in a segment that was sealed meanwhile', async () => {
    const { log, reader, looks } = await reading(600)
    await log.roll()
    looks.bytes = 0
    expect(await reader.read(500, 1, 1)).toMatchObject([{ kind: 'record', seq: 501 }])
    expect(looks.bytes).toBeLessThan(260 * 1024)
    await appendNumbers(log, 601, 602)
    expect(await reader.read(600, 9, 1e9)).toMatchObject([{ seq: 601 }, { seq: 602 }])
    expect(await reader.read(599, 9, 1e9)).toMatchObject([{ seq: 600 }, { seq: 601 }, { seq: 602 }])
    await reader.close()
    await log.close()
  })

  test('reports damage on its way to where it goes, and only there', async () => {
    const fileSystem = new MemoryFileSystem()
    const { log } = await openLog(fileSystem, { segmentBytes: 1024 * 1024 })
    await appendNumbers(log, 1, 60, 1000)
    const [path = ''] = fileSystem.paths(SEGMENTS)
    const content = fileSystem.files.get(path)
    if (content === undefined) throw new Error('There is no segment.')
    for (const number of [20, 41]) content.data.fill(1, 64 + (number - 1) * 1048 + 100, 64 + (number - 1) * 1048 + 110)
    const reader = log.reader()
    await reader.read(0, 1, 1)
    expect(await reader.read(39, 3, 1e9)).toMatchObject([
      { kind: 'record', seq: 40 },
      { kind: 'hole', hole: { from: 41, to: 41 } },
      { kind: 'record', seq: 42 },
    ])
    expect(log.holes).toEqual([{ from: 41, to: 41 }])
    await reader.close()
    await log.close()
  })
})
