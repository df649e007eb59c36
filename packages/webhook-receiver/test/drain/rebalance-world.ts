import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer, EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { type Dice, seededDice } from './dice.ts'
import { type DrainFixture, drainFixture } from './drain-fixture.ts'
import { behindPassage } from './passage.ts'
import { playLogged, type RunLog } from './run-log.ts'
import { placeOf, type TrackedEvent, type TrackedEvents, trackedEvents, trackingHandler } from './tracked-events.ts'

/** A process that drains, as far as the others can tell. */
interface Process {
  readonly name: string
  fixture?: DrainFixture
  /** Its calls do not reach the buffer, or their answers do not reach it. */
  isCutOff: boolean
}

/** What a run draws once. */
interface Habits {
  readonly partitions: number
  readonly latencyMs: number
  readonly options: DestinationOptions
}

/** A buffer on a server, the processes that share it, and what the server knows of its events. */
interface World {
  readonly habits: Habits
  readonly dice: Dice
  readonly clock: FakeClock
  readonly log: RunLog
  readonly buffer: EventBuffer
  readonly events: TrackedEvents
  /** Some places may be free. */
  readonly processes: (Process | undefined)[]
  /** What was asked for and may not have been answered. */
  readonly asked: Promise<void>[]
  started: number
}

type Step = (world: World) => Promise<void> | void

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const PLACES = 3
const LEASE_MS = 3_000
const STEPS = 60
/** Each is taken as often as its weight says. */
const steps: readonly (readonly [weight: number, step: Step])[] = [
  [5, appendSome],
  [1, redriveSome],
  [2, startOne],
  [1, stopOne],
  [1, cutOffOrConnect],
  [1, resumeOne],
  [3, () => {}],
]

const remote: readonly (keyof Consumer)[] = [
  'attend',
  'acquire',
  'renew',
  'release',
  'commit',
  'park',
  'deadLetter',
  'readParked',
  'parkedLanes',
  'deadLanes',
  'load',
  'asideMark',
  'read',
]

/** Longer than all repeats of an event, and the leases of whoever was cut off. */
const PATIENCE_MS = 10_000
const ROUND_MS = 2_000
const MAX_ROUNDS = 100

/**
 * Plays random steps with processes that come, go and are cut off, and mends everything in the end. Throws when an event starts although another
 * process has finished it, before an earlier one of its key that nobody has, or beside one in the same process; when something is neither done nor
 * dead in the end; when a process does not come to rest.
 */
export async function playRebalances(seed: number): Promise<void> {
  const clock = fakeClock()
  await playLogged(seed, clock, async (log) => {
    const world = await worldOf(seededDice(seed), clock, log)
    await startAt(world, 0)
    for (let step = 0; step < STEPS; step++) {
      await world.dice.weighted(steps)(world)
      await clock.advance(world.dice.one([0, 5, 50, 500, 2_000]))
    }
    await mend(world)
    await checkEnd(world)
  })
}

async function worldOf(dice: Dice, clock: FakeClock, log: RunLog): Promise<World> {
  const partitions = 1 + dice.below(4)
  const memory = memoryBuffer({ clock, partitions })
  await memory.open()
  const asideMarks = dice.chance(0.5)
  const habits: Habits = {
    partitions,
    latencyMs: dice.one([0, 0, 30, 300]),
    options: {
      orderingKey: ({ key }) => key,
      onExhausted: dice.one(['deadLetter', 'deadLetterKey', 'blockKey']),
      maxAttempts: 1 + dice.below(3),
      maxDelayMs: 2_000,
      maxParkedEvents: 100,
    },
  }
  log.note(JSON.stringify({ ...habits, asideMarks }))
  return {
    habits,
    dice,
    clock,
    log,
    buffer: { ...memory, caps: { ...memory.caps, multiProcess: true, asideMarks } },
    events: trackedEvents(),
    processes: Array.from({ length: PLACES }, () => undefined),
    asked: [],
    started: 0,
  }
}

async function startAt(world: World, place: number): Promise<void> {
  const { habits, dice, clock, log, buffer, events } = world
  const name = `process ${++world.started}`
  const process: Process = { name, isCutOff: false }
  const handle = trackingHandler({
    name,
    events,
    clock,
    dice,
    log,
    maxMs: 900,
    laneOf: ({ key }) => key,
    onStart: (event) => checkStart(world, name, event),
  })
  const options = { ...habits.options, handle, concurrency: 1 + dice.below(5), baseDelayMs: dice.one([10, 200]) }
  process.fixture = await drainFixture(options, [], {
    clock,
    buffer,
    owner: name,
    random: dice.random,
    limits: { records: 1 + dice.below(8), span: 64, bytes: 1_000_000 },
    leaseMs: LEASE_MS,
    wrap: (inner) => behindPassage(watched(inner, world), remote, () => pass(world, process)),
  })
  process.fixture.drain.start()
  world.processes[place] = process
  log.note(`${name} begins`)
}

/** What each call to the server goes through: it is slow at times, and gets nowhere while the process is cut off. */
async function pass({ habits, dice, clock }: World, process: Process): Promise<void> {
  if (habits.latencyMs > 0 && dice.chance(0.5)) await clock.sleep(dice.below(habits.latencyMs))
  if (process.isCutOff) throw new BufferError('buffer_failed', `${process.name} is cut off.`)
}

