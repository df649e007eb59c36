import { seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { StoredId } from '../../../src/disk/dedupe/id-entry.ts'
import { tableSource } from '../../../src/disk/dedupe/id-source.ts'
import { IdRuns } from '../../../src/disk/dedupe/id-runs.ts'
import { IdTable } from '../../../src/disk/dedupe/id-table.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { idOf, KEY } from './sample-ids.ts'

const DIRECTORY = '/data/ids'

function openRuns(fileSystem: MemoryFileSystem, key = KEY): Promise<IdRuns> {
  return IdRuns.open({ fileSystem, directory: DIRECTORY }, () => key)
}

/** Adds a run with the ids of the numbers, whose sequence numbers are the same. */
async function addRun(runs: IdRuns, from: number, to: number, at = 1000): Promise<void> {
  const table = new IdTable()
  for (let number = from; number <= to; number++) table.add(idOf(number), { seq: number, at })
  await runs.add(tableSource(table, { from, to }), 0)
}

async function find(runs: IdRuns, number: number, accept: (stored: StoredId) => boolean = () => true) {
  return (await runs.find(idOf(number), accept))?.seq
}

describe('IdRuns', () => {
  test('finds every id with its event, and no other, before and after a restart', async () => {
    const fileSystem = new MemoryFileSystem()
    let runs = await openRuns(fileSystem)
    await addRun(runs, 1, 3000)
    await addRun(runs, 3001, 3001)
    await addRun(runs, 3002, 9000)
    for (let round = 0; round < 2; round++) {
      for (let number = 1; number <= 9000; number += 7) expect(await find(runs, number)).toBe(number)
      for (let number = 9001; number <= 18_000; number += 7) expect(await find(runs, number)).toBeUndefined()
      expect(runs.highestSeq).toBe(9000)
      expect(runs.uncovered({ from: 1, to: 9010 })).toEqual([{ from: 9001, to: 9010 }])
      await runs.close()
      runs = await openRuns(fileSystem, 'f'.repeat(32))
      expect(runs.key).toBe(KEY)
    }
    await runs.close()
  })

  test('reads one bucket of some kilobytes for an id', async () => {
    const fileSystem = new MemoryFileSystem()
    const runs = await openRuns(fileSystem)
    await addRun(runs, 1, 50_000)
    const reads: number[] = []
    fileSystem.fault = (operation, _path, from = 0, to = 0) => {
      if (operation === 'read') reads.push(to - from)
      return undefined
    }
    for (let number = 1; number <= 500; number++) await find(runs, number)
    expect(reads).toHaveLength(500)
    expect(Math.max(...reads)).toBeLessThan(6000)
    await runs.close()
  })

  test('merges four neighbours into one, and drops what has left the window', async () => {
    const fileSystem = new MemoryFileSystem()
    const runs = await openRuns(fileSystem)
    for (let run = 0; run < 4; run++) await addRun(runs, run * 100 + 1, run * 100 + 100, run < 2 ? 10 : 1000)
    expect(await runs.mergeSome(500)).toBe(true)
    expect(await runs.mergeSome(500)).toBe(false)
    expect(fileSystem.paths(DIRECTORY)).toEqual([
      `${DIRECTORY}/${'1'.padStart(16, '0')}-${'190'.padStart(16, '0')}.ids`,
    ])
    expect(runs.count).toBe(200)
    for (let number = 201; number <= 400; number++) expect(await find(runs, number)).toBe(number)
    for (let number = 1; number <= 200; number++) expect(await find(runs, number)).toBeUndefined()
    await runs.close()
    const reopened = await openRuns(fileSystem)
    expect(await find(reopened, 300)).toBe(300)
    await reopened.close()
  })

  test('takes new runs while neighbours are merged, and keeps both', async () => {
    const fileSystem = new MemoryFileSystem()
    const runs = await openRuns(fileSystem)
    for (let run = 0; run < 4; run++) await addRun(runs, run * 100 + 1, run * 100 + 100)
    const merging = runs.mergeSome(0)
    await addRun(runs, 401, 500)
    // What is being merged is not deleted under it.
    await runs.removeExpired(1_000_000)
    expect(await merging).toBe(true)
    for (const number of [1, 200, 400]) expect(await find(runs, number)).toBe(number)
    expect(runs.uncovered({ from: 1, to: 400 })).toEqual([])
    await runs.close()
  })

  test('gives a merge up when it is told to, and leaves what there was', async () => {
    const fileSystem = new MemoryFileSystem()
    const runs = await openRuns(fileSystem)
    for (let run = 0; run < 4; run++) await addRun(runs, run * 100 + 1, run * 100 + 100)
    const before = fileSystem.paths(DIRECTORY)
    await expect(runs.mergeSome(0, AbortSignal.abort())).rejects.toThrow()
    expect(fileSystem.paths(DIRECTORY)).toEqual(before)
    expect(await find(runs, 300)).toBe(300)
    await runs.close()
  })

  test('merges no runs that have a gap between them', async () => {
    const runs = await openRuns(new MemoryFileSystem())
    for (let run = 0; run < 6; run++) await addRun(runs, run * 100 + 1 + (run > 2 ? 1 : 0), run * 100 + 100)
    expect(await runs.mergeSome(0)).toBe(false)
    expect(runs.uncovered({ from: 1, to: 600 })).toHaveLength(3)
    await runs.close()
  })

  test('answers a lookup that is under way while its run is merged away', async () => {
    const fileSystem = new MemoryFileSystem()
    const runs = await openRuns(fileSystem)
    for (let run = 0; run < 8; run++) await addRun(runs, run * 100 + 1, run * 100 + 100)
    const merging = runs.mergeSome(0)
    const found: (number | undefined)[] = []
    for (let number = 1; number <= 800; number++) found.push(await find(runs, number))
    await merging
    expect(found).toEqual(Array.from({ length: 800 }, (_, index) => index + 1))
    await runs.close()
  })

  test('gives the latest event that is accepted when an id is in several runs', async () => {
    const runs = await openRuns(new MemoryFileSystem())
    for (let run = 0; run < 8; run++) {
      const table = new IdTable()
      table.add(idOf(1), { seq: run * 10 + 1, at: 1000 + run })
      await runs.add(tableSource(table, { from: run * 10 + 1, to: run * 10 + 10 }), 0)
    }
    expect(await find(runs, 1)).toBe(71)
    expect(await find(runs, 1, ({ seq }) => seq < 50)).toBe(41)
    await runs.mergeSome(0)
    expect(await find(runs, 1)).toBe(71)
    await runs.close()
  })

  test('deletes runs when all their ids have left the window', async () => {
    const fileSystem = new MemoryFileSystem()
    const runs = await openRuns(fileSystem)
    await addRun(runs, 1, 10, 100)
    await addRun(runs, 11, 20, 200)
    await runs.removeExpired(200)
    expect(fileSystem.paths(DIRECTORY)).toHaveLength(1)
    expect(await find(runs, 5)).toBeUndefined()
    expect(await find(runs, 15)).toBe(15)
    await runs.close()
  })

  test('deletes what a crash left over, whenever it came', async () => {
    const original = new MemoryFileSystem()
    const before = await openRuns(original)
    for (let run = 0; run < 8; run++) await addRun(before, run * 20 + 1, run * 20 + 20)
    await before.close()
    const work = async (fileSystem: MemoryFileSystem): Promise<void> => {
      const runs = await openRuns(fileSystem)
      await addRun(runs, 161, 180)
      await runs.mergeSome(0)
      await runs.close()
    }
    const counted = original.afterKill()
    await work(counted)
    const random = seededRandom(1)
    for (let call = 0; call < counted.calls; call++) {
      for (const cut of ['kill', 'power cut', 'torn'] as const) {
        const fileSystem = original.afterKill()
        let crashed: MemoryFileSystem | undefined
        let left = call
        fileSystem.fault = () => {
          if (left-- !== 0) return undefined
          crashed =
            cut === 'kill'
              ? fileSystem.afterKill()
              : fileSystem.afterPowerCut(
                  cut === 'torn' ? { survives: () => random.next() < 0.5, namesSurvive: random.next() < 0.5 } : {},
                )
          return undefined
        }
        await work(fileSystem)
        const found = crashed ?? fileSystem
        const runs = await openRuns(found)
        const context = `${cut} at call ${call}`
        expect(runs.uncovered({ from: 1, to: 160 }), context).toEqual([])
        for (let number = 1; number <= runs.highestSeq; number++) expect(await find(runs, number), context).toBe(number)
        expect(found.paths(DIRECTORY).length, context).toBeLessThanOrEqual(9)
        expect(
          found.paths(DIRECTORY).filter((path) => path.endsWith('.tmp')),
          context,
        ).toEqual([])
        await runs.close()
      }
    }
  })
})

describe('IdRuns with damage', () => {
  async function damaged(): Promise<{
    readonly original: MemoryFileSystem
    readonly path: string
    readonly content: Buffer
  }> {
    const original = new MemoryFileSystem()
    const runs = await openRuns(original)
    await addRun(runs, 1, 200)
    await runs.close()
    const [path = ''] = original.paths(DIRECTORY)
    return { original, path, content: Buffer.from(original.read(path)) }
  }

  test('takes no id for another, invents no event and forgets one bucket at most, for every bit', async () => {
    const { original, path, content } = await damaged()
    const seen = { dropped: 0, forgotten: 0, whole: 0 }
    for (let bit = 0; bit < content.length * 8; bit += 3) {
      const flipped = Buffer.from(content)
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const fileSystem = original.afterKill()
      fileSystem.replace(path, flipped)
      const runs = await openRuns(fileSystem)
      let known = 0
      for (const number of [1, 50, 99, 150, 200, 201, 300]) {
        const seq = await find(runs, number)
        if (seq === undefined) continue
        if (seq !== number || number > 200) throw new Error(`Bit ${bit}: ${number} was found as ${seq}.`)
        known++
      }
      if (runs.highestSeq === 0) seen.dropped++
      else if (known < 5) {
        seen.forgotten++
        // It is known to be incomplete now, so that the log keeps the records.
        expect(runs.uncovered({ from: 1, to: 200 })).toEqual([{ from: 1, to: 200 }])
      } else seen.whole++
      await runs.close()
    }
    expect(seen.dropped).toBeGreaterThan(100)
    expect(seen.forgotten).toBeGreaterThan(100)
    expect(seen.whole).toBeGreaterThan(100)
  })

  test('opens whatever is in the files', async () => {
    const { original, path, content } = await damaged()
    const random = seededRandom(2)
    for (let round = 0; round < 200; round++) {
      const fileSystem = original.afterKill()
      const at = Math.floor(random.next() * content.length)
      const choices = [
        content.subarray(0, at),
        Buffer.concat([content, Buffer.alloc(at, 7)]),
        Buffer.from(content).fill(0, at, Math.min(at + 512, content.length)),
        Buffer.from(content).fill(0xff, at, Math.min(at + 512, content.length)),
        Buffer.alloc(0),
      ]
      fileSystem.replace(path, choices[round % choices.length] ?? content)
      const runs = await openRuns(fileSystem)
      for (const number of [1, 100, 200]) expect([number, undefined]).toContain(await find(runs, number))
      await runs.close()
    }
  })

  test('counts what cannot be read as unknown', async () => {
    const { original, path } = await damaged()
    const runs = await openRuns(original)
    original.fault = (operation, file) => (operation === 'read' && file === path ? 'EIO' : undefined)
    expect(await find(runs, 5)).toBeUndefined()
    original.fault = undefined
    await runs.close()
  })
})
