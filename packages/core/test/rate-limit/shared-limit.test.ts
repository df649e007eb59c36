import { describe, expect, it } from 'vitest'
import { memoryStateStore, type StateStore } from '../../src/index.ts'
import { SharedLimit } from '../../src/rate-limit/shared-limit.ts'
import { StateLink } from '../../src/state/state-link.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'

const declared = [{ policy: 'calls', limit: 100, windowMs: 10_000 }]

/** A limit, of 100 calls in ten seconds where nothing else is said, under which one process makes calls. */
function world(limits = declared) {
  const clock = fakeClock()
  const memory = memoryStateStore({ clock })
  const state = { setMs: 0, jumpedMs: 0, isAway: false }
  const store: StateStore = {
    ...memory,
    compareAndSet: async (key, change) => {
      if (state.isAway) throw new Error('away')
      await clock.sleep(state.setMs)
      return memory.compareAndSet(key, change)
    },
  }
  // A process that stands still finds that time has passed, and no timer of it has run.
  const own = { ...clock, monotonicMs: () => clock.monotonicMs() + state.jumpedMs }
  const link = new StateLink(store, own, seededRandom(), { failed: () => {}, recovered: () => {} })
  const local = { active: 0, waiting: 0 }
  const shared = new SharedLimit(link, 'limit', limits, {
    activeUnits: () => local.active,
    waitingUnits: () => local.waiting,
    firstUnits: () => Math.min(1, local.waiting),
    activeCalls: () => local.active,
    waitingCalls: () => local.waiting,
    wake: () => {},
    pauseUntil: () => {},
  })
  const mayStart = (units = 1): boolean => shared.startMs(local.active, units, own.monotonicMs()) <= own.monotonicMs()
  return { clock, state, local, shared, mayStart, now: () => own.monotonicMs() }
}

describe('SharedLimit', () => {
  it('covers what was asked for, and no more', async () => {
    const { clock, local, shared, mayStart } = world()
    expect(mayStart()).toBe(false)
    await clock.runUntil(shared.ask(2))
    local.active = 1
    expect(mayStart()).toBe(true)
    local.active = 2
    expect(mayStart()).toBe(false)
  })

  it('does not use any more what it is about to give back', async () => {
    const { clock, local, shared, mayStart, state } = world()
    await clock.runUntil(shared.ask(5))
    expect(mayStart()).toBe(true)
    state.setMs = 100
    const syncing = shared.record.sync()
    await clock.flush()
    expect(mayStart()).toBe(false)
    local.active = 0
    await clock.runUntil(syncing)
    expect(mayStart()).toBe(false)
  })

  it('does not use what it holds when it stood still for too long', async () => {
    const { clock, shared, mayStart, state } = world()
    await clock.runUntil(shared.ask(5))
    state.jumpedMs = 4_900
    expect(mayStart()).toBe(true)
    state.jumpedMs = 5_000
    expect(mayStart()).toBe(false)
  })

  it('holds more while it is busy, and gives that back when it is not any more', async () => {
    const { clock, local, shared, mayStart, now } = world()
    await clock.runUntil(shared.ask(10))
    for (let call = 0; call < 10; call++) shared.started(1, now())
    local.active = 10
    await clock.runUntil(shared.record.sync())
    local.active = 25
    expect(mayStart()).toBe(true)
    local.active = 0
    await clock.advance(1_000)
    await clock.runUntil(shared.record.sync())
    expect(mayStart()).toBe(false)
  })

  it('lets the call start that first hears from the store of a limit that was told while the store was away', async () => {
    const { clock, shared, mayStart, state, now } = world([])
    state.isAway = true
    const reading = { policy: 'default', source: 'ratelimit', limit: 5, remaining: 0, resetMs: 0, windowMs: 1_000 }
    shared.finished({ startedAtMs: now(), isSuccess: true, readings: [reading] }, 1, now())
    await clock.advance(60_000)
    state.isAway = false
    expect(mayStart()).toBe(true)
    await clock.runUntil(shared.hear(1))
    expect(mayStart()).toBe(true)
  })

  it.each([1, 2, 5])('lets it start also when it takes %i', async (units) => {
    const { clock, shared, mayStart, state, now } = world([])
    state.isAway = true
    const reading = { policy: 'default', source: 'ratelimit', limit: 5, remaining: 0, resetMs: 0 }
    shared.finished({ startedAtMs: now(), isSuccess: true, readings: [reading] }, units, now())
    await clock.advance(7_200_000)
    state.isAway = false
    await clock.runUntil(shared.hear(units))
    expect(mayStart(units)).toBe(true)
  })

  it('asks the store at once for a call that comes just after a limit became known and nothing was held', async () => {
    const { clock, shared, mayStart, now } = world()
    await clock.runUntil(shared.record.sync())
    expect(mayStart()).toBe(false)
    expect(shared.isShort(1, now())).toBe(true)
    await clock.runUntil(shared.ask(1))
    expect(mayStart()).toBe(true)
  })
})
