import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer, EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { DestinationOptions, ExhaustionPolicy } from '../../src/receiver/destination-options.ts'
import { type Dice, seededDice } from './dice.ts'
import { type DrainFixture, drainFixture } from './drain-fixture.ts'
import { behindPassage } from './passage.ts'
import { playLogged, type RunLog } from './run-log.ts'
import { type TrackedEvent, type TrackedEvents, trackedEvents, trackingHandler } from './tracked-events.ts'

/** What a run does not draw itself. */
export interface RedriveSetUp {
  /** It takes one of them, */
  readonly policies: readonly ExhaustionPolicy[]
  /** or each drain of the run does. */
  readonly changesPolicy?: boolean
  readonly neverRestarts?: boolean
  /** The wall clock is set forward and back. */
  readonly clockJumps?: boolean
}

/** What a run draws once. */
interface Habits {
  readonly policy: ExhaustionPolicy
  readonly keys: readonly string[]
  /** Otherwise everything is in one line. */
  readonly isKeyed: boolean
  readonly latencyMs: number
  readonly options: DestinationOptions
}

/** A buffer, the drain that is on it, and what is known of its events. */
interface World {
  readonly setUp: RedriveSetUp
  readonly habits: Habits
  readonly dice: Dice
  readonly clock: JumpingClock
  readonly log: RunLog
  readonly buffer: EventBuffer
  readonly events: TrackedEvents
  /** When each event started last, and when it was last redriven, as turns. */
  readonly startedAt: Map<TrackedEvent, number>
  readonly redrivenAt: Map<TrackedEvent, number>
  /** What was asked for and may not have been answered. */
  readonly asked: Promise<void>[]
  fixture: DrainFixture
  turns: number
  drains: number
  isHeld: boolean
  /** Share of the calls to the buffer that fail. */
  broken: number
}

type Step = (world: World) => Promise<void> | void

const STEPS = 60
/** Each is taken as often as its weight says. */
const steps: readonly (readonly [weight: number, step: Step])[] = [
  [12, appendSome],
  [3, redriveSome],
  [3, holdOrRelease],
  [3, resumeOne],
  [3, breakOrMend],
  [1, restart],
  [3, jump],
  [8, () => {}],
]

const buffered: readonly (keyof Consumer)[] = [
  'commit',
  'park',
  'deadLetter',
  'readParked',
  'parkedLanes',
  'deadLanes',
  'load',
  'read',
]

/** Longer than all repeats of an event, and all waits for a buffer that failed. */
const PATIENCE_MS = 60_000
const ROUND_MS = 5_000
const MAX_ROUNDS = 100

/**
 * Plays random steps with a drain whose dead letters are redriven again and again, and mends everything in the end. Throws when events of a key
 * start at the same time or, but for those that are just being redriven, out of order; when something is neither delivered nor dead in the end; when
 * the drain does not come to rest.
 */
export async function playRedrives(seed: number, setUp: RedriveSetUp): Promise<void> {
  const clock = jumpingClock()
  await playLogged(seed, clock, async (log) => {
    const world = await worldOf(setUp, seededDice(seed), clock, log)
    for (let step = 0; step < STEPS; step++) {
      await world.dice.weighted(steps)(world)
      await clock.advance(world.dice.one([0, 5, 50, 500]))
    }
    await mend(world)
    await checkEnd(world)
  })
}

/** A clock whose wall clock can be set. */
interface JumpingClock extends FakeClock {
  jump(ms: number): void
}

function jumpingClock(): JumpingClock {
  const clock = fakeClock()
  let aheadMs = 0
  return {
    ...clock,
    now: () => clock.now() + aheadMs,
    get pendingTimers() {
      return clock.pendingTimers
    },
    jump(ms) {
      aheadMs += ms
    },
  }
}

