import { type FakeClock, fakeClock, seededRandom } from '@holdfast/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Consumer, EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { DestinationOptions, ExhaustionPolicy } from '../../src/receiver/destination-options.ts'
import { MemoryFileSystem } from '../disk/memory-file-system.ts'
import { memoryDiskBuffer } from '../disk/sample-buffer.ts'
import { type DrainFixture, drainFixture, event } from './drain-fixture.ts'

const MAX_ATTEMPTS = 3

interface Plan {
  readonly policy: ExhaustionPolicy
  readonly keys: readonly number[]
  /** How often each event fails at first: up to twice, or for ever until it is healed. */
  readonly failures: readonly number[]
  readonly seed: number
  readonly concurrency: number
  readonly window: number
  readonly maxParkedEvents: number
  /** After how long each run ends, and whether it dies or stops. */
  readonly runs: readonly { readonly afterMs: number; readonly dies: boolean }[]
}

const plans: fc.Arbitrary<Plan> = fc.record({
  policy: fc.constantFrom<ExhaustionPolicy>('deadLetter', 'blockKey', 'deadLetterKey'),
  keys: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 60 }),
  failures: fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2, Infinity), { minLength: 60, maxLength: 60 }),
  seed: fc.integer(),
  concurrency: fc.integer({ min: 1, max: 8 }),
  window: fc.integer({ min: 1, max: 12 }),
  maxParkedEvents: fc.constantFrom(100, 100, 100, 4, 0),
  runs: fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 3000 }), dies: fc.boolean() }), { maxLength: 4 }),
})

/** A buffer that survives the process. */
interface Store {
  readonly open: () => Promise<EventBuffer>
  /** Ends the process: in order, or at once. */
  readonly end: (buffer: EventBuffer, dies: boolean) => Promise<void>
}

function memoryStore(): Store {
  const buffer = memoryBuffer({ clock: fakeClock() })
  return {
    open: async () => {
      await buffer.open()
      return buffer
    },
    end: () => buffer.close(),
  }
}

function diskStore(): Store {
  let fileSystem = new MemoryFileSystem()
  return {
    open: async () => {
      const buffer = memoryDiskBuffer(fileSystem, { segmentBytes: 16_384 })
      await buffer.open()
      return buffer
    },
    end: async (buffer, dies) => {
      const left = fileSystem.afterKill()
      await buffer.close()
      if (dies) fileSystem = left
    },
  }
}

// The disk buffer needs turns of the event loop, not only of the clock.
const TURNS = 5
const STEP_MS = 50

interface Time {
  readonly pass: (ms: number) => Promise<void>
  readonly until: (promise: Promise<unknown>) => Promise<void>
}

function timeOf(clock: FakeClock): Time {
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await turns()
      await clock.advance(Math.min(left, STEP_MS))
    }
    await turns()
  }
  return {
    pass,
    async until(promise) {
      let settled = false
      const settle = (): void => {
        settled = true
      }
      promise.then(settle, settle)
      await turns()
      for (let step = 0; !settled; step++) {
        if (step > 2000) throw new Error('It does not end.')
        await pass(STEP_MS)
      }
      await promise
    },
  }
}

/** What should become of each event, by its key's events in order. */
function expectedOf(plan: Plan): Map<string, 'delivered' | 'dead' | 'blocked' | 'held'> {
  const fate = new Map<string, 'delivered' | 'dead' | 'blocked' | 'held'>()
  const stuck = new Set<number>()
  for (const [index, key] of plan.keys.entries()) {
    const isHopeless = plan.failures[index] === Infinity
    const id = `${key}-${index}`
    if (stuck.has(key)) fate.set(id, plan.policy === 'blockKey' ? 'held' : 'dead')
    else if (!isHopeless) fate.set(id, 'delivered')
    else fate.set(id, plan.policy === 'blockKey' ? 'blocked' : 'dead')
    if (isHopeless && plan.policy !== 'deadLetter') stuck.add(key)
  }
  return fate
}

