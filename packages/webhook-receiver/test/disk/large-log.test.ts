import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { memoryDiskBuffer, numberedEvent, openAndRead } from './sample-buffer.ts'
import { flipped, segmentOf } from './sample-log.ts'
import { scale, scaled, spreadOver } from './scale.ts'

/** Bodies of a log of more than 64 KiB, one of them larger than what a record is read with at first. */
const BODIES = [0, 1, 7, 63, 90, 500, 511, 512, 513, 4_095, 4_096, 9_000, 40_000, 300, 12_000, 8]
const ALL = BODIES.map((_, index) => index + 1)
/** Cuts, and flipped bits, spread over the log. At night it is cut everywhere, and every bit is flipped. */
const CUTS = scaled(50)
const BITS = scaled(400)

async function largeLog(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  for (const [index, bytes] of BODIES.entries()) await buffer.append([numberedEvent(index + 1, bytes)])
  await buffer.close()
  return fileSystem
}

describe('recovery of a log of 64 KiB', () => {
  test('reports exactly which records a cut has cost', { timeout: 60_000 * scale }, async () => {
    const original = await largeLog()
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    expect(content.length).toBeGreaterThan(65_536)
    for (const length of spreadOver(content.length, CUTS)) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, content.subarray(0, length))
      const { report, numbers, lost } = await openAndRead(fileSystem)
      const missing = ALL.length - numbers.length
      const told = report.holes.reduce((sum, hole) => sum + hole.lost, 0)
      if (told !== missing || lost !== missing)
        throw new Error(`Cut at ${length}: ${missing} are missing, ${told} told.`)
      expect(numbers).toEqual(ALL.slice(0, numbers.length))
    }
  })

  test('loses at most the record that a flipped bit hits, and says which', { timeout: 60_000 * scale }, async () => {
    const original = await largeLog()
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    for (const bit of spreadOver(content.length * 8, BITS)) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, flipped(content, bit))
      const { numbers, entries, lost } = await openAndRead(fileSystem)
      const missing = ALL.filter((number) => !numbers.includes(number))
      const told = entries.flatMap((entry) => (entry.kind === 'hole' ? [Number.parseInt(entry.hole.from, 16)] : []))
      if (missing.length > 1 || lost !== missing.length)
        throw new Error(`Bit ${bit}: ${missing.length} are missing, ${lost} told.`)
      expect(told, `bit ${bit}`).toEqual(missing)
    }
  })
})
