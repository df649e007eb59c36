import { describe, expect, it } from 'vitest'
import type { Connector, FetchOptions } from '../../src/index.ts'
import { type FakeClock, fakeClock } from '../../src/testing/index.ts'
import { faultyStore } from './faulty-store.ts'
import { answer } from './harness.ts'
import { type Process, processes } from './processes.ts'

const url = 'https://api.example.com/v1'
const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  errors: [{ when: { status: 429 }, then: { code: 'rate_limited', reason: 'concurrency' }, example: { status: 429 } }],
}

interface Seen {
  readonly atMs: number
  readonly status: number
}

/** A provider that takes so many calls at a time. */
function crowdedUpstream(most: number, tookMs: number) {
  const clock = fakeClock()
  const seen: Seen[] = []
  const state = { most, tookMs, active: 0, highest: 0 }
  const fetch: typeof globalThis.fetch = async () => {
    const atMs = clock.monotonicMs()
    const isTaken = state.active < state.most
    seen.push({ atMs, status: isTaken ? 200 : 429 })
    if (!isTaken) {
      await clock.sleep(1)
      return new Response('', { status: 429 })
    }
    state.active++
    state.highest = Math.max(state.highest, state.active)
    await clock.sleep(state.tookMs)
    state.active--
    return new Response('')
  }
  const refused = (fromMs = 0): number => seen.filter(({ atMs, status }) => status === 429 && atMs >= fromMs).length
  const served = (fromMs: number): number => seen.filter(({ atMs, status }) => status === 200 && atMs >= fromMs).length
  return { clock, fetch, state, seen, refused, served }
}

type Upstream = ReturnType<typeof crowdedUpstream>

function run({ clock, fetch }: Upstream, count: number, options: FetchOptions = {}) {
  const world = processes(clock)
  const retry = { maxAttempts: 8, budget: false } as const
  const settings = { fetch, connector, deadlineMs: false, retry, ...options } as const
  return { ...world, all: Array.from({ length: count }, () => world.start([() => answer(500)], settings)) }
}

/** So many callers of a process, each of which calls again and again until then. Resolves to how many calls each process made. */
function load(clock: FakeClock, { fetch }: Process, callers: number, untilMs: number): Promise<number> {
  let calls = 0
  const one = async (): Promise<void> => {
    while (clock.monotonicMs() < untilMs) {
      await fetch(url)
      calls++
    }
  }
  return Promise.all(Array.from({ length: callers }, one)).then(() => calls)
}

/** So many calls of a process at once. */
function rush({ fetch }: Process, calls: number): Promise<Response[]> {
  return Promise.all(Array.from({ length: calls }, () => fetch(url)))
}

/** So many callers in each of them. */
function loadAll(clock: FakeClock, all: readonly Process[], callers: number, untilMs: number): Promise<number[]> {
  return clock.runUntil(Promise.all(all.map((one) => load(clock, one, callers, untilMs))))
}

