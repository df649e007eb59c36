import { fakeClock, seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { type CommandsTold, lanes, playCommands } from './buffer-commands.ts'
import { setUps, small } from './command-set-ups.ts'
import { withKept } from '../../../../test/seeds/kept-seeds.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, memoryDiskBuffer, readEverything, type SampleOptions } from './sample-buffer.ts'
import { freshSeeds, scale, scaled } from './scale.ts'

const RUNS = scaled(120)
/** Commands of a run. */
const COMMANDS = 15
/** Share of the calls to the disk at which it crashes. */
const CRASHES = 0.02
/** What a run begins with, so that there is something to set aside. */
const FIRST = ['append', 'append', 'append', 'read', 'park', 'deadLetter'] as const

/** Runs take them in turn. A buffer that syncs later may lose what it has acknowledged. */
const crashSetUps = setUps.filter(({ durability }) => durability !== 'interval')

interface Crash {
  readonly fileSystem: MemoryFileSystem
  readonly told: CommandsTold
  readonly what: string
}

/** Plays a run and keeps what crashes at random calls leave. */
async function crashesOf(seed: number, options: SampleOptions): Promise<Crash[]> {
  const random = seededRandom(seed + 1e6)
  const told: CommandsTold = { acknowledged: new Map(), finished: new Set() }
  const clock = fakeClock()
  const fileSystem = new MemoryFileSystem()
  const crashes: Crash[] = []
  let calls = 0
  fileSystem.fault = (operation, path) => {
    calls++
    if (random.next() >= CRASHES) return undefined
    const isCut = random.next() < 0.6
    const after = isCut
      ? fileSystem.afterPowerCut({ survives: () => random.next() < 0.5, namesSurvive: random.next() < 0.5 })
      : fileSystem.afterKill()
    const copy = { acknowledged: new Map(told.acknowledged), finished: new Set(told.finished) }
    crashes.push({
      fileSystem: after,
      told: copy,
      what: `${isCut ? 'power cut' : 'kill'} at call ${calls}, ${operation} ${path}`,
    })
    return undefined
  }
  const make = (): ReturnType<typeof memoryDiskBuffer> => memoryDiskBuffer(fileSystem, { ...options, clock })
  await playCommands({ make, told }, clock, seededRandom(seed), COMMANDS, FIRST)
  return crashes
}

/** Every acknowledged event that nobody finished waits in the log, is parked, or is a dead letter. */
async function check({ fileSystem, told, what }: Crash, options: SampleOptions, context: string): Promise<void> {
  const buffer = memoryDiskBuffer(fileSystem, options)
  const report = await buffer.open()
  const where = `${context}, ${what}`
  // Salvage keeps what is behind the gaps of a batch that was being written, and takes a consumer that was being made for one.
  const { holes, lostAside, warnings } = report
  if (options.recovery !== 'salvage')
    expect({ holes, lostAside, warnings }, where).toEqual({ holes: [], lostAside: 0, warnings: [] })
  const found = new Map<string, number>()
  for (const entry of await readEverything(buffer, 'reader')) {
    if (entry.kind === 'event') found.set(entry.event.position, Number(entry.event.id.slice('evt_'.length)))
  }
  for (const [position, number] of told.acknowledged) expect(found.get(position), where).toBe(number)
  const { consumer, lease } = await consumerOf(buffer)
  const { lowWater, done } = await consumer.load(lease)
  const isDone = (position: string): boolean => position <= (lowWater ?? '') || done.includes(position)
  const aside = new Set<string>()
  for (const lane of lanes) {
    for (const entry of await consumer.readParked(lease, lane, { limit: 1000, maxBytes: 1e9 })) {
      if (entry.kind !== 'event') throw new Error(`${where}: a parked event is lost`)
      aside.add(entry.parked.event.position)
    }
  }
  for await (const { event } of consumer.deadLetters()) aside.add(event.position)
  const gone = [...told.acknowledged.keys()].filter(
    (position) => isDone(position) && !aside.has(position) && !told.finished.has(position),
  )
  expect(gone, where).toEqual([])
  await buffer.close()
}

describe('diskBuffer in the middle of any command', () => {
  test('has every event that nobody finished in one place at least, wherever it crashes', {
    timeout: 240_000 * scale,
  }, async () => {
    let crashes = 0
    for (const seed of withKept('crashedCommands', freshSeeds(RUNS))) {
      const options = crashSetUps[seed % crashSetUps.length] ?? small
      for (const crash of await crashesOf(seed, options)) {
        await check(crash, options, `seed ${seed}`)
        crashes++
      }
    }
    expect(crashes).toBeGreaterThan(RUNS * 3)
  })
})
