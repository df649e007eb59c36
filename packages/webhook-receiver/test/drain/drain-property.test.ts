import { fakeClock, seededRandom } from '@holdfast/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { drainFixture, event } from './drain-fixture.ts'

interface Plan {
  readonly keys: readonly number[]
  readonly failures: number
  readonly seed: number
  readonly concurrency: number
  readonly partitions: number
  readonly restartsAfterMs: readonly number[]
  readonly brokenCommits: number
  readonly ratePerSecond: number
  readonly window: number
}

const plans: fc.Arbitrary<Plan> = fc.record({
  keys: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 80 }),
  failures: fc.double({ min: 0, max: 0.6, noNaN: true }),
  seed: fc.integer(),
  concurrency: fc.integer({ min: 1, max: 12 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  restartsAfterMs: fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 4 }),
  brokenCommits: fc.double({ min: 0, max: 0.3, noNaN: true }),
  ratePerSecond: fc.constantFrom(Infinity, 5, 50, 1000),
  window: fc.integer({ min: 1, max: 40 }),
})

const MAX_ATTEMPTS = 6

/** What a handler saw, in order. */
interface Call {
  readonly id: string
  readonly attempt: number
  readonly ok: boolean
}

describe('whatever fails and whenever it restarts', () => {
  test('each event is delivered or becomes a dead letter, in order per key, one of a key at a time', async () => {
    await fc.assert(fc.asyncProperty(plans, run), { numRuns: 150 })
  }, 60_000)
})

async function run(plan: Plan): Promise<void> {
  const clock = fakeClock()
  const random = seededRandom(plan.seed)
  const buffer = memoryBuffer({ clock, partitions: plan.partitions })
  await buffer.open()
  await buffer.append(plan.keys.map((key, index) => event(`${key}-${index}`, `key-${key}`)))

  const calls: Call[] = []
  const atWork = new Map<string, number>()
  let run = 0
  const options = (): DestinationOptions => {
    const mine = ++run
    return {
      orderingKey: ({ key }) => key,
      concurrency: plan.concurrency,
      ratePerSecond: plan.ratePerSecond,
      maxAttempts: MAX_ATTEMPTS,
      timeoutMs: 5000,
      handle: async ({ id, key }, { attempt, signal }) => {
        const work = `${mine}:${key}`
        atWork.set(work, (atWork.get(work) ?? 0) + 1)
        expect(atWork.get(work), 'two of a key at a time').toBe(1)
        const ok = random.next() >= plan.failures
        try {
          // Some handlers are quick, some are not, and all listen to their signal.
          if (random.next() < 0.7) await clock.sleep(random.next() * 1500, signal)
          if (!ok) throw new Error('no')
          calls.push({ id, attempt, ok })
        } catch (error) {
          if (!signal.aborted) calls.push({ id, attempt, ok: false })
          throw error
        } finally {
          atWork.set(work, 0)
        }
      },
    }
  }
  const wrap = (inner: Consumer): Consumer => ({
    ...inner,
    commit: async (lease, delta) => {
      const fate = random.next()
      if (fate < plan.brokenCommits / 2) throw new Error('not written')
      await inner.commit(lease, delta)
      if (fate < plan.brokenCommits) throw new Error('written, but the answer is lost')
    },
  })
  const limits = { records: plan.window, span: plan.window * 2, bytes: 1_000_000 }
  const setup = { clock, buffer, wrap, limits, random }

  for (const afterMs of plan.restartsAfterMs) {
    const { drain } = await drainFixture(options(), [], setup)
    drain.start()
    await clock.advance(afterMs)
    await clock.runUntil(drain.stop({ timeoutMs: random.next() < 0.5 ? 0 : 1000 }))
    await buffer.close()
    await buffer.open()
  }
  const last = await drainFixture(options(), [], setup)
  last.drain.start()
  await last.drained()
  await last.drain.stop({ timeoutMs: 0 })
  expect(clock.pendingTimers, 'timers left').toBe(0)

  const dead = new Set((await last.deadLetters()).map((letter) => letter.event.id))
  checkNothingLost(plan, calls, dead)
  checkOrder(plan, calls)
  checkAttempts(calls)
}

function checkNothingLost(plan: Plan, calls: readonly Call[], dead: ReadonlySet<string>): void {
  const delivered = new Set(calls.filter((call) => call.ok).map((call) => call.id))
  for (const [index, key] of plan.keys.entries()) {
    const id = `${key}-${index}`
    expect(delivered.has(id) || dead.has(id), `${id} is lost`).toBe(true)
  }
}

/** Once an event of a key has had a call, no earlier one of that key has any. */
function checkOrder(plan: Plan, calls: readonly Call[]): void {
  for (const key of new Set(plan.keys)) {
    const order = calls.filter(({ id }) => id.startsWith(`${key}-`)).map(({ id }) => Number(id.split('-')[1]))
    expect(order, `key ${key}`).toEqual(order.toSorted((left, right) => left - right))
  }
}

/** Attempts begin at 1 and never go back; nothing is tried more often than allowed. */
function checkAttempts(calls: readonly Call[]): void {
  const lastOf = new Map<string, number>()
  for (const { id, attempt } of calls) {
    const last = lastOf.get(id)
    if (last === undefined) expect(attempt, `first attempt of ${id}`).toBe(1)
    else expect(attempt === last || attempt === last + 1, `${id}: ${last} then ${attempt}`).toBe(true)
    expect(attempt).toBeLessThanOrEqual(MAX_ATTEMPTS)
    lastOf.set(id, attempt)
  }
}
