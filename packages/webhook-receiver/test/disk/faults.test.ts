import { describe, expect, test } from 'vitest'
import type { EventBuffer, StoredEvent } from '../../src/buffer/event-buffer.ts'
import { type Fault, MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, openAndRead, readEverything } from './sample-buffer.ts'

const OPTIONS = { segmentBytes: 4096, maxBatchBytes: 4096 } as const

/** What callers were told in a run. */
interface Told {
  readonly appended: number[]
  readonly committed: string[]
  readonly deadLettered: number[]
  /** Parked, or taken back from the dead letters. */
  readonly parked: number[]
  /** What was said to be done, whether that was taken or not. */
  readonly finished: Set<string>
}

/** Everything that a buffer does, in a small run. Refusals are taken as an application would: it goes on. */
async function run(fileSystem: MemoryFileSystem): Promise<Told> {
  const told: Told = { appended: [], committed: [], deadLettered: [], parked: [], finished: new Set() }
  const buffer = memoryDiskBuffer(fileSystem, OPTIONS)
  const opened = await buffer.open().catch(() => undefined)
  if (opened !== undefined) await use(buffer, told)
  await buffer.close()
  return told
}

async function use(buffer: EventBuffer, told: Told): Promise<void> {
  const c = await consumerOf(buffer).catch(() => undefined)
  for (let number = 1; number <= 24; number += 2) {
    const pair = [numberedEvent(number, 300), numberedEvent(number + 1, number === 13 ? 33_000 : 10)]
    await buffer.append(pair).then(
      () => told.appended.push(number, number + 1),
      () => undefined,
    )
    if (c === undefined || number % 8 !== 1) continue
    const entries = await c.consumer.read(c.lease, null, { limit: 100, maxBytes: 1e9, waitMs: 0 }).catch(() => [])
    const events = entries.flatMap((entry): StoredEvent[] => (entry.kind === 'event' ? [entry.event] : []))
    const done = events.slice(1, -1).map((event) => event.position)
    for (const position of done) told.finished.add(position)
    await c.consumer.commit(c.lease, { done }).then(
      () => told.committed.push(...done),
      () => undefined,
    )
    const [first] = events
    const last = events.at(-1)
    if (first === undefined || last === undefined || number === 1) continue
    await c.consumer.park(c.lease, [{ event: last, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }]).then(
      () => told.parked.push(numberOf(last)),
      () => undefined,
    )
    if (number === 9) {
      const letter = { event: first, lane: 'a', redrives: 0, why: { attempts: 1, at: 1, message: 'no' } }
      await c.consumer.deadLetter(c.lease, [letter]).then(
        () => told.deadLettered.push(numberOf(first)),
        () => undefined,
      )
    } else {
      await c.consumer.redrive([{ partition: 0, position: first.position }]).then(
        (count) => told.parked.push(...(count === 1 ? [numberOf(first)] : [])),
        () => undefined,
      )
    }
  }
}

function numberOf({ id }: StoredEvent): number {
  return Number(id.slice('evt_'.length))
}

/** What must hold whatever happened, as soon as the device is well again. */
async function checkFound(
  fileSystem: MemoryFileSystem,
  told: Told,
  cut: 'kill' | 'power cut',
  where: string,
): Promise<void> {
  const buffer = memoryDiskBuffer(fileSystem, OPTIONS)
  const report = await buffer.open()
  const entries = await readEverything(buffer, 'reader')
  const numbers = entries.flatMap((entry) =>
    entry.kind === 'event' ? [Number(entry.event.id.slice('evt_'.length))] : [],
  )
  const context = `${where}, after ${cut}`
  expect(report.holes, context).toEqual([])
  expect(
    entries.every((entry) => entry.kind === 'event'),
    context,
  ).toBe(true)
  expect(numbers, context).toEqual(numbers.toSorted((left, right) => left - right))
  expect(new Set(numbers).size, context).toBe(numbers.length)
  expect(
    told.appended.filter((number) => !numbers.includes(number)),
    context,
  ).toEqual([])
  const { consumer, lease } = await consumerOf(buffer)
  const { lowWater, done } = await consumer.load(lease)
  const isDone = (position: string): boolean => position <= (lowWater ?? '') || done.includes(position)
  if (cut === 'kill')
    expect(
      told.committed.filter((position) => !isDone(position)),
      context,
    ).toEqual([])
  const dead: number[] = []
  for await (const letter of consumer.deadLetters()) {
    dead.push(numberOf(letter.event))
    expect(isDone(letter.event.position), context).toBe(true)
  }
  const parked: number[] = []
  for (const entry of await consumer.readParked(lease, 'a', { limit: 100, maxBytes: 1e9 })) {
    if (entry.kind !== 'event') throw new Error(`${context}: a parked event is lost.`)
    parked.push(numberOf(entry.parked.event))
    expect(isDone(entry.parked.event.position), context).toBe(true)
  }
  expect(report.lostAside, context).toBe(0)
  expect(parked, context).toEqual(parked.toSorted((left, right) => left - right))
  expect(dead.length, context).toBeLessThanOrEqual(1)
  const isFinished = (number: number): boolean => told.finished.has(number.toString(16).padStart(16, '0'))
  const isThere = (number: number): boolean => parked.includes(number) || isFinished(number)
  expect(
    told.parked.filter((number) => !isThere(number)),
    context,
  ).toEqual([])
  expect(
    told.deadLettered.filter((number) => !dead.includes(number) && !isThere(number)),
    context,
  ).toEqual([])
  await buffer.close()
}

async function countCalls(): Promise<number> {
  const fileSystem = new MemoryFileSystem()
  const told = await run(fileSystem)
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

describe('diskBuffer on a device that fails', () => {
  const faults: readonly (readonly [string, ReturnType<Fault>])[] = [
    ['EIO', 'EIO'],
    ['ENOSPC', 'ENOSPC'],
    ['EMFILE', 'EMFILE'],
    ['a short write', { shortWrite: 1500 }],
  ]
  for (const [name, fault] of faults) {
    for (const forever of [false, true]) {
      test(`loses nothing that it acknowledged when a call fails with ${name} ${forever ? 'and so do all after it' : 'once'}`, {
        timeout: 60_000,
      }, async () => {
        const calls = await countCalls()
        for (let call = 1; call <= calls; call++) {
          const fileSystem = new MemoryFileSystem()
          fileSystem.fault = faultAt(call, fault, forever)
          const told = await run(fileSystem)
          fileSystem.fault = undefined
          const where = `call ${call} of ${calls}`
          await checkFound(fileSystem.afterKill(), told, 'kill', where)
          await checkFound(fileSystem.afterPowerCut(), told, 'power cut', where)
          if (!forever && typeof fault === 'object') expect(told.appended).toHaveLength(24)
        }
      })
    }
  }

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