async function run(plan: Plan, store: Store): Promise<void> {
  const clock = fakeClock()
  const random = seededRandom(plan.seed)
  const time = timeOf(clock)
  const calls: { readonly id: string; readonly ok: boolean }[] = []
  const tries = new Map<string, number>()
  let isHealed = false

  const options = (): DestinationOptions => {
    const atWork = new Set<string | undefined>()
    return {
      orderingKey: ({ key }) => key,
      concurrency: plan.concurrency,
      maxAttempts: MAX_ATTEMPTS,
      onExhausted: plan.policy,
      maxParkedEvents: plan.maxParkedEvents,
      baseDelayMs: 200,
      maxDelayMs: 1000,
      handle: async ({ id, key }, { signal }) => {
        expect(atWork.has(key), 'two of a key at a time').toBe(false)
        atWork.add(key)
        try {
          if (random.next() < 0.5) await clock.sleep(random.next() * 300, signal)
          const failures = plan.failures[Number(id.split('-')[1])] ?? 0
          const before = tries.get(id) ?? 0
          tries.set(id, before + 1)
          const ok = isHealed || before >= failures
          calls.push({ id, ok })
          if (!ok) throw new Error('no')
        } finally {
          atWork.delete(key)
        }
      },
    }
  }

  let buffer = await store.open()
  await buffer.openConsumer('orders')
  await buffer.append(plan.keys.map((key, index) => event(`${key}-${index}`, `key-${key}`)))
  const limits = { records: plan.window, span: plan.window * 2, bytes: 1_000_000 }
  let alive = { dead: false }
  const begin = async (): Promise<DrainFixture> => {
    const life = { dead: false }
    alive = life
    const wrap = (inner: Consumer): Consumer =>
      new Proxy(inner, {
        get: (target, name: keyof Consumer) => {
          const member = target[name]
          if (typeof member !== 'function') return member
          return (...args: never[]) => {
            if (life.dead) throw new Error('the process is dead')
            return (member as (...all: never[]) => unknown).apply(target, args)
          }
        },
      })
    const fixture = await drainFixture(options(), [], { clock, buffer, limits, random, wrap })
    fixture.drain.start()
    return fixture
  }
  const finish = async (fixture: DrainFixture, dies: boolean): Promise<void> => {
    alive.dead = dies
    await time.until(fixture.drain.stop({ timeoutMs: 0 }))
    await store.end(buffer, dies)
    buffer = await store.open()
  }

  for (const { afterMs, dies } of plan.runs) {
    const fixture = await begin()
    await time.pass(afterMs)
    await finish(fixture, dies)
  }
  const last = await begin()
  const hasRoom = plan.maxParkedEvents === 100
  const fate = expectedOf(plan)
  const holds = [...fate.values()].some((outcome) => outcome === 'held')
  // Where what is held found no room beside the log, the rest waits for it.
  if (hasRoom || !holds) {
    await time.until(last.drain.drained())
    checkCalls(plan, calls, fate)
    expect(new Set((await last.deadLetters()).map((letter) => letter.event.id))).toEqual(
      new Set([...fate].filter(([, outcome]) => outcome === 'dead').map(([id]) => id)),
    )
    const blocked = [...fate.values()].filter((outcome) => outcome === 'blocked').length
    expect(last.drain.snapshot()).toMatchObject({ state: 'idle', inWindow: 0, blockedKeys: blocked })
  }

  // Somebody repairs the other side, and has everything tried again.
  isHealed = true
  calls.length = 0
  await finish(last, false)
  const healed = await begin()
  await time.pass(10)
  const letters = await healed.deadLetters()
  const places = letters.map(({ event: { partition, position } }) => ({ partition, position }))
  if (places.length > 0) expect(await healed.consumer.redrive(places)).toBe(places.length)
  await healed.drain.lookAside()
  for (let round = 0; round < 7; round++) {
    for (const key of new Set(plan.keys)) await healed.drain.resumeKey(`key-${key}`)
    await time.pass(1_000)
  }
  await time.until(healed.drain.drained())
  expect(await healed.deadLetters()).toEqual([])
  expect(healed.drain.snapshot()).toMatchObject({ state: 'idle', parked: 0, inWindow: 0, blockedKeys: 0 })
  for (const [id, outcome] of fate)
    if (outcome !== 'delivered')
      expect(
        calls.some((call) => call.id === id && call.ok),
        `${id} is lost`,
      ).toBe(true)
  if (plan.policy !== 'deadLetter') checkOrder(plan, calls)
  await time.until(healed.drain.stop({ timeoutMs: 0 }))
  await buffer.close()
  expect(clock.pendingTimers, 'timers left').toBe(0)
}

function checkCalls(
  plan: Plan,
  calls: readonly { readonly id: string; readonly ok: boolean }[],
  fate: ReturnType<typeof expectedOf>,
): void {
  const delivered = new Set(calls.filter(({ ok }) => ok).map(({ id }) => id))
  const tried = new Set(calls.map(({ id }) => id))
  const givenUp = new Set([...fate].filter(([, outcome]) => outcome !== 'delivered').map(([id]) => id))
  for (const [id, outcome] of fate) expect(delivered.has(id), `${id} is ${outcome}`).toBe(outcome === 'delivered')
  for (const id of tried) {
    const isFirst = plan.failures[Number(id.split('-')[1])] === Infinity
    expect(!givenUp.has(id) || isFirst, `${id} is behind one that was given up`).toBe(true)
  }
  checkOrder(plan, calls)
}

/** Once an event of a key has had a call, no earlier one of that key has any. */
function checkOrder(plan: Plan, calls: readonly { readonly id: string }[]): void {
  for (const key of new Set(plan.keys)) {
    const order = calls.filter(({ id }) => id.startsWith(`${key}-`)).map(({ id }) => Number(id.split('-')[1]))
    expect(order, `key ${key}`).toEqual(order.toSorted((left, right) => left - right))
  }
}

describe('keys in trouble, whatever fails and whenever it restarts', () => {
  test('on a memory buffer: each event has the end that the policy says, in order per key', async () => {
    await fc.assert(
      fc.asyncProperty(plans, (plan) => run(plan, memoryStore())),
      { numRuns: 60 },
    )
  }, 60_000)

  test('on a disk buffer: each event has the end that the policy says, in order per key', async () => {
    await fc.assert(
      fc.asyncProperty(plans, (plan) => run(plan, diskStore())),
      { numRuns: 25 },
    )
  }, 60_000)
})
