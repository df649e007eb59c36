import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Random } from '@holdfast/core'
import { type FakeClock, fakeClock, seededRandom } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { withKept } from '../../../../test/seeds/kept-seeds.ts'
import type { Consumer, EventBuffer, Lease } from '../../src/buffer/event-buffer.ts'
import { diskBufferOf } from '../../src/disk/disk-buffer.ts'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { resolveDiskBufferOptions } from '../../src/disk/resolve-disk-buffer-options.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'
import { freshSeeds, scale, scaled } from './scale.ts'
import { unevenFileSystem } from './uneven-file-system.ts'

const RUNS = scaled(60)
const OPENINGS = 3
const STEPS = 20
/** Share of the calls that fail. What makes names durable is called seldom. */
const FAULTS = 0.008
const FAULTS_OF_NAMES = 0.2
const ERRORS = ['EIO', 'EMFILE', 'EMFILE', 'ENOSPC'] as const
const WAITS_MS = [0, 100, 1_000, 11_000] as const
// Far more than anything takes that ends at all.
const MOST_TURNS = 3_000

const SMALL = { segmentBytes: 4096, maxBatchBytes: 4096 } as const
/** Runs take them in turn. */
const setUps: readonly Partial<DiskBufferOptions>[] = [
  SMALL,
  { ...SMALL, preallocateBytes: 1024 },
  { ...SMALL, encryption: { keyId: 'k', key: () => Buffer.alloc(32, 3) } },
]

/** What callers know. */
interface World {
  readonly random: Random
  readonly clock: FakeClock
  /** Number of the next new event. */
  next: number
  /** Where each acknowledged event is. */
  readonly acknowledged: Map<number, string>
  /** Positions that a commit named, whether it resolved or not. */
  readonly attempted: Set<string>
  /** Positions whose commit resolved. */
  readonly committed: Set<string>
}

interface Opened {
  readonly buffer: EventBuffer
  readonly consumer: Consumer
  readonly lease: Lease
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random.next() * items.length)] as Item
}

/** Lets the time pass until this is over; what never is fails. */
async function settled(clock: FakeClock, work: Promise<unknown>, what: string): Promise<void> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  work.then(over, over)
  for (let turn = 0; turn < MOST_TURNS && !isOver; turn++) {
    await nextTurn()
    if (turn % 100 === 99) await clock.advance(1_000)
  }
  expect(isOver, `${what} ends`).toBe(true)
}

async function append({ random, acknowledged }: World, { buffer }: Opened, numbers: readonly number[]): Promise<void> {
  const events = numbers.map((number) => numberedEvent(number, Math.floor(random.next() * 700)))
  const results = await buffer.append(events)
  for (const [index, number] of numbers.entries()) acknowledged.set(number, results[index]?.position ?? '')
}

async function consume(world: World, { consumer, lease }: Opened): Promise<void> {
  const { lowWater } = await consumer.load(lease)
  const entries = await consumer.read(lease, lowWater, { limit: 8, maxBytes: 1e9, waitMs: 0 })
  const done = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : []))
  for (const position of done) world.attempted.add(position)
  await consumer.commit(lease, { done })
  for (const position of done) world.committed.add(position)
}

/** One thing that an application does. It may fail. */
function step(world: World, opened: Opened): Promise<unknown> {
  const { random } = world
  const choice = random.next()
  if (choice < 0.55) {
    const numbers = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => world.next++)
    return append(world, opened, numbers)
  }
  if (choice < 0.9) return consume(world, opened)
  return opened.buffer.openConsumer(pick(random, ['second', 'third']))
}

/** Works on the disk until the process ends. Several things are under way at once. */
async function work(world: World, fileSystem: MemoryFileSystem, options: Partial<DiskBufferOptions>): Promise<void> {
  const { random, clock } = world
  const uneven = unevenFileSystem(fileSystem, random)
  const resolved = resolveDiskBufferOptions({ directory: DIRECTORY, clock, ...options, fileSystem: uneven })
  const buffer = diskBufferOf({ ...resolved, utilization: () => 0 })
  const opening = (async () => {
    await buffer.open()
    return { buffer, ...(await consumerOf(buffer)) }
  })()
  await settled(clock, opening, 'opening')
  const opened = await opening
  fileSystem.fault = (operation) => {
    const share = operation === 'syncDirectory' ? FAULTS_OF_NAMES : FAULTS
    return random.next() < share ? pick(random, ERRORS) : undefined
  }
  const under: Promise<unknown>[] = []
  for (let count = 0; count < STEPS; count++) {
    under.push(step(world, opened).catch(() => undefined))
    if (random.next() < 0.6) await settled(clock, Promise.all(under), 'what was begun')
    await clock.advance(pick(random, WAITS_MS))
  }
  await settled(clock, Promise.all(under), 'what was begun')
  fileSystem.fault = undefined
  // What is deleted is deleted by now.
  for (let times = 0; times < 3; times++) {
    await clock.advance(1_000)
    await settled(clock, buffer.stats(), 'the housekeeping')
  }
}

/** What must be found on the disk after the process was killed. */
async function check(world: World, fileSystem: MemoryFileSystem, options: Partial<DiskBufferOptions>, where: string) {
  const buffer = memoryDiskBuffer(fileSystem, options)
  const { holes } = await buffer.open()
  expect(holes, where).toEqual([])
  const entries = await readEverything(buffer, 'reader')
  const numbers = entries.flatMap((entry) =>
    entry.kind === 'event' ? [Number(entry.event.id.slice('evt_'.length))] : [],
  )
  expect(numbers.length, where).toBe(entries.length)
  const { consumer, lease } = await consumerOf(buffer)
  const { lowWater, done } = await consumer.load(lease)
  const isDone = (position: string): boolean => position <= (lowWater ?? '') || done.includes(position)
  for (const [number, position] of world.acknowledged) {
    if (world.committed.has(position)) expect(isDone(position), `${where}, ack of event ${number}`).toBe(true)
    if (world.attempted.has(position)) continue
    expect(isDone(position), `${where}, event ${number} is not done`).toBe(false)
    expect(numbers, `${where}, event ${number} is there`).toContain(number)
  }
  await buffer.close()
}

test('diskBuffer keeps every promise on a disk whose calls overtake each other and fail now and then', {
  timeout: 120_000 * scale,
}, async () => {
  let acknowledged = 0
  for (const seed of withKept('unevenDisk', freshSeeds(RUNS))) {
    const options = setUps[seed % setUps.length] ?? SMALL
    const world: World = {
      random: seededRandom(seed),
      clock: fakeClock(),
      next: 1,
      acknowledged: new Map(),
      attempted: new Set(),
      committed: new Set(),
    }
    let fileSystem = new MemoryFileSystem()
    for (let opening = 1; opening <= OPENINGS; opening++) {
      await work(world, fileSystem, options).catch((error: unknown) => {
        throw new Error(`seed ${seed}, opening ${opening}: ${String(error)}`, { cause: error })
      })
      fileSystem = fileSystem.afterKill()
      await check(world, fileSystem.afterKill(), { ...options, clock: world.clock }, `seed ${seed}, opening ${opening}`)
    }
    acknowledged += world.acknowledged.size
  }
  expect(acknowledged).toBeGreaterThan(RUNS * 10)
})