async function worldOf(setUp: RedriveSetUp, dice: Dice, clock: JumpingClock, log: RunLog): Promise<World> {
  const buffer = memoryBuffer({ clock })
  await buffer.open()
  const isKeyed = dice.chance(0.8)
  const habits: Habits = {
    policy: dice.one(setUp.policies),
    keys: ['a', 'b', 'c'].slice(0, 1 + dice.below(3)),
    isKeyed,
    latencyMs: dice.one([0, 0, 30, 300]),
    options: {
      ...(isKeyed ? { orderingKey: ({ key }) => key } : {}),
      concurrency: isKeyed ? 1 + dice.below(6) : 1,
      maxAttempts: 1 + dice.below(3),
      baseDelayMs: dice.one([10, 200, 2_000]),
      maxParkedEvents: dice.one([100, 100, 6, 0]),
      breaker: dice.chance(1 / 3) ? { failures: 2, breakMs: 500 } : false,
      ratePerSecond: dice.chance(1 / 4) ? 20 : Infinity,
    },
  }
  log.note(JSON.stringify(habits))
  const common = { setUp, habits, dice, clock, log, buffer, events: trackedEvents() }
  const state = { startedAt: new Map(), redrivenAt: new Map(), asked: [], turns: 0, drains: 0 }
  const world: Omit<World, 'fixture'> = { ...common, ...state, isHeld: false, broken: 0 }
  return Object.assign(world, { fixture: await startedDrain(world) })
}

async function startedDrain(world: Omit<World, 'fixture'>): Promise<DrainFixture> {
  const { setUp, habits, dice, clock, log, buffer, events } = world
  const name = `drain ${++world.drains}`
  // What an earlier drain has done may come again, if it could not write that before it stopped.
  const doneHere = new Set<TrackedEvent>()
  const handle = trackingHandler({
    name,
    events,
    clock,
    dice,
    log,
    maxMs: 400,
    laneOf: (event) => laneOf(habits, event),
    onStart: (event) => checkStart(world, event),
    onSuccess: (event) => {
      event.fate = 'done'
      doneHere.add(event)
    },
  })
  const onExhausted = setUp.changesPolicy === true ? dice.one(setUp.policies) : habits.policy
  log.note(`${name} starts with ${onExhausted}`)
  const fixture = await drainFixture({ ...habits.options, handle, onExhausted }, [], {
    clock,
    buffer,
    owner: name,
    random: dice.random,
    limits: { records: 1 + dice.below(8), span: 64, bytes: 1_000_000 },
    wrap: (inner) => behindPassage(inner, buffered, (moment) => pass(world, moment)),
  })
  fixture.events.on('delivery:dead-lettered', ({ id }) => {
    const event = events.of(id)
    if (doneHere.has(event)) log.wrong(`${id} is dead after it was done`)
    event.fate = 'dead'
    log.note(`${id} is dead`)
  })
  fixture.drain.start()
  return fixture
}

/** What each call to the buffer goes through: it is slow at times, and fails at times. */
async function pass(
  { habits, dice, clock, broken }: Omit<World, 'fixture'>,
  moment: 'before' | 'after',
): Promise<void> {
  if (habits.latencyMs > 0 && dice.chance(0.5)) await clock.sleep(dice.below(habits.latencyMs))
  if (moment === 'before' && dice.chance(broken)) throw new BufferError('buffer_failed', 'The buffer is broken.')
}

function laneOf({ isKeyed }: Habits, { key }: TrackedEvent): string {
  return isKeyed ? key : ''
}

function lanesOf({ isKeyed, keys }: Habits): readonly string[] {
  return isKeyed ? keys : ['']
}

/** Everything before it in its lane has an end, and, unless it is just being redriven, nothing after it has started since it was to. */
function checkStart(world: Omit<World, 'fixture'>, event: TrackedEvent): void {
  const { habits, log, events, startedAt, redrivenAt } = world
  if (event.fate === 'dead') log.wrong(`${event.id} starts although it is dead`)
  const dueAt = redrivenAt.get(event) ?? 0
  for (const other of events.all) {
    if (laneOf(habits, other) !== laneOf(habits, event)) continue
    if (other.number < event.number && other.fate === 'open') log.wrong(`${event.id} starts before ${other.id}`)
    const hasPassed = other.number > event.number && (startedAt.get(other) ?? 0) > dueAt
    if (hasPassed && event.fate !== 'between') log.wrong(`${event.id} starts after ${other.id}`)
  }
  startedAt.set(event, ++world.turns)
}

async function appendSome({ habits, dice, buffer, events }: World): Promise<void> {
  for (let left = 1 + dice.below(4); left > 0; left--)
    await events.append(buffer, dice.one(habits.keys), dice.one([0, 0, 0, 1, 2, 50]))
}

function redriveSome(world: World): void {
  world.asked.push(redrive(world))
}