describe('createFetch: a limit of calls at a time that processes share', () => {
  it.each([
    { most: 20, tookMs: 100, count: 4, callers: 10, used: 0.9 },
    { most: 20, tookMs: 100, count: 4, callers: 30, used: 0.9 },
    { most: 10, tookMs: 1_000, count: 3, callers: 8, used: 0.9 },
    { most: 1, tookMs: 50, count: 2, callers: 3, used: 0.6 },
    // Where there is not a place for each of them, it goes round.
    { most: 3, tookMs: 50, count: 4, callers: 5, used: 0.5 },
  ])('is learned together, kept to together, and used: $most at a time by $count', async (world) => {
    const { most, tookMs, count, callers, used } = world
    const upstream = crowdedUpstream(most, tookMs)
    const { all, clock } = run(upstream, count)
    const calls = await loadAll(clock, all, callers, 15_000)
    expect(upstream.refused(5_000)).toBe(0)
    expect(upstream.served(5_000)).toBeGreaterThan((used * most * 10_000) / tookMs)
    expect(Math.max(...calls) / Math.min(...calls)).toBeLessThan(1.6)
    await clock.advance(2_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('is known to a process that starts', async () => {
    const upstream = crowdedUpstream(5, 100)
    const { all, clock, start } = run(upstream, 1)
    await loadAll(clock, all, 10, 2_000)
    const refused = upstream.refused()
    const late = start([() => answer(500)], { fetch: upstream.fetch, connector, deadlineMs: false })
    await loadAll(clock, [...all, late], 10, 6_000)
    expect(upstream.refused()).toBe(refused)
    expect(upstream.state.highest).toBe(5)
  })

  it('is told to the others by the one that learns that it is lower', async () => {
    const upstream = crowdedUpstream(20, 100)
    const { all, clock } = run(upstream, 2)
    const [first, second] = all as [Process, Process]
    await loadAll(clock, all, 20, 3_000)
    upstream.state.most = 4
    await loadAll(clock, [first], 20, 5_000)
    const refused = upstream.refused()
    await loadAll(clock, [second], 20, 7_000)
    expect(upstream.refused()).toBe(refused)
    expect(upstream.served(5_500)).toBeGreaterThanOrEqual(50)
  })

  it('is raised by one call for all of them after 20 seconds, and falls back when that is too much', async () => {
    const upstream = crowdedUpstream(10, 100)
    const { all, clock } = run(upstream, 2)
    await loadAll(clock, all, 10, 15_000)
    const refused = upstream.refused()
    await loadAll(clock, all, 10, 60_000)
    expect(upstream.refused() - refused).toBeGreaterThanOrEqual(1)
    expect(upstream.refused() - refused).toBeLessThanOrEqual(4)
    upstream.state.most = 11
    await loadAll(clock, all, 10, 150_000)
    expect(upstream.state.highest).toBe(11)
  })

  it('is left to one of them as a whole while the others send nothing', async () => {
    const upstream = crowdedUpstream(12, 100)
    const { all, clock } = run(upstream, 3)
    await loadAll(clock, all, 10, 4_000)
    await loadAll(clock, all.slice(0, 1), 20, 8_000)
    expect(upstream.served(5_000)).toBeGreaterThan(0.9 * 12 * 30)
  })

  it('has the places of a process that was killed back after five seconds', async () => {
    const upstream = crowdedUpstream(4, 100)
    const { all, clock, start, store } = run(upstream, 1)
    const link = faultyStore(
      () => store,
      () => clock,
    )
    const killed = start([() => answer(500)], { fetch: upstream.fetch, connector, state: link, retry: false })
    await loadAll(clock, all, 10, 3_000)
    upstream.state.tookMs = 1e9
    for (let call = 0; call < 4; call++) void killed.fetch(url).catch(() => {})
    await clock.advance(500)
    link.fault = 'hangs'
    const killedMs = clock.monotonicMs()
    upstream.state.active = 0
    upstream.state.tookMs = 100
    await loadAll(clock, all, 10, killedMs + 8_000)
    const servedBy = (fromMs: number): number =>
      upstream.served(killedMs + fromMs) - upstream.served(killedMs + fromMs + 1_000)
    expect(servedBy(2_000)).toBeLessThan(20)
    expect(servedBy(6_000)).toBeGreaterThan(35)
  })

  it('has the places of a process back at once that is disposed', async () => {
    const upstream = crowdedUpstream(4, 100)
    const { all, clock } = run(upstream, 2)
    const [first, second] = all as [Process, Process]
    await loadAll(clock, all, 10, 3_000)
    await first.fetch[Symbol.asyncDispose]()
    await loadAll(clock, [second], 10, 4_000)
    expect(upstream.served(3_100)).toBeGreaterThanOrEqual(25)
  })

  it('leaves nothing to a call that waited for a place when its caller gives it up', async () => {
    const upstream = crowdedUpstream(10, 100)
    const { all, clock } = run(upstream, 2)
    const [first, second] = all as [Process, Process]
    await loadAll(clock, all, 10, 4_000)
    const used = load(clock, first, 20, 7_000)
    await clock.advance(600)
    upstream.state.tookMs = 1_000
    await clock.advance(100)
    const controller = new AbortController()
    const waits = second.fetch(url, { signal: controller.signal }).catch(() => {})
    await clock.advance(50)
    upstream.state.tookMs = 100
    controller.abort()
    await waits
    await clock.runUntil(used)
    expect(upstream.served(6_000)).toBeGreaterThanOrEqual(80)
    await clock.advance(1_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('lets calls that wait go on when their process is disposed, and has its places back then', async () => {
    const upstream = crowdedUpstream(4, 100)
    const { all, clock } = run(upstream, 2)
    const [first, second] = all as [Process, Process]
    await loadAll(clock, all, 10, 3_000)
    const used = load(clock, first, 20, 5_000)
    await clock.advance(600)
    const waiting = rush(second, 20)
    await clock.advance(50)
    await second.fetch[Symbol.asyncDispose]()
    expect((await clock.runUntil(waiting)).map(({ status }) => status)).toEqual(Array(20).fill(200))
    await clock.runUntil(used)
    await clock.advance(1_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('pauses nobody when a process is refused that had nothing else in flight, while others have', async () => {
    const upstream = crowdedUpstream(5, 100)
    const { all, clock } = run(upstream, 2)
    const [first, second] = all as [Process, Process]
    await loadAll(clock, all, 5, 2_000)
    const busy = load(clock, first, 10, 4_000)
    await clock.advance(500)
    // Somebody else takes a place.
    upstream.state.active++
    await clock.runUntil(second.fetch(url))
    await clock.runUntil(busy)
    expect([...first.heard.names, ...second.heard.names].filter((name) => name === 'limit:paused').length).toBeLessThan(
      3,
    )
    expect(upstream.served(2_500)).toBeGreaterThan(40)
  })
})

describe('createFetch: a limit of calls at a time that processes share, when the store fails', () => {
  it.each(['throws', 'hangs', 'is slow', 'answers nonsense', 'conflicts'] as const)(
    'and %s, is kept by each process to its part, and together again when it is back',
    async (fault) => {
      const upstream = crowdedUpstream(12, 100)
      const { all, clock, store } = run(upstream, 3)
      await loadAll(clock, all, 10, 4_000)
      store.fault = fault
      await loadAll(clock, all, 10, 14_000)
      expect(upstream.refused(5_000)).toBe(0)
      expect(upstream.served(6_000)).toBeGreaterThan(0.7 * 12 * 80)
      for (const { heard } of all) expect(heard.names).toContain('state:failed')
      store.fault = 'none'
      await loadAll(clock, all, 10, 18_000)
      await loadAll(clock, all.slice(0, 1), 20, 22_000)
      expect(upstream.refused(5_000)).toBe(0)
      expect(upstream.served(19_000)).toBeGreaterThan(0.85 * 12 * 30)
      for (const { heard } of all) expect(heard.names).toContain('state:recovered')
    },
  )

  it('but once, is kept to together again although all calls wait or are in flight', async () => {
    const upstream = crowdedUpstream(10, 100)
    const { all, clock, start, store } = run(upstream, 1)
    const link = faultyStore(
      () => store,
      () => clock,
    )
    const retry = { maxAttempts: 8, budget: false } as const
    const cut = start([() => answer(500)], { fetch: upstream.fetch, connector, deadlineMs: false, retry, state: link })
    await loadAll(clock, [...all, cut], 10, 3_000)
    const served = Promise.all([...all, cut].map((one) => rush(one, 500)))
    await clock.advance(1_000)
    link.fault = 'throws'
    await clock.advance(500)
    link.fault = 'none'
    await clock.advance(1_500)
    expect(cut.heard.names).toContain('state:recovered')
    await clock.runUntil(served)
    expect(upstream.refused(4_000)).toBe(0)
  })

  it('when calls begin that take long, hears of them when it is back', async () => {
    const upstream = crowdedUpstream(10, 100)
    const { all, clock, store } = run(upstream, 2)
    const [first, second] = all as [Process, Process]
    await loadAll(clock, all, 10, 3_000)
    await clock.advance(2_000)
    store.fault = 'throws'
    upstream.state.tookMs = 20_000
    const slow = rush(first, 4)
    await clock.advance(1_000)
    store.fault = 'none'
    upstream.state.tookMs = 100
    await clock.advance(2_000)
    await clock.runUntil(rush(second, 30))
    expect(upstream.refused(5_000)).toBe(0)
    await clock.runUntil(slow)
  })

  it('and nothing goes through any more, waits as long as a process alone would', async () => {
    const upstream = crowdedUpstream(10, 100)
    const { all, clock, store } = run(upstream, 2)
    await loadAll(clock, all, 10, 3_000)
    store.fault = 'throws'
    upstream.state.most = 0
    const busy = loadAll(clock, all, 10, 13_000)
    await clock.advance(10_000)
    upstream.state.most = 10
    await busy
    expect(upstream.refused(3_000)).toBeLessThan(60)
  })

  it('leaves no timer behind when it is disposed', async () => {
    const upstream = crowdedUpstream(4, 100)
    const { all, clock, store } = run(upstream, 1)
    await loadAll(clock, all, 10, 3_000)
    store.fault = 'throws'
    await all[0]?.fetch[Symbol.asyncDispose]()
    expect(clock.pendingTimers).toBe(0)
  })

  it('is learned by each process alone where the store never answers', async () => {
    const upstream = crowdedUpstream(10, 100)
    const { all, clock, store } = run(upstream, 1)
    store.fault = 'throws'
    await loadAll(clock, all, 20, 15_000)
    expect(upstream.refused(5_000)).toBe(0)
    expect(upstream.served(5_000)).toBeGreaterThan(0.9 * 10 * 100)
  })

  it('is stored again when the store has lost everything', async () => {
    const upstream = crowdedUpstream(6, 100)
    const { all, clock, forget, start } = run(upstream, 2)
    await loadAll(clock, all, 10, 3_000)
    const refused = upstream.refused()
    forget()
    await loadAll(clock, all, 10, 5_000)
    const late = start([() => answer(500)], { fetch: upstream.fetch, connector, deadlineMs: false })
    await loadAll(clock, [...all, late], 10, 8_000)
    expect(upstream.refused()).toBe(refused)
  })
})

describe('createFetch: what a call waits for under a limit of calls at a time that processes share', () => {
  it('is the store only where its process needs more than it holds', async () => {
    const upstream = crowdedUpstream(4, 10)
    const { all, clock, store } = run(upstream, 2)
    await loadAll(clock, all, 4, 2_000)
    const asked = store.asked
    const served = upstream.seen.length
    await loadAll(clock, all.slice(0, 1), 3, 12_000)
    expect(upstream.seen.length - served).toBeGreaterThan(2_500)
    // It is read four times in a second, and written when what is held has to be renewed.
    expect(store.asked - asked).toBeLessThan(90)
  })
})
