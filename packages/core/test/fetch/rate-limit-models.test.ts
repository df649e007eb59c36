import { describe, expect, it } from 'vitest'
import { type Connector, createFetch } from '../../src/index.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'
import { concurrency, fixedWindow, lazyWindow, slidingCounter, slidingLog, tokenBucket } from './limit-models.ts'
import { type Load, type LoadResult, runLoad, tellings } from './modelled-upstream.ts'

const declared = (limit: number, windowMs: number): Connector => ({
  id: 'acme',
  name: 'Acme',
  sources: [],
  rateLimits: [{ id: 'all', scope: 'connection', limit: { value: limit }, windowMs: { value: windowMs } }],
})

const windows = {
  'fixed windows': fixedWindow,
  'windows that begin with a request': lazyWindow,
  'a sliding window': slidingLog,
}

const latencies = [
  ['no latency', {}],
  ['50 ms', { latencyMs: 50 }],
  ['50 ms, more or less', { latencyMs: 50, jitter: 0.5 }],
] as const satisfies readonly [string, Partial<Load>][]

/** Limits that answers foretell, when one of them is there. */
const foretold = [
  'the triple',
  'the triple and Retry-After',
  'epoch seconds',
  'RateLimit and RateLimit-Policy',
] as const
/** Limits that only a 429 tells of. */
const untold = ['nothing', 'Retry-After, rounded up', 'Retry-After, rounded', 'Retry-After with a fraction'] as const

const fivePerSecond = { limit: 5, windowMs: 1_000, callers: 20 } as const
const fiftyPer10s = { limit: 50, windowMs: 10_000, callers: 200 } as const

function expectGood(result: LoadResult, ratio = 1.1): void {
  expect(result.statuses.every((status) => status === 200)).toBe(true)
  expect(result.extra429s).toBe(0)
  expect(result.tookMs / result.optimumMs).toBeLessThan(ratio)
  expect(result.clock.pendingTimers).toBe(0)
}

describe.each(Object.entries(windows))('createFetch: a load on %s', (_, model) => {
  describe.each(latencies)('%s', (__, latency) => {
    it('meets no 429 and takes the time that it must, where the limit is declared', async () => {
      for (const load of [fivePerSecond, fiftyPer10s]) {
        const { limit, windowMs } = load
        const options = { connector: declared(limit, windowMs) }
        const result = await runLoad({
          ...load,
          ...latency,
          model: () => model(limit, windowMs),
          telling: tellings.nothing,
          options,
        })
        expectGood(result)
        expect(result.all429s).toBe(0)
      }
    })

    // A moment in whole seconds says too little of a window of one second; see below.
    it.each(foretold.flatMap((name) => (name === 'epoch seconds' ? [] : [name])))(
      'meets no 429 and takes the time that it must, told by %s: 5 a second',
      async (name) => {
        const result = await runLoad({
          ...fivePerSecond,
          ...latency,
          model: () => model(5, 1_000),
          telling: tellings[name],
          isFirstAlone: true,
        })
        expectGood(result)
        expect(result.all429s).toBe(0)
      },
    )

    it.each(foretold)('meets no 429 and takes the time that it must, told by %s: 50 in 10 seconds', async (name) => {
      const result = await runLoad({
        ...fiftyPer10s,
        ...latency,
        model: () => model(50, 10_000),
        telling: tellings[name],
        isFirstAlone: true,
      })
      expectGood(result)
      expect(result.all429s).toBe(0)
    })

    it.each(untold)(
      'meets no 429 after the first and takes the time that it must, told %s: 5 a second',
      async (name) => {
        const model5 = () => model(5, 1_000)
        expectGood(await runLoad({ ...fivePerSecond, ...latency, model: model5, telling: tellings[name] }))
      },
    )

    it.each(untold.slice(1))(
      'meets no 429 after the first and takes the time that it must, told %s: 50 in 10 seconds',
      async (name) => {
        const model50 = () => model(50, 10_000)
        expectGood(await runLoad({ ...fiftyPer10s, ...latency, model: model50, telling: tellings[name] }))
      },
    )
  })
})

describe('createFetch: a load that lasts, on a limit that only a 429 tells of', () => {
  it.each(untold.slice(0, 2))(
    'meets it again with one call now and then, to see whether there is more: told %s',
    async (name) => {
      const load = { limit: 10, windowMs: 1_000, callers: 450, latencyMs: 50 } as const
      const result = await runLoad({ ...load, model: () => fixedWindow(10, 1_000), telling: tellings[name] })
      expect(new Set(result.statuses)).toEqual(new Set([200]))
      // The first pause is over after the first second; one call more is tried after 20 and 40 seconds of the rest.
      expect(result.extra429s).toBeGreaterThan(0)
      expect(result.extra429s).toBeLessThanOrEqual(2)
      expect(result.tookMs / result.optimumMs).toBeLessThan(1.2)
    },
  )
})

