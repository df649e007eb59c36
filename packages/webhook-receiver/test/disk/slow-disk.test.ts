import { setImmediate } from 'node:timers/promises'
import type { Clock } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { OpenFile } from '../../src/disk/file-system.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { numberedRecord, openLog, readNumbers } from './sample-records.ts'

/** A disk on which a sync of a segment takes a while. */
class SlowDisk extends MemoryFileSystem {
  syncMs = 0
  /** Number of such syncs that began. */
  syncs = 0
  readonly #clock: Clock

  constructor(clock: Clock) {
    super()
    this.#clock = clock
  }

  override async open(path: string, mode: 'create' | 'write' | 'read'): Promise<OpenFile> {
    const file = await super.open(path, mode)
    if (!path.includes('/seg/')) return file
    const datasync = async (): Promise<void> => {
      this.syncs++
      if (this.syncMs > 0) await this.#clock.sleep(this.syncMs)
      await file.datasync()
    }
    return { ...file, datasync }
  }
}

async function slowLog(syncMs: number, maxBatchBytes = 100_000) {
  const clock = fakeClock()
  const fileSystem = new SlowDisk(clock)
  const { log } = await openLog(fileSystem, { clock, maxBatchBytes, segmentBytes: 1e6 })
  const append = (number: number): Promise<number> => log.append([numberedRecord(number)])
  await append(1)
  fileSystem.syncs = 0
  fileSystem.syncMs = syncMs
  /** Lets the time pass, and the log do what it can do meanwhile. */
  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms)
    for (let turn = 0; turn < 5; turn++) {
      await setImmediate()
      await clock.flush()
    }
  }
  return { log, fileSystem, append, pass, clock }
}

describe('Log on a disk whose syncs take long', () => {
  test('has what waited share a batch with what those send who were answered', async () => {
    const { log, fileSystem, append, pass, clock } = await slowLog(8)
    const first = append(2).then(async () => {
      await clock.sleep(1)
      return append(4)
    })
    await pass(0)
    const second = append(3)
    await pass(8)
    expect(fileSystem.syncs).toBe(1)
    await pass(1)
    expect(fileSystem.syncs).toBe(2)
    await pass(8)
    expect(await Promise.all([first, second])).toEqual([4, 3])
    expect(fileSystem.syncs).toBe(2)
    expect(await readNumbers(log)).toEqual([1, 2, 3, 4])
    await log.close()
  })

  test.each([
    [8, 2],
    [100, 5],
  ])('waits no longer than a quarter of a batch and 5 ms: %d ms, then %d ms', async (syncMs, lingerMs) => {
    const { log, fileSystem, append, pass } = await slowLog(syncMs)
    const appended = [append(2)]
    await pass(0)
    appended.push(append(3))
    await pass(syncMs)
    await pass(lingerMs - 0.5)
    expect(fileSystem.syncs).toBe(1)
    await pass(0.5)
    expect(fileSystem.syncs).toBe(2)
    await pass(syncMs)
    expect(await Promise.all(appended)).toEqual([2, 3])
    await log.close()
  })

  test('keeps nobody who comes alone, however long the last sync took', async () => {
    const { log, fileSystem, append, pass } = await slowLog(100)
    for (const [index, number] of [2, 3, 4].entries()) {
      const appended = append(number)
      await pass(0)
      expect(fileSystem.syncs).toBe(index + 1)
      await pass(100)
      expect(await appended).toBe(number)
    }
    await log.close()
  })

  test.each([
    { after: 'a batch of less than 4 ms', syncMs: 3.9 },
    { after: 'a batch that failed', syncMs: 100, failure: 'EIO' },
    { after: 'a slow one when enough for a batch waits', syncMs: 100, maxBatchBytes: 1000 },
  ])('keeps nobody after $after', async ({ syncMs, failure, maxBatchBytes }) => {
    const { log, fileSystem, append, pass } = await slowLog(syncMs, maxBatchBytes)
    const first = Promise.allSettled([append(2)])
    await pass(0)
    const others = [append(3), append(4)]
    let fault = failure
    fileSystem.fault = (operation, path) => {
      if (operation !== 'datasync' || !path.includes('/seg/')) return undefined
      const failed = fault
      fault = undefined
      return failed
    }
    await pass(syncMs)
    expect(await first).toMatchObject([{ status: failure === undefined ? 'fulfilled' : 'rejected' }])
    expect(fileSystem.syncs).toBeGreaterThanOrEqual(2)
    for (let sync = 0; sync < 8; sync++) await pass(syncMs)
    await Promise.all(others)
    await log.close()
  })
})
