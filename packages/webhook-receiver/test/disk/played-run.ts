import { expect } from 'vitest'
import type { EventBuffer, StoredEvent } from '../../src/buffer/event-buffer.ts'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import type { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'

const SMALL = { segmentBytes: 4096, maxBatchBytes: 4096 } as const

/** What callers were told in a run. */
export interface Told {
  readonly appended: number[]
  readonly committed: string[]
  readonly deadLettered: number[]
  /** Parked, or taken back from the dead letters. */
  readonly parked: number[]
  /** What was said to be done, whether that was taken or not. */
  readonly finished: Set<string>
}

export function nothingTold(): Told {
  return { appended: [], committed: [], deadLettered: [], parked: [], finished: new Set() }
}

/** What was told so far, for a crash at this moment. */
export function copyOf({ appended, committed, deadLettered, parked, finished }: Told): Told {
  return {
    appended: [...appended],
    committed: [...committed],
    deadLettered: [...deadLettered],
    parked: [...parked],
    finished: new Set(finished),
  }
}

/** Everything that a buffer does, in a small run. Refusals are taken as an application would: it goes on. */
export async function playRun(
  fileSystem: MemoryFileSystem,
  options: Partial<DiskBufferOptions> = {},
  told: Told = nothingTold(),
): Promise<Told> {
  const buffer = memoryDiskBuffer(fileSystem, { ...SMALL, ...options })
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
export async function checkFound(
  fileSystem: MemoryFileSystem,
  told: Told,
  cut: 'kill' | 'power cut',
  where: string,
  options: Partial<DiskBufferOptions> = {},
): Promise<void> {
  const buffer = memoryDiskBuffer(fileSystem, { ...SMALL, ...options })
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