describe('createFetch: so many at a time, where the connector knows that a 429 means that', () => {
  const connector: Connector = {
    id: 'acme',
    name: 'Acme',
    sources: [],
    errors: [
      { when: { status: 429 }, then: { code: 'rate_limited', reason: 'concurrency' }, example: { status: 429 } },
    ],
  }

  it.each(latencies.slice(1))(
    'meets few 429s after the first ones and takes little more than the time that it must: %s',
    async (_, latency) => {
      for (const callers of [20, 200]) {
        const load = {
          limit: 5,
          windowMs: 1_000,
          callers,
          ...latency,
          telling: tellings.nothing,
          options: { connector },
        }
        const { statuses, extra429s, tookMs, optimumMs, clock } = await runLoad({
          ...load,
          model: () => concurrency(5),
        })
        expect(new Set(statuses)).toEqual(new Set([200]))
        expect(extra429s).toBeLessThanOrEqual(5)
        // Some of the first round wait for a backoff.
        expect(tookMs - optimumMs).toBeLessThan(300)
        expect(clock.pendingTimers).toBe(0)
      }
    },
  )

  it('waits for a pause where it has nothing in flight itself: others have all the places', async () => {
    const load = { limit: 1, windowMs: 1_000, callers: 1, telling: tellings.nothing, options: { connector } }
    let answers = 0
    const taken = { ...concurrency(1), take: () => ++answers > 1 }
    const result = await runLoad({ ...load, model: () => taken })
    expect(result.tookMs).toBeGreaterThanOrEqual(1_000)
  })

  it('takes as many as before in each burst, whatever little is sent between them', async () => {
    const clock = fakeClock()
    let active = 0
    const fetch = createFetch({
      connector,
      clock,
      random: seededRandom(3),
      fetch: async () => {
        const isRefused = active >= 5
        if (!isRefused) active++
        await clock.sleep(isRefused ? 20 : 100)
        if (!isRefused) active--
        return new Response('', { status: isRefused ? 429 : 200 })
      },
    })
    const call = async () => (await fetch('https://api.example.com/')).status
    const burst = async () => {
      const beganMs = clock.monotonicMs()
      const statuses = await clock.runUntil(Promise.all(Array.from({ length: 50 }, call)))
      expect(new Set(statuses)).toEqual(new Set([200]))
      return clock.monotonicMs() - beganMs
    }
    await burst()
    for (let round = 0; round < 5; round++) {
      for (let second = 0; second < 110; second++) {
        await clock.runUntil(call())
        await clock.advance(900)
      }
      // Ten rounds of 100 ms, and now and then one call more that is refused.
      expect(await burst()).toBeLessThanOrEqual(1_100)
    }
  })
})

describe('createFetch: a burst that is refused', () => {
  it('comes through as a whole, also where it has more retries than the retry budget pays for', async () => {
    const load = { limit: 50, windowMs: 1_000, callers: 300, latencyMs: 50, options: { retry: {} } } as const
    const model = () => fixedWindow(50, 1_000)
    const { statuses } = await runLoad({ ...load, model, telling: tellings['Retry-After, rounded up'] })
    expect(statuses).toHaveLength(300)
    expect(new Set(statuses)).toEqual(new Set([200]))
  })
})

describe('createFetch: a load on tokens that come back evenly', () => {
  it.each(latencies)('meets no 429, where the limit is declared: %s', async (_, latency) => {
    for (const load of [fivePerSecond, fiftyPer10s]) {
      const { limit, windowMs } = load
      const model = () => tokenBucket(limit, windowMs)
      const options = { connector: declared(limit, windowMs) }
      const result = await runLoad({ ...load, ...latency, model, telling: tellings.nothing, options })
      expectGood(result)
      expect(result.all429s).toBe(0)
    }
  })

  it.each(untold)('meets no 429 after the first, told %s, where a second restores all', async (name) => {
    const model = () => tokenBucket(5, 1_000)
    expectGood(await runLoad({ ...fivePerSecond, latencyMs: 50, model, telling: tellings[name] }))
  })

  it.each(foretold)('meets none where the latency is even, told by %s', async (name) => {
    const model = () => tokenBucket(5, 1_000)
    const result = await runLoad({
      ...fivePerSecond,
      latencyMs: 50,
      model,
      telling: tellings[name],
      isFirstAlone: true,
    })
    expectGood(result, 1.11)
    expect(result.all429s).toBe(0)
  })
})

