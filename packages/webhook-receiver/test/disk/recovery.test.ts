import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead } from './sample-buffer.ts'
import { ALL, closedLog, flipped, killedLog, segmentOf } from './sample-log.ts'

describe('recovery after a truncation', () => {
  test('keeps every whole record before the cut, wherever the cut is, and goes on behind them', async () => {
    const original = await killedLog()
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    let seen = 0
    for (let length = content.length; length >= 0; length--) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, content.subarray(0, length))
      const buffer = memoryDiskBuffer(fileSystem)
      const report = await buffer.open()
      const [added] = await buffer.append([numberedEvent(100)])
      await buffer.close()
      const { numbers } = await openAndRead(fileSystem)
      const kept = numbers.slice(0, -1)
      expect(kept).toEqual(ALL.slice(0, kept.length))
      expect(numbers.at(-1)).toBe(100)
      expect(report.holes).toEqual([])
      expect(added?.status).toBe('appended')
      expect(Number.parseInt(added?.position ?? '', 16)).toBe(kept.length + 1)
      if (length === content.length) expect(kept).toEqual(ALL)
      seen += kept.length
    }
    // On average half of the log is there: the loop did not read empty logs.
    expect(seen).toBeGreaterThan(content.length * 3)
  })

  test('reports exactly which acknowledged records are missing once META says that they were durable', async () => {
    const original = await closedLog()
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    for (let length = content.length; length >= 0; length -= 3) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, content.subarray(0, length))
      const { report, numbers, entries, lost } = await openAndRead(fileSystem)
      const missing = ALL.length - numbers.length
      expect(numbers).toEqual(ALL.slice(0, numbers.length))
      expect(report.holes.reduce((sum, hole) => sum + hole.lost, 0)).toBe(missing)
      expect(lost).toBe(missing)
      const last = entries.at(-1)
      if (missing > 0) expect(last).toMatchObject({ kind: 'hole', hole: { lost: missing } })
    }
  })

  test('keeps what is cut in quarantine, with a note of where it was', async () => {
    const original = await killedLog()
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    const fileSystem = original.afterKill()
    fileSystem.replace(path, content.subarray(0, content.length - 20))
    const { report } = await openAndRead(fileSystem)
    const [cut, note] = fileSystem.paths(`${DIRECTORY}/quarantine`)
    expect(report.tornBytes).toBe(fileSystem.read(cut ?? '').length)
    const { offset, length } = JSON.parse(fileSystem.read(note ?? '').toString()) as Record<string, number>
    expect(content.subarray(offset, (offset ?? 0) + (length ?? 0))).toEqual(fileSystem.read(cut ?? ''))
  })

  test('takes zeros behind the last record for space that was allocated ahead', async () => {
    const original = await killedLog()
    const path = segmentOf(original)
    const fileSystem = original.afterKill()
    fileSystem.replace(path, Buffer.concat([original.read(path), Buffer.alloc(10_000)]))
    const { report, numbers } = await openAndRead(fileSystem)
    expect(report.tornBytes).toBe(0)
    expect(numbers).toEqual(ALL)
    expect(fileSystem.paths(`${DIRECTORY}/quarantine`)).toEqual([])
    const again = memoryDiskBuffer(fileSystem)
    await again.open()
    await again.append([numberedEvent(50)])
    await again.close()
    expect(fileSystem.paths(`${DIRECTORY}/seg`)).toEqual([path])
    expect((await openAndRead(fileSystem)).numbers).toEqual([...ALL, 50])
  })
})

