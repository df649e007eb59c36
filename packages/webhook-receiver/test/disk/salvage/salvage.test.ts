import { describe, expect, test } from 'vitest'
import type { DiskBufferOptions } from '../../../src/disk/disk-buffer-options.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead } from '../sample-buffer.ts'
import { scale } from '../scale.ts'
import { ALL, closedLog, flipped, killedLog, segmentOf } from '../sample-log.ts'

const SEGMENT_HEADER_BYTES = 64
/** Bits of the log that are flipped: each at night. */
const BIT_STEP = scale > 1 ? 1 : 7
const RECORD_HEADER_BYTES = 40
const encryption = { keyId: 'k', key: () => Buffer.alloc(32, 7) }
const variants: readonly (readonly [string, Partial<DiskBufferOptions>])[] = [
  ['plain', {}],
  ['compressed', { compression: 'brotli' }],
  ['encrypted', { encryption }],
]

describe.each(variants)('salvage of a log that is %s', (_name, options) => {
  test('gets every record back whose header a bit was flipped in, and never a wrong one', {
    timeout: 120_000,
  }, async () => {
    const original = await logOf(options)
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    const headerBits = new Set(recordsOf(original).flatMap(({ at }) => bitsOf(at, RECORD_HEADER_BYTES)))
    let [inHeaders, returned] = [0, 0]
    for (let bit = 0; bit < content.length * 8; bit += BIT_STEP) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, flipped(content, bit))
      // `openAndRead` rejects a wrong body.
      const { report, numbers, lost } = await openAndRead(fileSystem, { ...options, recovery: 'salvage' })
      expect(numbers.length + lost).toBe(ALL.length)
      expect(lost).toBeLessThanOrEqual(1)
      if (!headerBits.has(bit)) continue
      inHeaders++
      returned += report.salvaged ?? 0
      if (lost > 0) continue
      // What was put back is whole: it can be read by an opening that looks for nothing.
      expect((await openAndRead(fileSystem, options)).numbers).toEqual(ALL)
    }
    expect(inHeaders).toBeGreaterThan(250)
    // Nothing proves what the length of the meta was.
    expect(returned).toBeGreaterThan(inHeaders * 0.85)
  })

  test('reads a segment whose header has no copy anywhere, as long as its salt is there', async () => {
    for (const [from, to] of [
      [0, 8],
      [8, 32],
      [0, 32],
      [48, 64],
    ] as const) {
      const fileSystem = await logOf(options)
      fill(fileSystem, segmentOf(fileSystem), from, to)
      fileSystem.files.delete(`${DIRECTORY}/META`)
      expect((await openAndRead(fileSystem.afterKill(), options)).numbers).toEqual([])
      expect((await openAndRead(fileSystem, { ...options, recovery: 'salvage' })).numbers).toEqual(ALL)
      expect((await openAndRead(fileSystem, options)).numbers).toEqual(ALL)
    }
  })
})

