import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { Consumer, EventBuffer, Lease } from '../../src/buffer/event-buffer.ts'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'

const HOUR_MS = 3_600_000
const OPTIONS = { segmentBytes: 4096 } as const

interface Setting {
  readonly fileSystem: MemoryFileSystem
  readonly clock: FakeClock
  readonly buffer: EventBuffer
  readonly consumer: Consumer
  readonly lease: Lease
}

/** A buffer with 40 events in several segments and a consumer. */
async function filledBuffer(options: Partial<DiskBufferOptions> = {}): Promise<Setting> {
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  const buffer = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock, ...options })
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  for (let number = 1; number <= 40; number++) await buffer.append([numberedEvent(number, 500)])
  return { fileSystem, clock, buffer, consumer, lease }
}

function positions(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => (from + index).toString(16).padStart(16, '0'))
}

function segmentsOf(fileSystem: MemoryFileSystem): string[] {
  return fileSystem.paths(`${DIRECTORY}/seg`).filter((path) => path.endsWith('.log'))
}

describe('the retention of diskBuffer', () => {
  test('deletes segments within a second once every consumer is through with them', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    const other = await consumerOf(buffer, 'other')
    const before = segmentsOf(fileSystem)
    await consumer.commit(lease, { done: positions(1, 40) })
    await clock.advance(1000)
    expect(segmentsOf(fileSystem)).toEqual(before)
    await other.consumer.commit(other.lease, { done: positions(1, 20) })
    await clock.advance(1000)
    const [first = ''] = segmentsOf(fileSystem)
    const base = Number.parseInt(first.slice(first.lastIndexOf('/') + 1).slice(0, 16), 16)
    expect(base).toBeGreaterThan(14)
    expect(base).toBeLessThanOrEqual(21)
    const left = await other.consumer.read(other.lease, positions(20, 20)[0] ?? null, {
      limit: 99,
      maxBytes: 1e9,
      waitMs: 0,
    })
    expect(left).toHaveLength(20)
    await buffer.close()
  })

  test('has no deleted segment open, so that its place is free, and reads on behind it', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    const open = new Map<string, number>()
    fileSystem.fault = (operation, path) => {
      const change = operation === 'open' ? 1 : operation === 'close' ? -1 : 0
      if (change !== 0) open.set(path, (open.get(path) ?? 0) + change)
      return undefined
    }
    const before = segmentsOf(fileSystem)
    expect(await consumer.read(lease, null, { limit: 10, maxBytes: 1e9, waitMs: 0 })).toHaveLength(10)
    expect(before.filter((path) => open.get(path) === 1)).toHaveLength(1)
    await consumer.commit(lease, { done: positions(1, 40) })
    await clock.advance(1000)
    const kept = segmentsOf(fileSystem)
    expect(kept).toHaveLength(1)
    expect(before.filter((path) => !kept.includes(path) && open.get(path) === 1)).toEqual([])
    await buffer.append([numberedEvent(41)])
    const [last = ''] = positions(40, 40)
    expect(await consumer.read(lease, last, { limit: 10, maxBytes: 1e9, waitMs: 0 })).toMatchObject([
      { kind: 'event', event: { position: positions(41, 41)[0] } },
    ])
    await buffer.close()
  })

  test('deletes nothing without a consumer', async () => {
    const { fileSystem, clock, buffer } = await filledBuffer()
    const before = segmentsOf(fileSystem)
    await buffer.removeConsumer('c')
    await clock.advance(5000)
    expect(segmentsOf(fileSystem)).toEqual(before)
    await buffer.close()
  })

  test('tells what each consumer holds back, and lets go of it with the consumer', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    await consumerOf(buffer, 'stale')
    await consumer.commit(lease, { done: positions(1, 40) })
    await clock.advance(1000)
    const { heldBytes, bytes } = await buffer.stats()
    expect(heldBytes).toEqual({ c: 0, stale: bytes })
    await buffer.removeConsumer('stale')
    await clock.advance(1000)
    expect(segmentsOf(fileSystem)).toHaveLength(1)
    await buffer.close()
  })

  test('keeps what was consumed for as long as it is told, by age', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer({ retention: { minAgeMs: HOUR_MS } })
    const before = segmentsOf(fileSystem)
    await consumer.commit(lease, { done: positions(1, 40) })
    await clock.advance(1000)
    expect(segmentsOf(fileSystem)).toEqual(before)
    expect(await readEverything(buffer, 'replay')).toHaveLength(40)
    await buffer.removeConsumer('replay')
    await clock.advance(HOUR_MS - 3000)
    expect(segmentsOf(fileSystem)).toEqual(before)
    await clock.advance(3000)
    expect(segmentsOf(fileSystem)).toHaveLength(1)
    await buffer.close()
  })

  test('keeps no more of it than it is told, the newest', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer({
      retention: { minAgeMs: HOUR_MS, maxBytes: 10_000 },
    })
    const before = segmentsOf(fileSystem)
    await consumer.commit(lease, { done: positions(1, 40) })
    await clock.advance(1000)
    const after = segmentsOf(fileSystem)
    expect(after).toEqual(before.slice(-after.length))
    const kept = after.slice(0, -1).reduce((sum, path) => sum + fileSystem.read(path).length, 0)
    expect(kept).toBeLessThanOrEqual(10_000)
    expect(kept).toBeGreaterThan(4000)
    await buffer.close()
  })

  test('lets a consumer that is registered later begin with the oldest event that is left', async () => {
    const { clock, buffer, consumer, lease } = await filledBuffer()
    await consumer.commit(lease, { done: positions(1, 40) })
    await clock.advance(1000)
    const entries = await readEverything(buffer, 'late')
    expect(entries.length).toBeLessThan(10)
    expect(entries.every(({ kind }) => kind === 'event')).toBe(true)
    expect((await buffer.stats()).consumers.find(({ name }) => name === 'late')?.backlog).toBe(entries.length)
    await buffer.close()
  })

  test('has the cursor on the disk before it deletes: no power cut brings back an event that is gone', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    await consumer.commit(lease, { done: positions(1, 40) })
    const states: MemoryFileSystem[] = []
    fileSystem.fault = () => {
      states.push(fileSystem.afterPowerCut(), fileSystem.afterPowerCut({ namesSurvive: true }), fileSystem.afterKill())
      return undefined
    }
    await clock.advance(1000)
    fileSystem.fault = undefined
    await buffer.close()
    expect(segmentsOf(fileSystem)).toHaveLength(1)
    expect(states.length).toBeGreaterThan(30)
    for (const state of states) {
      const again = memoryDiskBuffer(state, OPTIONS)
      expect((await again.open()).holes).toEqual([])
      const { consumer: reopened, lease: newLease } = await consumerOf(again)
      const { lowWater } = await reopened.load(newLease)
      const left = await reopened.read(newLease, lowWater, { limit: 99, maxBytes: 1e9, waitMs: 0 })
      const done = lowWater === null ? 0 : Number.parseInt(lowWater, 16)
      expect(left).toHaveLength(40 - done)
      await again.close()
    }
  })

  test('syncs the cursor before it deletes, also where that would be due later', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    // What is deleted is looked for 100 ms later, and acks are synced a second later.
    await clock.advance(900)
    await consumer.commit(lease, { done: positions(1, 40) })
    const calls: string[] = []
    fileSystem.fault = (operation, path) => {
      if (operation === 'datasync' && path.includes('/cur/')) calls.push('synced')
      if (operation === 'remove' && path.includes('/seg/') && path.endsWith('.log')) calls.push('deleted')
      return undefined
    }
    await clock.advance(100)
    await clock.runUntil(buffer.close())
    expect(calls.slice(0, 2)).toEqual(['synced', 'deleted'])
  })

  test('goes on in the segments that are left after a restart', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    await consumer.commit(lease, { done: positions(1, 30) })
    await clock.advance(1000)
    await buffer.close()
    const again = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock })
    const report = await again.open()
    expect(report.holes).toEqual([])
    const { consumer: reopened, lease: newLease } = await consumerOf(again)
    const { lowWater } = await reopened.load(newLease)
    expect(lowWater).toBe(positions(30, 30)[0])
    expect(await again.append([numberedEvent(41, 500)])).toMatchObject([{ position: positions(41, 41)[0] }])
    expect(await reopened.read(newLease, lowWater, { limit: 99, maxBytes: 1e9, waitMs: 0 })).toHaveLength(11)
    await again.close()
  })
})

