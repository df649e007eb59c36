import { seededRandom } from '@holdfast/core/testing'
import type { Random } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { Consumer, EventBuffer, Lease } from '../../src/buffer/event-buffer.ts'
import { withKept } from '../../../../test/seeds/kept-seeds.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, memoryDiskBuffer, numberedEvent, readEverything, type SampleOptions } from './sample-buffer.ts'
import { freshSeeds, scale, scaled } from './scale.ts'

const SMALL = { segmentBytes: 4096, maxBatchBytes: 4096 } as const
const KEYED = { keyId: 'k', key: () => Buffer.alloc(32, 3) }

/** A way to have a buffer set up, and how it may crash. */
interface Variant {
  readonly title: string
  readonly options: SampleOptions
  readonly seeds: number
  /** How many of the crashes cut the power, 0 to 1; the others kill the process. */
  readonly powerCuts: number
}

const variants: readonly Variant[] = [
  { title: 'syncs each batch', options: SMALL, seeds: 60, powerCuts: 0.7 },
  {
    title: 'writes zeros ahead',
    options: { ...SMALL, preallocateBytes: 4096 },
    seeds: 25,
    powerCuts: 0.7,
  },
  {
    title: 'compresses and encrypts',
    options: { ...SMALL, compression: 'auto', encryption: KEYED },
    seeds: 15,
    powerCuts: 0.7,
  },
  { title: 'compresses with brotli', options: { ...SMALL, compression: 'brotli' }, seeds: 10, powerCuts: 0.7 },
  { title: 'encrypts', options: { ...SMALL, encryption: KEYED }, seeds: 10, powerCuts: 0.7 },
  {
    title: 'writes a batch before the last is answered',
    options: { ...SMALL, utilization: 1 },
    seeds: 25,
    powerCuts: 0.7,
  },
  // What a power cut takes is the price of these two.
  { title: 'syncs behind its answers', options: { ...SMALL, durability: 'interval' }, seeds: 25, powerCuts: 0 },
  { title: 'never syncs', options: { ...SMALL, durability: 'memory' }, seeds: 25, powerCuts: 0 },
]

/** What the model knows. */
interface Model {
  /** Number of the next new event. */
  next: number
  /** Events that were acknowledged, with the positions that were told. */
  readonly acknowledged: Map<number, string>
  /** Events that the last recovery found. The one that follows makes them durable before it shows them to anybody. */
  found: ReadonlyMap<number, string>
  /** Positions that a commit named, whether it resolved or not. */
  readonly attempted: Set<string>
  /** Positions whose commit resolved. */
  readonly committed: Set<string>
}

/** Where a crash leaves everything. */
interface Crash {
  readonly fileSystem: MemoryFileSystem
  readonly acknowledged: ReadonlyMap<number, string>
  readonly committed: ReadonlySet<string>
}

function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit)
}

/** Works on an open buffer and crashes at a random call to the file system, or after the work. */
async function workAndCrash(
  fileSystem: MemoryFileSystem,
  model: Model,
  random: Random,
  { options, powerCuts }: Variant,
): Promise<Crash> {
  const cutsPower = random.next() < powerCuts
  const snapshot = (): Crash => ({
    fileSystem: cutsPower
      ? fileSystem.afterPowerCut({ survives: () => random.next() < 0.5, namesSurvive: random.next() < 0.5 })
      : fileSystem.afterKill(),
    acknowledged: new Map(model.acknowledged),
    // A power cut may take the last second of acks.
    committed: new Set(cutsPower ? [] : model.committed),
  })
  let crash: Crash | undefined
  let left = below(random, 120)
  fileSystem.fault = () => {
    if (left-- === 0) crash = snapshot()
    return undefined
  }
  const buffer = memoryDiskBuffer(fileSystem, options)
  await buffer.open()
  if (crash === undefined) for (const [number, position] of model.found) model.acknowledged.set(number, position)
  const { consumer, lease } = await consumerOf(buffer)
  for (let step = 0; step < 12 && crash === undefined; step++) {
    if (random.next() < 0.7) await appendSome(buffer, model, random)
    else await commitSome(consumer, lease, model, random)
  }
  if (crash === undefined && random.next() < 0.5) await buffer.close()
  fileSystem.fault = undefined
  return crash ?? snapshot()
}

