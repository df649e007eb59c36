import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Connector, FetchOptions } from '../../src/index.ts'
import { seededRandom } from '../../src/testing/index.ts'
import type { FaultyStore } from './faulty-store.ts'
import { answer, rejectionOf } from './harness.ts'
import { type LimitedUpstream, limitedUpstream, type UpstreamLimit } from './limited-upstream.ts'
import { type Process, type Processes, processes } from './processes.ts'

const url = 'https://api.example.com/v1'

function connectorWith(limit: number, windowMs: number, scope: 'app' | 'connection' = 'connection'): Connector {
  return {
    id: 'acme',
    name: 'Acme',
    sources: [{ url: 'https://developer.acme.example/limits', verifiedAt: '2026-11-22' }],
    http: { hosts: ['api.example.com'] },
    rateLimits: [{ id: 'calls', scope, limit: { value: limit }, windowMs: { value: windowMs } }],
  }
}

interface Run {
  readonly upstream: LimitedUpstream
  readonly all: readonly Process[]
  readonly refused: () => number
}

/** Some processes in front of one upstream. */
function run(limit: UpstreamLimit, count: number, options: FetchOptions = {}): Run & Processes {
  const upstream = limitedUpstream(limit)
  const world = processes(upstream.clock)
  const settings = { fetch: upstream.fetch, deadlineMs: false, ...options } as const
  const all = Array.from({ length: count }, () => world.start([() => answer(500)], settings))
  const refused = () => upstream.seen.filter(({ status }) => status === 429).length
  return { ...world, upstream, all, refused }
}

const declared = { limit: 20, windowMs: 1_000, window: 'sliding', tells: false, latencyMs: 20 } as const
const told = { limit: 20, windowMs: 2_000, window: 'fixed', tells: true, latencyMs: 20 } as const
const connector = connectorWith(20, 1_000)
const KEY = 'limit:::api.example.com'
const retry = { maxAttempts: 3, budget: false } as const

function limitKey({ keys }: FaultyStore): string {
  return [...keys].find((key) => key.startsWith('limit')) ?? ''
}

const concurrency = { most: 5, raises: 0, proofs: 0, trustedUntil: 0, fellAt: 0, since: 0 }

function stored(change: object): string {
  return JSON.stringify({
    format: 1,
    pausedUntil: 0,
    isExhausted: false,
    holders: {},
    declared: {},
    told: {},
    ...change,
  })
}