describe('the ids of diskBuffer', () => {
  const DAY_MS = 24 * HOUR_MS

  test('are known after their segments were deleted, until the window ends, also after restarts', async () => {
    const window = 3 * DAY_MS
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer({ dedupeWindowMs: window })
    await consumer.commit(lease, { done: positions(1, 40) })
    await clock.advance(1000)
    expect(segmentsOf(fileSystem)).toHaveLength(1)
    const duplicates = positions(1, 40).map((position) => ({ status: 'duplicate', partition: 0, position }))
    const events = Array.from({ length: 40 }, (_, index) => numberedEvent(index + 1, 500))
    expect(await buffer.append(events)).toEqual(duplicates)
    await buffer.close()
    await clock.advance(window - 1000)
    const again = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock, dedupeWindowMs: window })
    await again.open()
    expect(await again.append(events)).toEqual(duplicates)
    await again.close()
    await clock.advance(1)
    await again.open()
    const stored = await again.append(events)
    expect(stored.every(({ status }) => status === 'appended')).toBe(true)
    await again.close()
    // The runs that nobody asks any more are gone.
    expect(fileSystem.paths(`${DIRECTORY}/ids`)).toEqual([])
  })

  test('keep their segments until they are on the disk by themselves', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    const other = new MemoryFileSystem()
    const failing = memoryDiskBuffer(other, { ...OPTIONS, clock })
    await failing.open()
    other.fault = (operation, path) => (operation === 'write' && path.includes('/ids/') ? 'EIO' : undefined)
    const c = await consumerOf(failing)
    for (let number = 1; number <= 40; number++) await failing.append([numberedEvent(number, 500)])
    const before = segmentsOf(other)
    await c.consumer.commit(c.lease, { done: positions(1, 40) })
    await clock.advance(1000)
    expect(segmentsOf(other)).toEqual(before)
    // They are known all the same.
    expect(await failing.append([numberedEvent(3)])).toMatchObject([{ status: 'duplicate' }])
    other.fault = undefined
    await clock.advance(61_000)
    expect(segmentsOf(other)).toHaveLength(1)
    expect(await failing.append([numberedEvent(3)])).toMatchObject([{ status: 'duplicate' }])
    await failing.close()
    await consumer.commit(lease, { done: positions(1, 40) })
    await buffer.close()
    expect(fileSystem.paths(`${DIRECTORY}/ids`).length).toBeGreaterThan(0)
  })

  test('give way where there is no space for them: a full disk must not stay full', async () => {
    const { fileSystem, clock, buffer, consumer, lease } = await filledBuffer()
    fileSystem.fault = (operation, path) => (operation === 'write' && path.includes('/ids/') ? 'ENOSPC' : undefined)
    for (let number = 41; number <= 80; number++) await buffer.append([numberedEvent(number, 500)])
    await consumer.commit(lease, { done: positions(1, 80) })
    await clock.advance(1000)
    expect(segmentsOf(fileSystem)).toHaveLength(1)
    expect(await buffer.append([numberedEvent(60)])).toMatchObject([{ status: 'duplicate' }])
    fileSystem.fault = undefined
    await buffer.close()
  })

  test('are read from the segments again when their files are lost or damaged', async () => {
    const { fileSystem, buffer, clock } = await filledBuffer()
    await buffer.close()
    const runs = fileSystem.paths(`${DIRECTORY}/ids`)
    expect(runs.length).toBeGreaterThan(1)
    const events = Array.from({ length: 40 }, (_, index) => numberedEvent(index + 1, 500))
    const chances = [...runs.map((path) => [path]), runs, runs.filter((_, index) => index % 2 === 0)]
    for (const lost of chances) {
      for (const how of ['missing', 'empty', 'damaged header'] as const) {
        const copy = fileSystem.afterKill()
        for (const path of lost) {
          if (how === 'missing') copy.files.delete(path)
          else if (how === 'empty') copy.replace(path, Buffer.alloc(0))
          else copy.replace(path, Buffer.from(copy.read(path)).fill(0, 20, 24))
        }
        const again = memoryDiskBuffer(copy, { ...OPTIONS, clock })
        await again.open()
        const results = await again.append(events)
        expect(results, `${how} ${lost.length}`).toEqual(
          positions(1, 40).map((position) => ({ status: 'duplicate', partition: 0, position })),
        )
        await again.close()
        // Once is enough.
        const third = memoryDiskBuffer(copy, { ...OPTIONS, clock })
        expect((await third.open()).scannedBytes).toBeLessThan(8192)
        expect(await third.append(events)).toEqual(results)
        await third.close()
      }
    }
  })

  test('are taken again when their event is lost, although a run has them', async () => {
    const { fileSystem, buffer, clock } = await filledBuffer()
    await buffer.close()
    const [path = ''] = segmentsOf(fileSystem)
    const content = Buffer.from(fileSystem.read(path))
    content.writeUInt8(content.readUInt8(content.indexOf('"evt_2"')) ^ 1, content.indexOf('"evt_2"'))
    fileSystem.replace(path, content)
    const again = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock })
    await again.open()
    // Nobody has read it: nobody knows that it is lost.
    expect(await again.append([numberedEvent(2)])).toMatchObject([{ status: 'duplicate' }])
    expect(await readEverything(again)).toHaveLength(40)
    expect(await again.append([numberedEvent(1), numberedEvent(2), numberedEvent(3)])).toMatchObject([
      { status: 'duplicate', position: positions(1, 1)[0] },
      { status: 'appended', position: positions(41, 41)[0] },
      { status: 'duplicate', position: positions(3, 3)[0] },
    ])
    await again.close()
  })

  test('that are looked up on the disk wait for each other, and keep the order of the calls', async () => {
    const { buffer } = await filledBuffer()
    const calls = [1, 41, 1, 2, 42, 41, 43].map((number) => buffer.append([numberedEvent(number)]))
    const results = (await Promise.all(calls)).flat()
    expect(results.map(({ status, position }) => [status, Number.parseInt(position, 16)])).toEqual([
      ['duplicate', 1],
      ['appended', 41],
      ['duplicate', 1],
      ['duplicate', 2],
      ['appended', 42],
      ['duplicate', 41],
      ['appended', 43],
    ])
    await buffer.close()
  })

  test('prove that their events were durable: their numbers are never given to others', async () => {
    const { fileSystem, buffer, clock } = await filledBuffer()
    await buffer.close()
    // Everything but the ids is lost.
    for (const path of fileSystem.paths(DIRECTORY)) if (!path.includes('/ids/')) fileSystem.files.delete(path)
    const again = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock })
    const { holes } = await again.open()
    expect(holes).toMatchObject([{ from: positions(1, 1)[0] }])
    const known = holes[0]?.lost ?? 0
    expect(known).toBeGreaterThan(20)
    // What is lost is taken again when somebody sends it.
    expect(await again.append([numberedEvent(1)])).toMatchObject([
      { status: 'appended', position: positions(known + 1, known + 1)[0] },
    ])
    await again.close()
  })
})