/** Notes what the server has written. */
function watched(consumer: Consumer, { log, events }: World): Consumer {
  return {
    ...consumer,
    async commit(lease, delta) {
      await consumer.commit(lease, delta)
      for (const position of delta.done ?? []) {
        const event = events.at(placeOf({ partition: lease.partition, position }))
        if (event !== undefined) event.fate = 'done'
      }
    },
    async deadLetter(lease, letters) {
      await consumer.deadLetter(lease, letters)
      for (const letter of letters) {
        const event = events.of(letter.event.id)
        if (event.fate === 'done') continue
        event.fate = 'dead'
        log.note(`${event.id} is dead`)
      }
    },
  }
}

function checkStart({ log, events }: World, name: string, event: TrackedEvent): void {
  if (event.fate === 'dead' || event.fate === 'done')
    log.wrong(`${event.id} starts in ${name} although it is ${event.fate}`)
  for (const other of events.all)
    if (other.key === event.key && other.number < event.number && other.fate === 'open')
      log.wrong(`${event.id} starts in ${name} before ${other.id}`)
}

async function appendSome({ dice, buffer, events }: World): Promise<void> {
  for (let left = 1 + dice.below(4); left > 0; left--)
    await events.append(buffer, dice.one(KEYS), dice.one([0, 0, 0, 0, 1, 2, 50]))
}

/** Redrives some of the dead letters, as somebody at the server does, and cures some of these. */
async function redriveSome({ dice, log, buffer, events }: World): Promise<void> {
  const consumer = await buffer.openConsumer('orders')
  const places: { readonly partition: number; readonly position: string }[] = []
  for await (const letter of consumer.deadLetters()) {
    if (dice.chance(0.5)) continue
    const event = events.of(letter.event.id)
    // Processes learn of it at different times.
    event.fate = 'between'
    if (dice.chance(0.5)) event.failuresLeft = 0
    log.note(`${event.id} is redriven`)
    places.push(letter.event)
  }
  await consumer.redrive(places)
}

async function startOne(world: World): Promise<void> {
  const place = world.dice.below(PLACES)
  if (world.processes[place] === undefined) await startAt(world, place)
}

function stopOne({ dice, log, processes, asked }: World): void {
  const place = dice.below(PLACES)
  const process = processes[place]
  if (process?.fixture === undefined || process.isCutOff) return
  log.note(`${process.name} stops`)
  asked.push(process.fixture.drain.stop({ timeoutMs: dice.one([0, 500]) }))
  processes[place] = undefined
}

function cutOffOrConnect({ dice, log, processes }: World): void {
  const process = dice.one(processes)
  if (process === undefined) return
  process.isCutOff = !process.isCutOff
  log.note(`${process.name} is ${process.isCutOff ? 'cut off' : 'connected again'}`)
}

function resumeOne(world: World): void {
  const drain = world.dice.one(world.processes)?.fixture?.drain
  if (drain !== undefined) world.asked.push(resume(drain, world.dice.one(KEYS)))
}

async function resume(drain: DrainFixture['drain'], key: string): Promise<void> {
  // One that is cut off cannot.
  await drain.resumeKey(key).catch(() => {})
}

function drainsOf({ processes }: World): DrainFixture['drain'][] {
  return processes.flatMap((process) => process?.fixture?.drain ?? [])
}

/** Ends whatever was wrong, and has everything tried again until nothing is left. */
async function mend(world: World): Promise<void> {
  const { clock, log, events, processes } = world
  log.note('mended')
  for (const process of processes) if (process !== undefined) process.isCutOff = false
  if (drainsOf(world).length === 0) await startAt(world, 0)
  await clock.advance(PATIENCE_MS)
  events.heal()
  for (let round = 0; round < MAX_ROUNDS && !isAtRest(world); round++) {
    for (const drain of drainsOf(world)) for (const key of KEYS) await clock.runUntil(resume(drain, key))
    await clock.advance(ROUND_MS)
  }
}

function isAtRest(world: World): boolean {
  const snapshots = drainsOf(world).map((drain) => drain.snapshot())
  return (
    world.events.left().length === 0 &&
    snapshots.every(({ state, inWindow, inFlight, parked, blockedKeys }) => {
      return state === 'idle' && inWindow + inFlight + parked + blockedKeys === 0
    })
  )
}

async function checkEnd(world: World): Promise<void> {
  const { clock, log, events, asked } = world
  const left = events.left().map(({ id, fate }) => `${id} is ${fate}`)
  const snapshots = drainsOf(world).map((drain) => JSON.stringify(drain.snapshot()))
  if (!isAtRest(world)) log.wrong(`no rest: ${[...left, ...snapshots].join(', ')}`)
  for (const drain of drainsOf(world)) await clock.runUntil(drain.stop({ timeoutMs: 0 }))
  await clock.runUntil(Promise.all(asked))
  // Handlers that were given up listen to no signal.
  await clock.advance(1_000)
  if (clock.pendingTimers !== 0) log.wrong(`${clock.pendingTimers} timers are left`)
}