describe('createFetch: limits that processes share', () => {
  it('never exceed what is declared, whoever calls when, and use nearly all of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 30 }),
        async (begins, latencyMs, limit) => {
          const { upstream, all, refused, clock } = run({ ...declared, limit, latencyMs }, 4, {
            connector: connectorWith(limit, 1_000),
          })
          // Twenty rounds of a low limit show what two hundred would.
          const callers = Math.min(50, 5 * limit)
          const calls = all.flatMap(({ fetch }, index) =>
            Array.from({ length: callers }, async () => {
              await clock.sleep(begins[index] ?? 0)
              return fetch(url)
            }),
          )
          await clock.runUntil(Promise.all(calls))
          expect(refused()).toBe(0)
          // A place is taken until a window after the answer, so that the latency counts as well.
          const rounds = Math.ceil((4 * callers) / limit) - 1
          const atBest = Math.max(...begins) + rounds * (1_000 + latencyMs) + latencyMs
          expect(upstream.clock.monotonicMs()).toBeLessThanOrEqual(atBest / 0.9 + 1_000)
          await clock.advance(10_000)
          expect(clock.pendingTimers).toBe(0)
        },
      ),
      { numRuns: 8 },
    )
  }, 60_000)

  it('are used to nine tenths by four processes with fifty callers each', async () => {
    const { upstream, all, refused, clock } = run(declared, 4, { connector })
    const calls = all.flatMap(({ fetch }) => Array.from({ length: 50 }, () => fetch(url)))
    await clock.runUntil(Promise.all(calls))
    expect(refused()).toBe(0)
    expect(clock.monotonicMs()).toBeLessThan(10_000)
    expect(upstream.seen).toHaveLength(200)
  })

  it('give no process everything while others wait', async () => {
    const { upstream, all, clock } = run(declared, 4, { connector })
    const settled = all.map(() => 0)
    for (const [index, { fetch }] of all.entries())
      for (let call = 0; call < 50; call++) void fetch(url).then(() => settled[index]!++)
    await clock.advance(5_200)
    for (const count of settled) expect(count).toBeGreaterThan(15)
    await clock.advance(10_000)
    expect(upstream.seen).toHaveLength(200)
  })

  it('let one process use all of it while the others do nothing', async () => {
    const { all, clock, refused } = run(declared, 4, { connector })
    for (const { fetch } of all) await clock.runUntil(fetch(url))
    await clock.advance(2_000)
    const startedMs = clock.monotonicMs()
    await clock.runUntil(Promise.all(Array.from({ length: 20 }, () => all[0]!.fetch(url))))
    expect(clock.monotonicMs() - startedMs).toBeLessThan(200)
    expect(refused()).toBe(0)
  })

  it('that one answer tells are kept by all, without another 429 after the first', async () => {
    const { all, clock, upstream } = run(told, 4, { retry })
    const calls = all.flatMap(({ fetch }) => Array.from({ length: 50 }, () => fetch(url)))
    const responses = await clock.runUntil(Promise.all(calls))
    expect(upstream.repeated429()).toBe(0)
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(200)
    // Ten windows of two seconds at the least, and one that begins.
    expect(clock.monotonicMs()).toBeLessThan(22_000)
  })

  it('that answers tell are kept by all, though the answers come in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000 }), async (seed) => {
        const random = seededRandom(seed)
        // Most answers come at once, and some late.
        const jitterMs = (): number => 60 * random.next() ** 3
        const { all, clock, upstream } = run({ ...told, latencyMs: 1, jitterMs }, 4, { retry })
        await clock.runUntil(Promise.all(all.flatMap(({ fetch }) => Array.from({ length: 50 }, () => fetch(url)))))
        expect(upstream.repeated429()).toBe(0)
        expect(clock.monotonicMs()).toBeLessThan(22_000)
      }),
      { numRuns: 6 },
    )
  })

  it('that answers tell are kept by all, though an answer may take most of a window', async () => {
    const random = seededRandom(3)
    const slow = { windowMs: 10_000, latencyMs: 3_000, jitterMs: () => 3_000 * random.next() } as const
    const { all, clock, upstream } = run({ ...told, ...slow }, 4, { retry })
    const responses = await clock.runUntil(
      Promise.all(all.flatMap(({ fetch }) => Array.from({ length: 20 }, () => fetch(url)))),
    )
    expect(upstream.repeated429()).toBe(0)
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(80)
  })

  it('that an answer told are known to a process that has not sent anything', async () => {
    const { all, clock, upstream, refused } = run(told, 2)
    const [first, second] = all as [Process, Process]
    await clock.runUntil(first.fetch(url))
    await clock.runUntil(Promise.all(Array.from({ length: 15 }, () => first.fetch(url))))
    await clock.advance(100)
    await clock.runUntil(Promise.all(Array.from({ length: 10 }, () => second.fetch(url))))
    expect(refused()).toBe(0)
    expect(upstream.seen.filter(({ atMs }) => atMs < 2_000).length).toBe(20)
  })

  it('of the application are shared by all connections, others are not', async () => {
    for (const [scope, sent] of [
      ['app', 5],
      ['connection', 10],
    ] as const) {
      const upstream = limitedUpstream({ limit: 100, windowMs: 1_000, window: 'sliding', tells: false })
      const { start, clock } = processes(upstream.clock)
      for (const connection of ['acme', 'globex']) {
        const { fetch } = start([() => answer(500)], {
          fetch: upstream.fetch,
          connection,
          connector: connectorWith(5, 10_000, scope),
          rateLimit: { maxWaitMs: 0 },
        })
        await clock.runUntil(Promise.allSettled(Array.from({ length: 10 }, () => fetch(url))))
      }
      expect(upstream.seen).toHaveLength(sent)
    }
  })

  it('are used with onLimit fail as far as they go', async () => {
    const { all, clock, upstream } = run(declared, 2, { connector, rateLimit: { onLimit: 'fail' } })
    const calls = all.flatMap(({ fetch }) => Array.from({ length: 15 }, () => fetch(url)))
    const settled = await clock.runUntil(Promise.allSettled(calls))
    expect(upstream.seen).toHaveLength(20)
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(10)
  })

  it('are used with onLimit fail by a process that first hears of them, however much its call takes', async () => {
    const rateLimit = { onLimit: 'fail', costOf: () => 4 } as const
    const { start, clock } = processes()
    const tells = () => answer(200, { 'ratelimit-limit': '10', 'ratelimit-remaining': '6', 'ratelimit-reset': '60' })
    const [first, second] = [start([tells], { rateLimit }), start([tells], { rateLimit })]
    await first.run()
    await clock.advance(100)
    expect((await second.run()).status).toBe(200)
  })

  it('are used with onLimit fail by a call that has waited for the bulkhead', async () => {
    const bulkhead = { maxConcurrent: 1, maxQueue: 1 }
    const { start, clock } = processes()
    const slow = () => clock.sleep(5_000).then(() => answer(200))
    const { fetch } = start([slow], { connector, rateLimit: { onLimit: 'fail' }, bulkhead })
    const both = await clock.runUntil(Promise.all([fetch(url), fetch(url)]))
    expect(both.map(({ status }) => status)).toEqual([200, 200])
  })

  it.each([50, 2_000])('let a call be hedged after %i ms', async (delayMs) => {
    const { start, clock } = processes()
    const slow = () => clock.sleep(5_000).then(() => answer(200))
    const { fetch, heard, transport } = start([slow, () => answer(204)], { connector, hedge: { delayMs } })
    expect((await clock.runUntil(fetch(url))).status).toBe(204)
    expect(heard.names).toContain('hedge:won')
    expect(transport.calls).toHaveLength(2)
  })

  it('let no call be hedged that was answered while the store was asked', async () => {
    const { start, clock, store } = processes()
    const slow = () => clock.sleep(2_100).then(() => answer(200))
    const { fetch, heard, transport } = start([slow], { connector, hedge: { delayMs: 2_000 } })
    const answered = fetch(url)
    await clock.advance(1_990)
    store.fault = 'hangs'
    expect((await clock.runUntil(answered)).status).toBe(200)
    await clock.advance(1_000)
    expect(transport.calls).toHaveLength(1)
    expect(heard.names).not.toContain('hedge:sent')
    expect(clock.pendingTimers).toBe(0)
  })

  it('are given back by a process that is disposed, and when it has nothing to send', async () => {
    const { all, clock, store } = run(declared, 2, { connector })
    const [first, second] = all as [Process, Process]
    await clock.runUntil(Promise.all(Array.from({ length: 3 }, () => first.fetch(url))))
    await first.fetch[Symbol.asyncDispose]()
    await clock.runUntil(Promise.all(Array.from({ length: 3 }, () => second.fetch(url))))
    await clock.advance(3_000)
    const entry = await store.get(limitKey(store))
    expect(JSON.parse(entry.entry?.value ?? '{}')).toMatchObject({ holders: {} })
  })

  it('let calls that wait go on when their process is disposed', async () => {
    const { all, clock } = run(declared, 2, { connector })
    const [first, second] = all as [Process, Process]
    const used = Promise.all(Array.from({ length: 20 }, () => first.fetch(url)))
    await clock.advance(50)
    const waiting = Promise.all(Array.from({ length: 5 }, () => second.fetch(url)))
    await clock.advance(50)
    await second.fetch[Symbol.asyncDispose]()
    expect((await clock.runUntil(waiting)).map(({ status }) => status)).toEqual(Array(5).fill(200))
    await clock.runUntil(used)
    await clock.advance(2_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it('are taken for used, for a window, by what a process held that was killed', async () => {
    const { start, clock, store } = processes()
    const dead = start(['hang'], { connector: connectorWith(4, 1_000), deadlineMs: false, attemptTimeoutMs: false })
    for (let call = 0; call < 4; call++) void dead.fetch(url)
    await clock.advance(100)
    // From here on nothing is heard of it.
    const key = limitKey(store)
    const { entry, nowMs } = await store.get(key)
    const others = processes(clock)
    // Its random numbers are those of the one that is dead.
    others.start(['hang'])
    await others.store.compareAndSet(key, { expected: undefined, value: entry?.value, ttlMs: 1e6 })
    const options = { connector: connectorWith(4, 1_000), deadlineMs: false } as const
    const { fetch, transport } = others.start([() => answer(200)], options)
    const waiting = Promise.all(Array.from({ length: 4 }, () => fetch(url)))
    await clock.advance(5_900)
    expect(transport.calls).toHaveLength(0)
    await clock.advance(300)
    await waiting
    expect(transport.calls).toHaveLength(4)
    expect(clock.monotonicMs() - nowMs).toBeLessThan(6_300)
  })

  it('pause all processes within a second when one of them is told to wait', async () => {
    const { all, clock, upstream } = run({ ...declared, limit: 1, windowMs: 10_000 }, 3, {
      rateLimit: { onLimit: 'fail' },
    })
    const [first, second, third] = all as [Process, Process, Process]
    await clock.runUntil(second.fetch(url))
    await clock.runUntil(first.fetch(url))
    expect(upstream.seen.map(({ status }) => status)).toEqual([200, 429])
    await clock.advance(1_000)
    for (const { fetch } of [second, third]) {
      const refusal = await rejectionOf(clock.runUntil(fetch(url)))
      expect(refusal).toMatchObject({ code: 'rate_limited', delivery: 'not_sent' })
      expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeCloseTo(9_000, -2)
    }
    expect(upstream.seen).toHaveLength(2)
  })
})

describe('createFetch: limits that processes share, when the store fails', () => {
  it.each(['throws', 'hangs', 'is slow', 'answers nonsense', 'conflicts'] as const)(
    'and %s, are kept by each process to its part, and together again when it is back',
    async (fault) => {
      const { all, clock, upstream, refused, store } = run(declared, 4, { connector })
      const load = () => Promise.all(all.flatMap(({ fetch }) => Array.from({ length: 20 }, () => fetch(url))))
      await clock.runUntil(load())
      store.fault = fault
      const sent = upstream.seen.length
      const startedMs = clock.monotonicMs()
      await clock.runUntil(load())
      expect(upstream.seen).toHaveLength(sent + 80)
      expect(clock.monotonicMs() - startedMs).toBeLessThan(12_000)
      if (fault !== 'conflicts') expect(refused()).toBeLessThanOrEqual(20)
      for (const { heard } of all) expect(heard.names).toContain('state:failed')
      store.fault = 'none'
      await clock.advance(2_000)
      const refusedBefore = refused()
      await clock.runUntil(load())
      expect(refused()).toBe(refusedBefore)
      for (const { heard } of all) expect(heard.names).toContain('state:recovered')
    },
  )

  it.each([
    'no JSON',
    JSON.stringify({ format: 1 }),
    stored({ pausedUntil: 'soon' }),
    stored({ pausedUntil: -1 }),
    stored({ isExhausted: 0 }),
    stored({ holders: { a: { units: 1, until: null, isWaiting: false } } }),
    stored({ declared: { calls: [[1]] } }),
    stored({ told: { calls: { limit: 1 } } }),
    stored({ concurrency: { most: 5, holders: {} } }),
    stored({ concurrency: { ...concurrency, holders: { a: { units: 'all' } } } }),
  ])('and it holds %s, it is reported and written over', async (value) => {
    const { start, clock, store } = processes()
    await store.compareAndSet(KEY, { expected: undefined, value, ttlMs: 1e9 })
    const { heard, run: send } = start([() => answer(200, { 'ratelimit-remaining': '5', 'ratelimit-reset': '5' })])
    expect((await send()).status).toBe(200)
    await clock.advance(100)
    expect(heard.of('state:failed')).toEqual([{ code: 'schema_mismatch', reason: 'state_value' }])
    expect(JSON.parse((await store.get(KEY)).entry?.value ?? '')).toMatchObject({ told: { default: { remaining: 5 } } })
  })
})

describe('createFetch: what a call under a shared limit waits for', () => {
  it('is the store once, and then only when what is held is used up', async () => {
    const { start, clock, store } = processes()
    const { fetch, transport } = start([() => answer(200)], { connector: connectorWith(1_000, 1_000) })
    await clock.runUntil(fetch(url))
    for (let round = 0; round < 50; round++) {
      await clock.advance(10)
      const calls = transport.calls.length
      const answered = fetch(url)
      if (round > 2) expect(transport.calls).toHaveLength(calls + 1)
      await answered
    }
    expect(store.asked).toBeLessThan(60)
  })

  it('is nothing while no limit is known', async () => {
    const { start, clock, store } = processes()
    const { fetch, transport } = start([() => answer(200)])
    await fetch(url)
    store.fault = 'hangs'
    for (let round = 0; round < 50; round++) {
      await clock.advance(10)
      const answered = fetch(url)
      expect(transport.calls).toHaveLength(round + 2)
      await answered
    }
  })
})
