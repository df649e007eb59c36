import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { Consumer, EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { Gateway } from '../../src/gateway/index.ts'
import { type Dice, seededDice } from '../drain/dice.ts'
import { behindPassage, type Passage } from '../drain/passage.ts'
import { playLogged, type RunLog } from '../drain/run-log.ts'
import { type FakeTarget, fakeTarget, type GatewayFixture, gatewayFixture } from './gateway-fixture.ts'

/** One process of the gateway, from its start to its end. */
interface Life {
  end: 'none' | 'closed' | 'gone'
}

/** A gateway, its senders, its target and its buffer. */
interface World {
  readonly dice: Dice
  readonly clock: FakeClock
  readonly log: RunLog
  readonly memory: EventBuffer
  readonly latencyMs: number
  readonly target: FakeTarget
  /** Keys whose sender waits for an answer: the next request of a key comes after it. */
  readonly waiting: Set<string>
  /** Bodies that were answered with a 2xx, in order. */
  readonly accepted: string[]
  life: Life
  fixture: GatewayFixture
  posts: number
  /** Share of the requests that the target fails. */
  failing: number
  /** Share of the calls to the buffer that fail, half of them although they were done. */
  broken: number
}

type Step = (world: World) => Promise<void> | void

const KEYS = ['a', 'b', 'c', 'd'] as const
const STEPS = 80
/** Each is taken as often as its weight says. */
const steps: readonly (readonly [weight: number, step: Step])[] = [
  [12, postSome],
  [2, changeHealth],
  [2, changeTemper],
  [2, breakOrMend],
  [2, holdOrRelease],
  [1, restart],
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
  'load',
  'read',
]

const ROUND_MS = 5_000
const MAX_ROUNDS = 40

/**
 * Plays random steps with a gateway whose process is killed and stopped, whose target has its moods and whose buffer loses answers, and mends
 * everything in the end. Throws when a request that was answered with a 2xx does not reach the target, or reaches it first after a later one of its
 * key; when the gateway does not come to pass everything on again.
 */
export async function playGateway(seed: number, partitions: number): Promise<void> {
  const clock = fakeClock()
  await playLogged(seed, clock, async (log) => {
    const world = await worldOf(seededDice(seed), clock, log, partitions)
    for (let step = 0; step < STEPS; step++) {
      await world.dice.weighted(steps)(world)
      await clock.advance(world.dice.one([0, 5, 50, 500]))
    }
    await mend(world)
    checkEnd(world)
    await clock.runUntil(world.fixture.gateway.stop())
  })
}

async function worldOf(dice: Dice, clock: FakeClock, log: RunLog, partitions: number): Promise<World> {
  const memory = memoryBuffer({ clock, partitions })
  await memory.open()
  const common = { dice, clock, log, memory, latencyMs: dice.one([0, 0, 30]), target: fakeTarget() }
  const state = { waiting: new Set<string>(), accepted: [], life: { end: 'none' } as Life }
  const world: Omit<World, 'fixture'> = { ...common, ...state, posts: 0, failing: 0, broken: 0 }
  log.note(`${world.latencyMs} ms to the buffer and back`)
  world.target.answer = (body) => answer(world, body)
  return Object.assign(world, { fixture: await startedGateway(world) })
}

async function startedGateway(world: Omit<World, 'fixture'>): Promise<GatewayFixture> {
  const { dice, clock, memory, target } = world
  const life: Life = { end: 'none' }
  world.life = life
  const started = gatewayFixture(
    {
      buffer: onServer(memory, life, () => pass(world, life)),
      random: dice.random,
      // What a process has sent that is gone is not answered.
      fetch: (...args) => (life.end === 'none' ? target.fetch(...args) : new Promise(() => {})),
      maxAttempts: Infinity,
      maxDelayMs: 2_000,
      timeoutMs: 300,
      maxTrackedKeys: dice.one([2, 1_000]),
      health: { intervalMs: 500, timeoutMs: 200 },
    },
    target,
    clock,
  )
  return clock.runUntil(started)
}

/** The buffer as a process sees it: it is there before and after it. */
function onServer(memory: EventBuffer, life: Life, pass: Passage): EventBuffer {
  const buffer: EventBuffer = {
    ...memory,
    caps: { ...memory.caps, multiProcess: true },
    open: async () => ({ durationMs: 0, scannedBytes: 0, tornBytes: 0, holes: [], lostAside: 0 }),
    async close() {
      if (life.end === 'none') life.end = 'closed'
    },
    openConsumer: async (name, options) => behindPassage(await memory.openConsumer(name, options), remote, pass),
  }
  return behindPassage(buffer, ['append'], pass)
}

async function pass({ dice, clock, latencyMs, broken }: Omit<World, 'fixture'>, life: Life): Promise<void> {
  if (latencyMs > 0 && dice.chance(0.5)) await clock.sleep(dice.below(latencyMs))
  if (life.end !== 'none' || dice.chance(broken / 2)) throw new BufferError('buffer_failed', 'The server is away.')
}

/** What the target does with a request. */
async function answer(world: Omit<World, 'fixture'>, body: string): Promise<Response> {
  const { dice, clock, log, target, life } = world
  if (dice.chance(1 / 3)) await clock.sleep(dice.below(400))
  if (!target.healthy || dice.chance(world.failing)) return dice.one([unavailable, broken, reset])()
  // Otherwise it could still arrive after what its sender has sent since.
  if (life.end === 'gone') return reset()
  log.note(`the target takes ${body}`)
  return new Response('ok')
}

function unavailable(): Response {
  return new Response(null, { status: 503 })
}

function broken(): Response {
  return new Response(null, { status: 500 })
}

function reset(): never {
  throw new TypeError('The connection was reset.')
}

function postSome(world: World): void {
  for (let left = 1 + world.dice.below(4); left > 0; left--) {
    const key = world.dice.one(KEYS)
    if (world.waiting.has(key)) continue
    void post(world, key).catch((error: unknown) => world.log.wrong(`a request failed: ${String(error)}`))
  }
}

async function post(world: World, key: string): Promise<void> {
  const { log, waiting, accepted, life, fixture } = world
  const body = `${key}-${world.posts++}`
  waiting.add(key)
  log.note(`${body} is posted`)
  const { status } = await fixture.post(body)
  // Nobody hears the answers of a process that is gone, and its senders do not wait for them.
  if (life.end === 'gone') return
  const { mode, backlog } = fixture.gateway.snapshot()
  log.note(`${body} is answered ${status} in mode ${mode}, with a backlog of ${backlog}`)
  if (status === 200) accepted.push(body)
  waiting.delete(key)
}

function changeHealth({ dice, log, target }: World): void {
  target.healthy = dice.chance(2 / 3)
  log.note(`the target is ${target.healthy ? 'healthy' : 'ill'}`)
}

function changeTemper(world: World): void {
  world.failing = world.dice.one([0, 0, 0.2, 0.6])
  world.log.note(`${world.failing} of the requests fail`)
}

function breakOrMend(world: World): void {
  world.broken = world.dice.one([0, 0, 0, 0.2])
  world.log.note(`${world.broken} of the calls to the buffer fail`)
}

function holdOrRelease({ dice, log, fixture: { gateway } }: World): void {
  const isHeld = dice.chance(0.5)
  log.note(isHeld ? 'held' : 'released')
  if (isHeld) gateway.hold()
  else gateway.release()
}

async function restart(world: World): Promise<void> {
  const { dice, clock, log, life, waiting, fixture } = world
  world.broken = 0
  if (dice.chance(0.5)) {
    log.note('killed')
    life.end = 'gone'
    void fixture.gateway.stop({ timeoutMs: 0 }).catch(() => {})
  } else {
    log.note('stops')
    await clock.runUntil(fixture.gateway.stop({ timeoutMs: 100 }))
    life.end = 'gone'
  }
  waiting.clear()
  world.fixture = await startedGateway(world)
  log.note('started again')
}

/** Ends whatever was wrong, and waits until nothing is left. */
async function mend(world: World): Promise<void> {
  const { clock, log, target, fixture } = world
  log.note('mended')
  world.failing = 0
  world.broken = 0
  target.healthy = true
  fixture.gateway.release()
  for (let round = 0; round < MAX_ROUNDS && !isAtRest(fixture.gateway); round++) await clock.advance(ROUND_MS)
  // It stays so.
  await clock.advance(ROUND_MS)
}

function isAtRest(gateway: Gateway): boolean {
  const { backlog, mode } = gateway.snapshot()
  return backlog === 0 && mode === 'proxy'
}

function checkEnd({ log, target, accepted, fixture: { gateway } }: World): void {
  if (!isAtRest(gateway)) log.wrong(`no rest: ${JSON.stringify(gateway.snapshot())}`)
  for (const key of KEYS) {
    let last: { readonly body: string; readonly at: number } | undefined
    for (const body of accepted.filter((each) => each.startsWith(key))) {
      const at = target.taken.indexOf(body)
      if (at === -1) log.wrong(`${body} is lost`)
      else if (last !== undefined && at < last.at) log.wrong(`${body} came before ${last.body}`)
      else last = { body, at }
    }
  }
}
