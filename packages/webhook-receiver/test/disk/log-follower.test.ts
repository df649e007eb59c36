import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { encodeEvent } from '../../src/disk/event-codec.ts'
import { LogFollower } from '../../src/disk/log-follower.ts'
import type { LogEntry } from '../../src/buffer/event-buffer.ts'
import type { RecordInput } from '../../src/disk/record-input.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { numberedEvent } from './sample-buffer.ts'
import { openLog } from './sample-records.ts'

const OPTIONS = { limit: 9, maxBytes: 1e9, waitMs: 60_000 } as const

function eventRecord(number: number): RecordInput {
  return encodeEvent(numberedEvent(number), 1e9)
}

function idsOf(entries: readonly LogEntry[]): (string | undefined)[] {
  return entries.map((entry) => (entry.kind === 'event' ? entry.event.id : undefined))
}

describe('LogFollower', () => {
  test('finds nothing where everything was given up, and waits for what comes then', async () => {
    const { log } = await openLog(new MemoryFileSystem())
    for (let number = 1; number <= 9; number++) await log.append([eventRecord(number)])
    await log.roll()
    await log.release(9)
    const follower = new LogFollower(log, fakeClock())
    expect(await follower.read(0, { ...OPTIONS, waitMs: 0 })).toEqual([])
    const reading = follower.read(0, OPTIONS)
    await log.append([eventRecord(10)])
    expect(idsOf(await reading)).toEqual(['evt_10'])
    follower.end()
    await follower.close()
    await log.close()
  })

  test('reads a record that is handed over without its event', async () => {
    const { log } = await openLog(new MemoryFileSystem())
    const follower = new LogFollower(log, fakeClock())
    const reading = follower.read(0, OPTIONS)
    const { event: _event, ...apart } = eventRecord(1)
    await log.append([apart, eventRecord(2)])
    expect(idsOf(await reading)).toEqual(['evt_1', 'evt_2'])
    follower.end()
    await follower.close()
    await log.close()
  })

  test('hands over as far as the events of a batch are known, and reads on behind them', async () => {
    const { log } = await openLog(new MemoryFileSystem())
    const follower = new LogFollower(log, fakeClock())
    const reading = follower.read(0, OPTIONS)
    const { event: _event, ...apart } = eventRecord(2)
    await log.append([eventRecord(1), apart, eventRecord(3)])
    expect(idsOf(await reading)).toEqual(['evt_1'])
    expect(idsOf(await follower.read(1, OPTIONS))).toEqual(['evt_2', 'evt_3'])
    follower.end()
    await follower.close()
    await log.close()
  })

  test('gives nothing before the place behind which it reads', async () => {
    const { log } = await openLog(new MemoryFileSystem())
    const follower = new LogFollower(log, fakeClock())
    const reading = follower.read(1, OPTIONS)
    await log.append([eventRecord(1)])
    await log.append([eventRecord(2)])
    expect(idsOf(await reading)).toEqual(['evt_2'])
    follower.end()
    await follower.close()
    await log.close()
  })

  test('gives all reads that wait the same, each behind its own place', async () => {
    const { log } = await openLog(new MemoryFileSystem())
    await log.append([eventRecord(1)])
    const follower = new LogFollower(log, fakeClock())
    const readings = [1, 1, 0].map((after) => follower.read(after, OPTIONS))
    await log.append([eventRecord(2)])
    const ids = (await Promise.all(readings)).map(idsOf)
    expect(ids.slice(0, 2)).toEqual([['evt_2'], ['evt_2']])
    expect(ids[2]?.[0]).toBe('evt_1')
    follower.end()
    await follower.close()
    await log.close()
  })
})
