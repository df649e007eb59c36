import { seededRandom } from '@holdfast/core/testing'
import type { Random } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { Hole } from '../../src/buffer/event-buffer.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead } from './sample-buffer.ts'
import { withKept } from '../../../../test/seeds/kept-seeds.ts'
import { freshSeeds, scale, scaled } from './scale.ts'

const SEEDS = scaled(80)
const ROUNDS = 4
const OPTIONS = { segmentBytes: 4096, maxBatchBytes: 4096 } as const

function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit)
}

/** Fills some segments and closes; returns the number of the next event. Event and position have the same number. */
async function appendSome(fileSystem: MemoryFileSystem, first: number, random: Random): Promise<number> {
  const buffer = memoryDiskBuffer(fileSystem, OPTIONS)
  await buffer.open()
  let next = first
  for (let batches = 3 + below(random, 12); batches > 0; batches--) {
    const events = Array.from({ length: 1 + below(random, 4) }, () =>
      numberedEvent(next++, random.next() < 0.2 ? 3000 : below(random, 600)),
    )
    await Promise.all(events.map((event) => buffer.append([event])))
  }
  await buffer.close()
  return next
}

/** Damages one segment: a bit, a cut, a sector, a run of bytes, the whole file, or bytes behind its end. */
function damageSome(fileSystem: MemoryFileSystem, random: Random): void {
  const paths = fileSystem.paths(`${DIRECTORY}/seg`)
  const path = paths[below(random, paths.length)]
  if (path === undefined) return
  const content = Buffer.from(fileSystem.read(path))
  const at = below(random, content.length)
  switch (below(random, 6)) {
    case 0:
      content.writeUInt8(content.readUInt8(at) ^ (1 << below(random, 8)), at)
      return fileSystem.replace(path, content)
    case 1:
      return fileSystem.replace(path, content.subarray(0, at))
    case 2:
      content.fill(0, at - (at % 512), Math.min(content.length, at - (at % 512) + 512))
      return fileSystem.replace(path, content)
    case 3:
      for (let index = at; index < Math.min(content.length, at + 700); index++) content[index] = below(random, 256)
      return fileSystem.replace(path, content)
    case 4:
      fileSystem.files.delete(path)
      return
    default:
      return fileSystem.replace(
        path,
        Buffer.concat([content, Buffer.alloc(below(random, 3000), below(random, 2) * 85)]),
      )
  }
}

function numbersOf(holes: readonly Hole[]): number[] {
  return holes.flatMap(({ from, lost }) =>
    Array.from({ length: lost }, (_, index) => Number.parseInt(from, 16) + index),
  )
}

describe('diskBuffer against a model of damage', () => {
  test('reports each lost record once, where it was, and nothing else', { timeout: 60_000 * scale }, async () => {
    let lostInAll = 0
    for (const seed of withKept('damage', freshSeeds(SEEDS))) {
      const random = seededRandom(seed)
      const fileSystem = new MemoryFileSystem()
      let known: number[] = []
      let next = 1
      for (let round = 1; round <= ROUNDS; round++) {
        next = await appendSome(fileSystem, next, random)
        for (let count = 1 + below(random, 4); count > 0; count--) damageSome(fileSystem, random)
        const { report, numbers, entries, lost } = await openAndRead(fileSystem, OPTIONS)
        const missing = Array.from({ length: next - 1 }, (_, index) => index + 1).filter((n) => !numbers.includes(n))
        const holes = entries.flatMap((entry) => (entry.kind === 'hole' ? [entry.hole] : []))
        const context = `seed ${seed}, round ${round}`
        expect(numbers, context).toEqual(numbers.toSorted((left, right) => left - right))
        expect(numbersOf(holes), context).toEqual(missing)
        expect(lost, context).toBe(missing.length)
        // Damage to a sealed segment is found when it is read. What opening reports is missing, and was not reported before.
        for (const number of numbersOf(report.holes)) {
          expect(missing, context).toContain(number)
          expect(known, context).not.toContain(number)
        }
        const again = await openAndRead(fileSystem, OPTIONS)
        expect(again.report.holes, context).toEqual([])
        expect(again.lost, context).toBe(missing.length)
        known = missing
      }
      lostInAll += known.length
    }
    expect(lostInAll).toBeGreaterThan(SEEDS * 5)
  })
})