describe('salvage', () => {
  test('puts a header right exactly of which one bit was flipped, and keeps what it writes over', async () => {
    const original = await logOf({ encryption })
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    for (let bit = 0; bit < SEGMENT_HEADER_BYTES * 8; bit += 3) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, flipped(content, bit))
      fileSystem.files.delete(`${DIRECTORY}/META`)
      expect((await openAndRead(fileSystem, { encryption, recovery: 'salvage' })).numbers).toEqual(ALL)
      expect(fileSystem.read(path).subarray(0, SEGMENT_HEADER_BYTES)).toEqual(content.subarray(0, SEGMENT_HEADER_BYTES))
      const [kept = ''] = fileSystem.paths(`${DIRECTORY}/quarantine`)
      expect(fileSystem.read(kept)).toEqual(flipped(content, bit).subarray(0, SEGMENT_HEADER_BYTES))
    }
  })

  test('does not take a salt for whole that opens no record, and leaves the file to another attempt', async () => {
    const fileSystem = await logOf({ encryption })
    const path = segmentOf(fileSystem)
    fill(fileSystem, path, 44, 48)
    fileSystem.files.delete(`${DIRECTORY}/META`)
    const damaged = Buffer.from(fileSystem.read(path))
    const wrongKey = { encryption: { keyId: 'k', key: () => Buffer.alloc(32, 8) } }
    await expect(openAndRead(fileSystem, { ...wrongKey, recovery: 'salvage' })).rejects.toMatchObject({
      reason: 'buffer_unusable',
    })
    expect(fileSystem.read(path)).toEqual(damaged)
    await openAndRead(fileSystem, { encryption, recovery: 'salvage' })
    const [kept = ''] = fileSystem.paths(`${DIRECTORY}/quarantine`)
    expect(fileSystem.read(kept)).toEqual(damaged)
  })

  test('reads a segment whose header is gone as a whole, by the key that its first record gives away', async () => {
    for (const options of [{}, { compression: 'brotli' }] as const) {
      const fileSystem = await logOf(options)
      fill(fileSystem, segmentOf(fileSystem), 0, SEGMENT_HEADER_BYTES)
      fileSystem.files.delete(`${DIRECTORY}/META`)
      const { numbers, report } = await openAndRead(fileSystem, { recovery: 'salvage' })
      expect(numbers).toEqual(ALL)
      expect(report.holes).toEqual([])
    }
  })

  test('takes nothing for a record that is in a payload, even where nothing else is left', async () => {
    const forged = await closedLog()
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    const body = forged.read(segmentOf(forged)).subarray(SEGMENT_HEADER_BYTES)
    await buffer.append([{ ...numberedEvent(1), body }])
    await buffer.close()
    fill(fileSystem, segmentOf(fileSystem), 0, SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES)
    fileSystem.files.delete(`${DIRECTORY}/META`)
    const { numbers } = await openAndRead(fileSystem, { recovery: 'salvage' })
    expect(numbers).toEqual([])
    expect(fileSystem.paths(`${DIRECTORY}/quarantine`)).toHaveLength(2)
  })

  test('keeps what nothing proves to have been acknowledged, and reports the gap before it', async () => {
    const fileSystem = await killedLog()
    const [, , , , , , , eighth] = recordsOf(fileSystem)
    fill(
      fileSystem,
      segmentOf(fileSystem),
      (eighth?.at ?? 0) + RECORD_HEADER_BYTES,
      (eighth?.at ?? 0) + RECORD_HEADER_BYTES + 8,
    )
    expect((await openAndRead(fileSystem.afterKill())).numbers).toEqual([1, 2, 3, 4, 5, 6, 7])
    const { numbers, lost } = await openAndRead(fileSystem, { recovery: 'salvage' })
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 9])
    expect(lost).toBe(1)
  })

  test('remembers the ids of what it got back', async () => {
    const fileSystem = await closedLog()
    const [, , third] = recordsOf(fileSystem)
    fill(fileSystem, segmentOf(fileSystem), (third?.at ?? 0) + 36, (third?.at ?? 0) + 40)
    const buffer = memoryDiskBuffer(fileSystem, { recovery: 'salvage' })
    expect(await buffer.open()).toMatchObject({ salvaged: 1, holes: [] })
    expect(await buffer.append([numberedEvent(3)])).toMatchObject([{ status: 'duplicate' }])
    await buffer.close()
  })

  test('writes nothing over of which no copy could be kept', async () => {
    const fileSystem = await closedLog()
    const path = segmentOf(fileSystem)
    const [, , third] = recordsOf(fileSystem)
    fill(fileSystem, path, (third?.at ?? 0) + 36, (third?.at ?? 0) + 40)
    const damaged = Buffer.from(fileSystem.read(path))
    fileSystem.fault = (operation, file) =>
      operation === 'write' && file.includes('/quarantine/') ? 'ENOSPC' : undefined
    expect((await openAndRead(fileSystem, { recovery: 'salvage' })).lost).toBe(1)
    expect(fileSystem.read(path)).toEqual(damaged)
  })

  test('finds nothing to do in a whole log, and changes none of its records', async () => {
    const fileSystem = await closedLog()
    const path = segmentOf(fileSystem)
    const content = Buffer.from(fileSystem.read(path))
    const { report, numbers } = await openAndRead(fileSystem, { recovery: 'salvage' })
    expect(report).toMatchObject({ salvaged: 0, holes: [], tornBytes: 0, warnings: [] })
    expect(numbers).toEqual(ALL)
    expect(fileSystem.read(path)).toEqual(content)
  })
})

async function logOf(options: Partial<DiskBufferOptions>): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem, options)
  await buffer.open()
  for (const numbers of [[1, 2], [3], [4, 5, 6], [7], [8, 9]])
    await buffer.append(numbers.map((number) => numberedEvent(number)))
  await buffer.close()
  return fileSystem
}

/** Where the records of an undamaged segment are. */
function recordsOf(fileSystem: MemoryFileSystem): { readonly at: number }[] {
  const content = fileSystem.read(segmentOf(fileSystem))
  const records: { at: number }[] = []
  let at = SEGMENT_HEADER_BYTES
  while (at < content.length) {
    records.push({ at })
    at += Math.ceil((RECORD_HEADER_BYTES + content.readUInt32LE(at + 8)) / 8) * 8
  }
  return records
}

function bitsOf(at: number, length: number): number[] {
  return Array.from({ length: length * 8 }, (_, bit) => at * 8 + bit)
}

function fill(fileSystem: MemoryFileSystem, path: string, from: number, to: number): void {
  const content = Buffer.from(fileSystem.read(path))
  content.fill(0xff, from, to)
  fileSystem.replace(path, content)
}
