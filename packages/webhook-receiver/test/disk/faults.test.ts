import { setImmediate as nextTurn } from 'node:timers/promises'
import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { type Fault, MemoryFileSystem } from './memory-file-system.ts'
import { checkFound, playRun } from './played-run.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead, readEverything } from './sample-buffer.ts'
import { firstSeed, scale } from './scale.ts'
import { slowFileSystem } from './slow-file-system.ts'

// Every call at night. In a pull request every third of them, and every twelfth of unusual set-ups, from another one for each fault: each call fails somehow.
const STEP = scale > 1 ? 1 : 3
const RARER = scale > 1 ? 1 : 4

async function countCalls(options: Partial<DiskBufferOptions>): Promise<number> {
  const fileSystem = new MemoryFileSystem()
  const told = await playRun(fileSystem, options)
  expect(told.appended).toHaveLength(24)
  expect(told.deadLettered).toEqual([1])
  expect(told.parked).toEqual([10, 18, 1])
  return fileSystem.calls
}

/** A fault on the call with this number, and on all after it when `forever`. */
function faultAt(call: number, fault: ReturnType<Fault>, forever: boolean): Fault {
  let calls = 0
  return () => {
    calls++
    return calls === call || (forever && calls > call) ? fault : undefined
  }
}

/** Lets the time pass until this is over. */
async function whileTimePasses<Result>(clock: FakeClock, work: Promise<Result>): Promise<Result> {
  const result = work.finally(() => {
    isOver = true
  })
  let isOver = false
  while (!isOver) {
    await clock.advance(5_000)
    await nextTurn()
  }
  return result
}