/** Redrives some of the dead letters, and cures some of these. Their order is owed once the drain has looked at them. */
async function redrive(world: World): Promise<void> {
  const { dice, log, events, redrivenAt, startedAt, fixture } = world
  const letters = (await fixture.deadLetters()).filter(
    (letter) => events.of(letter.event.id).fate === 'dead' && dice.chance(0.5),
  )
  if (letters.length === 0) return
  const redriven = letters.map((letter) => events.of(letter.event.id))
  for (const event of redriven) {
    event.fate = 'between'
    if (dice.chance(0.5)) event.failuresLeft = 0
  }
  const names = redriven.map(({ id }) => id).join(', ')
  log.note(`${names} are redriven`)
  const count = await fixture.consumer.redrive(letters.map((letter) => letter.event))
  if (count !== letters.length) log.wrong(`${count} of ${names} were redriven`)
  try {
    await fixture.drain.lookAside()
  } catch {
    log.note(`nobody looked at ${names}`)
    return
  }
  for (const event of redriven) {
    redrivenAt.set(event, event.fate === 'between' ? ++world.turns : (startedAt.get(event) ?? 0))
    if (event.fate === 'between') event.fate = 'open'
  }
  log.note(`${names} were redriven`)
}

function holdOrRelease(world: World): void {
  world.isHeld = !world.isHeld
  world.log.note(world.isHeld ? 'held' : 'released')
  world.fixture.drain.hold(world.isHeld)
}

function resumeOne(world: World): void {
  world.asked.push(resume(world, world.dice.one(lanesOf(world.habits))))
}

async function resume({ log, fixture }: World, lane: string): Promise<void> {
  const answer = await fixture.drain.resumeKey(lane).catch(() => 'failed')
  log.note(`resuming "${lane}": ${answer}`)
}

function breakOrMend(world: World): void {
  world.broken = world.dice.one([0, 0, 0, 0.3])
  world.log.note(`${world.broken} of the calls fail`)
}

async function restart(world: World): Promise<void> {
  const { setUp, dice, clock, log, asked } = world
  if (setUp.neverRestarts === true) return
  await clock.runUntil(Promise.all(asked))
  log.note('stops')
  await clock.runUntil(world.fixture.drain.stop({ timeoutMs: dice.one([0, 100]) }))
  world.fixture = await startedDrain(world)
  world.fixture.drain.hold(world.isHeld)
}

function jump({ setUp, dice, clock, log }: World): void {
  if (setUp.clockJumps !== true) return
  const ms = dice.one([5_000, -1_000])
  log.note(`the clock jumps by ${ms} ms`)
  clock.jump(ms)
}

/** Ends whatever was wrong, and has everything tried again until nothing is left. */
async function mend(world: World): Promise<void> {
  const { habits, clock, log, events, asked, fixture } = world
  log.note('mended')
  world.broken = 0
  fixture.drain.hold(false)
  await clock.advance(PATIENCE_MS)
  await clock.runUntil(Promise.all(asked))
  await clock.runUntil(fixture.drain.lookAside())
  events.heal()
  await clock.advance(PATIENCE_MS)
  for (let round = 0; round < MAX_ROUNDS && !isAtRest(world); round++) {
    for (const lane of lanesOf(habits)) await clock.runUntil(resume(world, lane))
    await clock.advance(ROUND_MS)
  }
}

function isAtRest({ events, fixture: { drain } }: World): boolean {
  const { state, inWindow, inFlight, parked, blockedKeys } = drain.snapshot()
  return state === 'idle' && inWindow + inFlight + parked + blockedKeys === 0 && events.left().length === 0
}

async function checkEnd(world: World): Promise<void> {
  const { clock, log, buffer, events, fixture } = world
  const left = events.left().map(({ id, fate }) => `${id} is ${fate}`)
  if (!isAtRest(world)) log.wrong(`no rest: ${left.join(', ')} ${JSON.stringify(fixture.drain.snapshot())}`)
  const { consumers } = await buffer.stats()
  if (consumers.some(({ backlog }) => backlog !== 0)) log.wrong(`not empty: ${JSON.stringify(consumers)}`)
  await clock.runUntil(fixture.drain.stop({ timeoutMs: 0 }))
  if (clock.pendingTimers !== 0) log.wrong(`${clock.pendingTimers} timers are left`)
}