describe('createFetch: a load where the answers say too little for the possible minimum', () => {
  it.each(['arrival', 'answer'] as const)(
    'a window and a way each: nobody knows when in its flight a call is counted, and here it is at its %s',
    async (countsAt) => {
      // Who started sooner after the answers would be refused by the provider that counts late.
      const latencyMs = 300
      const result = await runLoad({
        ...fivePerSecond,
        latencyMs,
        countsAt,
        model: () => slidingLog(5, 1_000),
        telling: tellings.nothing,
        options: { connector: declared(5, 1_000) },
      })
      expect(result.all429s).toBe(0)
      expect(result.tookMs).toBeLessThan((3 * (1_000 + latencyMs) + latencyMs) * 1.05)
    },
  )

  it.each(foretold)(
    '300 ms of latency, told by %s: no 429 either, but a window takes up to a second more',
    async (name) => {
      for (const model of Object.values(windows)) {
        const result = await runLoad({
          ...fivePerSecond,
          latencyMs: 300,
          jitter: 0.5,
          model: () => model(5, 1_000),
          telling: tellings[name],
          isFirstAlone: true,
        })
        expect(result.all429s).toBe(0)
        expect(result.tookMs).toBeLessThan(result.optimumMs + 4 * 1_000)
      }
    },
  )

  it.each(untold)(
    'windows that began before the first call, told %s: as long as if they began with it',
    async (name) => {
      const result = await runLoad({
        ...fivePerSecond,
        model: () => fixedWindow(5, 1_000, 700),
        telling: tellings[name],
      })
      expect(result.extra429s).toBe(0)
      expect(result.tookMs).toBeLessThan(3_000 * 1.1)
    },
  )

  it.each(untold.slice(1))(
    'long windows that began before the first call, told %s: they look shorter than they are, once',
    async (name) => {
      const model = () => fixedWindow(50, 10_000, 7_000)
      const result = await runLoad({ ...fiftyPer10s, latencyMs: 50, model, telling: tellings[name] })
      expect(result.extra429s).toBeLessThanOrEqual(1)
      expect(result.tookMs).toBeLessThan(3 * 10_000 * 1.2)
    },
  )

  it('a 429 without any header and a long window: one call at a time asks, after 1, 3 and 7 seconds', async () => {
    for (const model of Object.values(windows)) {
      const result = await runLoad({
        ...fiftyPer10s,
        latencyMs: 50,
        model: () => model(50, 10_000),
        telling: tellings.nothing,
      })
      expect(result.extra429s).toBe(3)
      expect(result.tookMs / result.optimumMs).toBeLessThan(1.6)
    }
  })

  it('a Retry-After that was rounded down: one call finds out', async () => {
    const model = () => fixedWindow(50, 10_000, 3_600)
    const result = await runLoad({ ...fiftyPer10s, model, telling: tellings['Retry-After, rounded'] })
    expect(result.extra429s).toBe(1)
  })

  it('moments in whole seconds and windows of one: no 429, in up to two windows for one', async () => {
    for (const model of Object.values(windows)) {
      const result = await runLoad({
        ...fivePerSecond,
        latencyMs: 50,
        model: () => model(5, 1_000),
        telling: tellings['epoch seconds'],
        isFirstAlone: true,
      })
      expect(result.all429s).toBe(0)
      expect(result.tookMs / result.optimumMs).toBeLessThan(2.2)
    }
  })

  it.each(untold)(
    'more tokens than come back in a second, told %s: the second 429 teaches how many do',
    async (name) => {
      const model = () => tokenBucket(50, 10_000)
      const result = await runLoad({ ...fiftyPer10s, latencyMs: 50, model, telling: tellings[name] })
      expect(result.extra429s).toBeLessThan(20)
      expect(result.tookMs / result.optimumMs).toBeLessThan(1.1)
    },
  )

  it.each(foretold)('a reset that restores nothing, because the window before still counts: by %s', async (name) => {
    const model = () => slidingCounter(5, 1_000)
    const result = await runLoad({ ...fivePerSecond, model, telling: tellings[name], isFirstAlone: true })
    expect(result.extra429s).toBeLessThanOrEqual(1)
    expect(result.tookMs / result.optimumMs).toBeLessThan(1.6)
  })

  it('so many at a time, where nothing tells that a 429 means that: a bulkhead is what helps', async () => {
    const load = { ...fivePerSecond, latencyMs: 50, model: () => concurrency(5), telling: tellings.nothing }
    expect((await runLoad(load)).extra429s).toBe(0)
    const result = await runLoad({ ...load, options: { bulkhead: { maxConcurrent: 5 } } })
    expect(result.all429s).toBe(0)
    expect(result.tookMs / result.optimumMs).toBeLessThan(1.1)
  })
})