describe('diskBuffer on a device that fails', () => {
  const faults: readonly (readonly [string, ReturnType<Fault>])[] = [
    ['EIO', 'EIO'],
    ['ENOSPC', 'ENOSPC'],
    ['EMFILE', 'EMFILE'],
    ['EINTR', 'EINTR'],
    ['a short write', { shortWrite: 1500 }],
  ]
  const setUps: readonly (readonly [string, Partial<DiskBufferOptions>, number])[] = [
    ['', {}, STEP],
    [' while it writes zeros ahead', { preallocateBytes: 4096 }, STEP * RARER],
    [
      ' while it compresses and encrypts',
      { compression: 'auto', encryption: { keyId: 'k', key: () => Buffer.alloc(32, 3) } },
      STEP * RARER,
    ],
  ]
  const cases = setUps.flatMap(([setUp, options, step]) =>
    faults.flatMap(([name, fault]) =>
      [false, true].map((forever) => ({
        title: `${name} ${forever ? 'and so do all after it' : 'once'}${setUp}`,
        fault,
        forever,
        options,
        step,
      })),
    ),
  )
  test.each(cases.map((it, index) => ({ ...it, first: 1 + ((firstSeed + index) % it.step) })))(
    'loses nothing that it acknowledged when a call fails with $title',
    { timeout: 60_000 * scale },
    async (it) => {
      const { fault, forever, options, step, first } = it
      const calls = await countCalls(options)
      for (let call = first; call <= calls; call += step) {
        const fileSystem = new MemoryFileSystem()
        fileSystem.fault = faultAt(call, fault, forever)
        const told = await playRun(fileSystem, options)
        fileSystem.fault = undefined
        const where = `call ${call} of ${calls}`
        await checkFound(fileSystem.afterKill(), told, 'kill', where, options)
        await checkFound(fileSystem.afterPowerCut(), told, 'power cut', where, options)
        if (!forever && typeof fault === 'object') expect(told.appended).toHaveLength(24)
      }
    },
  )

  test.each([
    ['', false],
    [' and so do all after it', true],
  ])('does everything when a call takes 5 s%s', { timeout: 300_000 * scale }, async (_, forever) => {
    const calls = await countCalls({})
    // With each call as slow a run takes long.
    const step = scale > 1 ? 1 : STEP * RARER * (forever ? 4 : 1)
    for (let call = 1 + (firstSeed % step); call <= calls; call += step) {
      const fileSystem = new MemoryFileSystem()
      const clock = fakeClock()
      const slow = slowFileSystem(fileSystem, clock, 5_000, (n) => n === call || (forever && n > call))
      // What is consumed stays, to be found.
      const options = { fileSystem: slow, clock, retention: { minAgeMs: 1e9 } }
      const told = await whileTimePasses(clock, playRun(fileSystem, options))
      const where = `call ${call} of ${calls}`
      expect(clock.monotonicMs(), where).toBeGreaterThanOrEqual(forever ? (calls - call) * 500 : 5_000)
      expect([told.appended.length, told.deadLettered, told.parked], where).toEqual([24, [1], [10, 18, 1]])
      await checkFound(fileSystem.afterKill(), told, 'kill', where)
      await checkFound(fileSystem.afterPowerCut(), told, 'power cut', where)
    }
  })

  test('goes on when there is space again, in the same segment, and stores nothing twice', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    let shortened = false
    fileSystem.fault = (operation, path) => {
      if (operation !== 'write' || !path.includes('/seg/')) return undefined
      // A disk that fills up takes a part first.
      if (shortened) return 'ENOSPC'
      shortened = true
      return { shortWrite: 20 }
    }
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(buffer.append([numberedEvent(2)])).rejects.toMatchObject({
        reason: 'buffer_full',
        retryAfterMs: 1000,
      })
    fileSystem.fault = undefined
    expect(await buffer.append([numberedEvent(2)])).toMatchObject([
      { status: 'appended', position: '0000000000000002' },
    ])
    await buffer.close()
    expect(fileSystem.paths(`${DIRECTORY}/seg`)).toHaveLength(1)
    expect((await openAndRead(fileSystem)).numbers).toEqual([1, 2])
  })

  test('still takes acks while the disk is full', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    const { consumer, lease } = await consumerOf(buffer)
    const [stored] = await buffer.append([numberedEvent(1)])
    fileSystem.fault = (operation, path) => (operation === 'write' && !path.endsWith('.cur') ? 'ENOSPC' : undefined)
    await consumer.commit(lease, { done: [stored?.position ?? ''] })
    const killed = fileSystem.afterPowerCut()
    const again = memoryDiskBuffer(killed)
    await again.open()
    const reopened = await consumerOf(again)
    expect(await reopened.consumer.load(reopened.lease)).toMatchObject({ lowWater: '0000000000000001' })
    await again.close()
  })

  test('begins a new segment after a sync failed, and refuses for good when that fails, too', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    let failures = 1
    fileSystem.fault = (operation, path) =>
      operation === 'datasync' && path.includes('/seg/') && failures-- > 0 ? 'EIO' : undefined
    await expect(buffer.append([numberedEvent(2)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    expect(await buffer.append([numberedEvent(3)])).toMatchObject([{ position: '0000000000000002' }])
    expect(fileSystem.paths(`${DIRECTORY}/seg`)).toHaveLength(2)
    failures = 1
    await expect(buffer.append([numberedEvent(4)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    await expect(buffer.append([numberedEvent(5)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    fileSystem.fault = undefined
    await expect(buffer.append([numberedEvent(6)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    // The rejected write may be in the file; it is not read, now or later.
    expect(await readEverything(buffer)).toHaveLength(2)
    await buffer.close()
    expect((await openAndRead(fileSystem)).numbers.slice(0, 2)).toEqual([1, 3])
  })

  test('makes durable what it finds after a sync failed, before it answers for it', async () => {
    const fileSystem = new MemoryFileSystem()
    fileSystem.forgetsOnFailedSync = true
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    fileSystem.fault = (operation, path) => (operation === 'datasync' && path.includes('/seg/') ? 'EIO' : undefined)
    await expect(buffer.append([numberedEvent(2), numberedEvent(3, 3000)])).rejects.toMatchObject({
      reason: 'buffer_failed',
    })
    // The process ends; the pages of the rejected batch are still there to be read, and look clean.
    const killed = fileSystem.afterKill()
    const again = memoryDiskBuffer(killed)
    await again.open()
    expect(await again.append([numberedEvent(2)])).toMatchObject([{ status: 'duplicate' }])
    expect((await openAndRead(killed.afterPowerCut())).numbers).toEqual([1, 2, 3])
    await again.close()
  })

  test.each(['EMFILE', 'ENFILE', 'EACCES', 'EPERM', 'EROFS'])(
    'goes on by itself after %s, however often it comes',
    async (code) => {
      const fileSystem = new MemoryFileSystem()
      const buffer = memoryDiskBuffer(fileSystem)
      await buffer.open()
      fileSystem.fault = (operation, path) => (operation === 'open' && path.includes('/seg/') ? code : undefined)
      for (let attempt = 0; attempt < 5; attempt++)
        await expect(buffer.append([numberedEvent(1)])).rejects.toMatchObject({ reason: 'buffer_failed' })
      fileSystem.fault = undefined
      expect(await buffer.append([numberedEvent(1)])).toMatchObject([{ status: 'appended' }])
      await buffer.close()
      expect((await openAndRead(fileSystem)).numbers).toEqual([1])
    },
  )

  test('writes nothing more after a second failure within a minute, and goes on after a later one', async () => {
    const clock = fakeClock()
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { clock })
    await buffer.open()
    let number = 1
    const failOnce = async (): Promise<void> => {
      await buffer.append([numberedEvent(number++)])
      let failures = 1
      fileSystem.fault = (operation, path) =>
        operation === 'datasync' && path.includes('/seg/') && failures-- > 0 ? 'EIO' : undefined
      await expect(buffer.append([numberedEvent(number++)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    }
    for (let times = 0; times < 3; times++) {
      await failOnce()
      await clock.advance(60_000)
    }
    await failOnce()
    await clock.advance(59_999)
    await failOnce()
    await expect(buffer.append([numberedEvent(number)])).rejects.toMatchObject({ reason: 'buffer_failed' })
    await buffer.close()
  })

  test('refuses what does not fit into the queue', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem, { maxQueuedBytes: 2400 })
    await buffer.open()
    const calls = [1, 2, 3].map((number) => buffer.append([numberedEvent(number, 900)]))
    const results = await Promise.allSettled(calls)
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(results[2]).toMatchObject({ status: 'rejected', reason: { reason: 'buffer_overloaded' } })
    expect(await buffer.append([numberedEvent(3, 900)])).toMatchObject([{ status: 'appended' }])
    await buffer.close()
  })

  test('fails a duplicate together with its original', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    await buffer.append([numberedEvent(1)])
    fileSystem.fault = (operation) => (operation === 'datasync' ? 'EIO' : undefined)
    const calls = await Promise.allSettled([buffer.append([numberedEvent(2)]), buffer.append([numberedEvent(2)])])
    expect(calls.map((call) => call.status)).toEqual(['rejected', 'rejected'])
    fileSystem.fault = undefined
    expect(await buffer.append([numberedEvent(2)])).toMatchObject([{ status: 'appended' }])
    await buffer.close()
  })
})

describe('diskBuffer after a power cut', () => {
  test('has everything it acknowledged, whatever sectors of the last write reached the disk', async () => {
    const fileSystem = new MemoryFileSystem()
    const buffer = memoryDiskBuffer(fileSystem)
    await buffer.open()
    for (let number = 1; number <= 6; number++) await buffer.append([numberedEvent(number)])
    fileSystem.fault = (operation) => (operation === 'datasync' ? 'EIO' : undefined)
    const last = Array.from({ length: 12 }, (_, index) => numberedEvent(index + 7, 300))
    await expect(buffer.append(last)).rejects.toMatchObject({ reason: 'buffer_failed' })
    for (let pattern = 0; pattern < 512; pattern++) {
      const cut = fileSystem.afterPowerCut({ survives: (_, sector) => ((pattern >> (sector % 9)) & 1) === 1 })
      const { numbers, report } = await openAndRead(cut)
      expect(numbers.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6])
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1))
      expect(report.holes).toEqual([])
    }
  })
})