describe('recovery after a flipped bit', () => {
  test('loses at most the record that was hit and says which, for every bit of a closed log', {
    timeout: 120_000,
  }, async () => {
    const original = await closedLog()
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    const flips = { harmless: 0, lost: 0 }
    for (let bit = 0; bit < content.length * 8; bit++) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, flipped(content, bit))
      const { report, numbers, entries, lost } = await openAndRead(fileSystem)
      const missing = ALL.filter((number) => !numbers.includes(number))
      if (missing.length > 1) throw new Error(`Bit ${bit} cost ${missing.length} records.`)
      const holes = entries.flatMap((entry) => (entry.kind === 'hole' ? [entry.hole] : []))
      const told = report.holes.flatMap((hole) => [Number.parseInt(hole.from, 16), Number.parseInt(hole.to, 16)])
      const [gone] = missing
      if (gone === undefined) {
        if (lost !== 0 || holes.length !== 0 || told.length !== 0) throw new Error(`Bit ${bit}: a loss was invented.`)
        flips.harmless++
      } else {
        if (lost !== 1 || holes.length !== 1 || told[0] !== gone || told[1] !== gone)
          throw new Error(`Bit ${bit}: the loss of record ${gone} was not reported.`)
        flips.lost++
      }
    }
    // Padding and the segment's header cost nothing, everything else a record.
    expect(flips.harmless).toBeGreaterThan(64 * 8 - 1)
    expect(flips.lost).toBeGreaterThan(flips.harmless)
  })

  test('without a hint, only a flip in the last two batches can pass for an unfinished write', async () => {
    const original = await killedLog()
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    for (let bit = 0; bit < content.length * 8; bit += 5) {
      const fileSystem = original.afterKill()
      fileSystem.replace(path, flipped(content, bit))
      const { report, numbers } = await openAndRead(fileSystem)
      const missing = ALL.filter((number) => !numbers.includes(number))
      const told = report.holes.reduce((sum, hole) => sum + hole.lost, 0)
      if (missing.length === told) {
        if (missing.length > 1) throw new Error(`Bit ${bit} cost ${missing.length} records.`)
        continue
      }
      // Cut off as torn: nothing of it can be proven, nothing of it is in the middle, and the bytes are kept.
      expect(told).toBe(0)
      expect(missing).toEqual(ALL.slice(numbers.length))
      expect(missing[0]).toBeGreaterThanOrEqual(7)
      expect(report.tornBytes).toBeGreaterThan(0)
    }
  })

  test('costs nothing in META, for every bit', async () => {
    const original = await closedLog()
    const path = `${DIRECTORY}/META`
    const content = Buffer.from(original.read(path))
    // The rest of the slots is zero and has no meaning.
    for (const from of [0, 4096]) {
      for (let bit = from * 8; bit < (from + 200) * 8; bit++) {
        const fileSystem = original.afterKill()
        fileSystem.replace(path, flipped(content, bit))
        const { report, numbers } = await openAndRead(fileSystem)
        expect(numbers).toEqual(ALL)
        expect(report.holes).toEqual([])
      }
    }
  })
})

describe('recovery after one torn write and another', () => {
  test('invents no loss, and cuts off the second like the first', async () => {
    const fileSystem = new MemoryFileSystem()
    let log = fileSystem
    for (const first of [3, 13]) {
      const buffer = memoryDiskBuffer(log)
      await buffer.open()
      if (first === 3) for (const number of [1, 2]) await buffer.append([numberedEvent(number)])
      await buffer.append([numberedEvent(first), numberedEvent(first + 1)])
      const killed = log.afterKill()
      const content = Buffer.from(killed.read(segmentOf(killed)))
      const header = content.indexOf(`{"i":"evt_${first}"`) - 40
      content.fill(0, header, header + 40)
      killed.replace(segmentOf(killed), content)
      const { report, numbers } = await openAndRead(killed)
      expect(report.holes).toEqual([])
      expect(numbers).toEqual([1, 2])
      log = killed
    }
    // Both copies are kept, although they were cut at the same place.
    const copies = log.paths(`${DIRECTORY}/quarantine`).filter((path) => path.endsWith('.bin'))
    expect(copies.map((path) => log.read(path).includes('"evt_4"'))).toEqual([false, true])
    expect(copies.map((path) => log.read(path).includes('"evt_14"'))).toEqual([true, false])
  })
})

describe('recovery after a lost sector', () => {
  test('loses the records that it touched, no others, and says which', async () => {
    const original = await closedLog(40)
    const path = segmentOf(original)
    const content = Buffer.from(original.read(path))
    for (let at = 0; at < content.length; at += 512) {
      const damaged = Buffer.from(content)
      damaged.fill(0, at, Math.min(at + 512, damaged.length))
      const fileSystem = original.afterKill()
      fileSystem.replace(path, damaged)
      const { numbers, lost, report } = await openAndRead(fileSystem)
      const all = [...ALL, ...Array.from({ length: 40 }, (_, index) => index + 10)]
      const missing = all.filter((number) => !numbers.includes(number))
      expect(missing.length).toBeLessThanOrEqual(6)
      expect(missing.length).toBeGreaterThanOrEqual(1)
      expect((missing.at(-1) ?? 0) - (missing[0] ?? 0)).toBe(missing.length - 1)
      expect(lost).toBe(missing.length)
      expect(report.holes).toHaveLength(1)
    }
  })
})

describe('recovery of a log whose payload looks like a log', () => {
  test('takes no record from inside a body, even when the record around it is damaged', async () => {
    const donor = await closedLog()
    const forged = donor.read(segmentOf(donor))
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([{ ...numberedEvent(50), body: forged }])
    await buffer.append([numberedEvent(51)])
    await buffer.append([numberedEvent(52)])
    await buffer.close()
    const path = segmentOf(fileSystem)
    const content = fileSystem.read(path)
    for (let bit = 0; bit < 40 * 8; bit++) {
      const damaged = fileSystem.afterKill()
      damaged.replace(path, flipped(content, 64 * 8 + bit))
      const { numbers, lost } = await openAndRead(damaged)
      expect(numbers).toEqual([51, 52])
      expect(lost).toBe(1)
    }
  })
})