async function appendSome(buffer: EventBuffer, model: Model, random: Random): Promise<void> {
  const calls = Array.from({ length: 1 + below(random, 3) }, async () => {
    const numbers = Array.from({ length: 1 + below(random, 3) }, () => model.next++)
    const events = numbers.map((number) => numberedEvent(number, random.next() < 0.1 ? 3000 : below(random, 200)))
    const results = await buffer.append(events)
    for (const [index, number] of numbers.entries()) model.acknowledged.set(number, results[index]?.position ?? '')
  })
  await Promise.all(calls)
}

async function commitSome(consumer: Consumer, lease: Lease, model: Model, random: Random): Promise<void> {
  const done = [...model.acknowledged.values()].filter(() => random.next() < 0.3)
  for (const position of done) model.attempted.add(position)
  await consumer.commit(lease, { done })
  for (const position of done) model.committed.add(position)
}

/** Compares a recovered buffer with the model, and lets the model go on from there. */
async function compare(crash: Crash, model: Model, { options }: Variant, context: string): Promise<void> {
  const buffer = memoryDiskBuffer(crash.fileSystem.afterKill(), options)
  const report = await buffer.open()
  const entries = await readEverything(buffer, 'reader')
  const found = new Map<number, string>()
  for (const entry of entries) {
    if (entry.kind === 'event') found.set(Number(entry.event.id.slice('evt_'.length)), entry.event.position)
  }
  expect(report.holes, context).toEqual([])
  expect(found.size, context).toBe(entries.length)
  for (const [number, position] of crash.acknowledged)
    expect(found.get(number), `${context}, event ${number}`).toBe(position)
  expect([...found.keys()], context).toEqual([...found.keys()].toSorted((left, right) => left - right))
  const { consumer, lease } = await consumerOf(buffer)
  const { lowWater, done } = await consumer.load(lease)
  const isDone = (position: string): boolean => position <= (lowWater ?? '') || done.includes(position)
  await expectKnown(buffer, crash.acknowledged, context)
  for (const position of crash.committed) expect(isDone(position), `${context}, ack of ${position}`).toBe(true)
  for (const position of found.values()) {
    if (isDone(position)) expect(model.attempted.has(position), `${context}, ${position} was never acked`).toBe(true)
  }
  await buffer.close()
  model.acknowledged.clear()
  model.committed.clear()
  for (const [number, position] of crash.acknowledged) model.acknowledged.set(number, position)
  model.found = found
  for (const position of found.values()) if (isDone(position)) model.committed.add(position)
  // A position that was cut off is given to another event.
  for (const position of model.attempted) if (!model.committed.has(position)) model.attempted.delete(position)
}

/** Whoever sends an acknowledged event again is told where it is. */
async function expectKnown(
  buffer: EventBuffer,
  acknowledged: ReadonlyMap<number, string>,
  context: string,
): Promise<void> {
  const events = [...acknowledged.keys()].map((number) => numberedEvent(number, 0))
  const results = await buffer.append(events)
  const expected = [...acknowledged.values()].map((position) => ({ status: 'duplicate', partition: 0, position }))
  expect(results, context).toEqual(expected)
}

describe('diskBuffer against a model', () => {
  test.each(variants)(
    'keeps every promise through random crashes when it $title',
    {
      timeout: 60_000 * scale,
    },
    async (variant) => {
      let acknowledged = 0
      for (const seed of withKept('crashes', freshSeeds(scaled(variant.seeds)))) {
        const random = seededRandom(seed)
        const model: Model = {
          next: 1,
          acknowledged: new Map(),
          found: new Map(),
          attempted: new Set(),
          committed: new Set(),
        }
        let fileSystem = new MemoryFileSystem()
        for (let round = 1; round <= 5; round++) {
          const crash = await workAndCrash(fileSystem, model, random, variant)
          await compare(crash, model, variant, `seed ${seed}, round ${round}`)
          fileSystem = crash.fileSystem
        }
        acknowledged += model.acknowledged.size
      }
      expect(acknowledged).toBeGreaterThan(scaled(variant.seeds) * 20)
    },
  )
})