describe('recovery of the segments', () => {
  test('trusts no seal that is damaged', async () => {
    const fileSystem = new MemoryFileSystem()
    const options = { segmentBytes: 4096 }
    const buffer = memoryDiskBuffer(fileSystem, options)
    await buffer.open()
    for (let number = 1; number <= 20; number++) await buffer.append([numberedEvent(number, 500)])
    await buffer.close()
    const [path = ''] = fileSystem.paths(`${DIRECTORY}/seg`)
    const content = Buffer.from(fileSystem.read(path))
    // As if its last append had been long before the dedupe window.
    content.fill(0, content.length - 16, content.length - 8)
    fileSystem.replace(path, content)
    const again = memoryDiskBuffer(fileSystem, options)
    expect((await again.open()).holes).toEqual([])
    expect(await again.append([numberedEvent(1, 500)])).toMatchObject([{ status: 'duplicate' }])
    await again.close()
  })

  test('counts each lost record once, however many holes there are and however often it opens', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    const events = Array.from({ length: 601 }, (_, index) => numberedEvent(index + 1, 0))
    await buffer.append(events)
    await buffer.close()
    const path = segmentOf(fileSystem)
    const content = Buffer.from(fileSystem.read(path))
    for (let number = 2; number <= 600; number += 2) content.write('?', content.indexOf(`"evt_${number}"`))
    fileSystem.replace(path, content)
    expect((await openAndRead(fileSystem)).report.holes).toHaveLength(300)
    for (let opening = 2; opening <= 3; opening++) {
      const { report, lost, numbers } = await openAndRead(fileSystem)
      expect([report.holes.length, lost, numbers.length]).toEqual([0, 300, 301])
    }
  })

  test('copies the header of the segment that it goes on with to a META that was lost', async () => {
    const fileSystem = await closedLog()
    fileSystem.files.delete(`${DIRECTORY}/META`)
    expect((await openAndRead(fileSystem)).numbers).toEqual(ALL)
    const path = segmentOf(fileSystem)
    const content = Buffer.from(fileSystem.read(path))
    content.fill(0, 0, 64)
    fileSystem.replace(path, content)
    expect((await openAndRead(fileSystem)).numbers).toEqual(ALL)
  })

  test('reports the records of a missing segment as a hole', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 4096 })
    await buffer.open()
    for (let number = 1; number <= 60; number++) await buffer.append([numberedEvent(number, 200)])
    await buffer.close()
    const segments = fileSystem.paths(`${DIRECTORY}/seg`)
    expect(segments.length).toBeGreaterThan(3)
    for (const path of segments) {
      const damaged = fileSystem.afterKill()
      damaged.files.delete(path)
      const { numbers, report, lost } = await openAndRead(damaged)
      expect(report.holes).toHaveLength(1)
      expect(numbers.length + lost).toBe(60)
      const again = await openAndRead(damaged)
      expect(again.report.holes).toEqual([])
      expect(again.lost).toBe(lost)
      expect(again.numbers).toEqual(numbers)
    }
  })

  test('removes a segment that a crash left without a header', async () => {
    const original = await killedLog()
    for (const length of [0, 1, 63, 64]) {
      const fileSystem = original.afterKill()
      const unborn = `${DIRECTORY}/seg/000000000000000a-00000001.log`
      fileSystem.replace(unborn, Buffer.alloc(length))
      expect((await openAndRead(fileSystem)).numbers).toEqual(ALL)
      expect(fileSystem.files.has(unborn)).toBe(false)
    }
  })

  test('refuses a log of a later format', async () => {
    const fileSystem = await closedLog()
    const segment = Buffer.from(fileSystem.read(segmentOf(fileSystem)))
    const { crc32 } = await import('node:zlib')
    segment.writeUInt16LE(2, 8)
    segment.writeUInt32LE(crc32(segment.subarray(0, 60)), 60)
    fileSystem.replace(segmentOf(fileSystem), segment)
    await expect(memoryDiskBuffer(fileSystem).open()).rejects.toMatchObject({ reason: 'buffer_unusable' })
  })

  test('counts what a consumer has seen as proof that it was durable', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const results = await buffer.append([numberedEvent(1), numberedEvent(2), numberedEvent(3)])
    await consumer.commit(lease, { done: results.map((result) => result.position) })
    const killed = fileSystem.afterKill()
    killed.replace(segmentOf(killed), killed.read(segmentOf(killed)).subarray(0, 70))
    const again = memoryDiskBuffer(killed)
    const report = await again.open()
    expect(report.holes).toMatchObject([{ lost: 3 }])
    const [added] = await again.append([numberedEvent(4)])
    expect(added?.position).toBe('0000000000000004')
    await again.close()
  })
})
