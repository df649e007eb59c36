import { describe, expect, it } from 'vitest'
import { type Connector, createFetch, type FetchOptions, isIntegrationError } from '../../src/index.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'
import { limitedUpstream, type LimitedUpstream, type UpstreamLimit } from './limited-upstream.ts'

const host = 'https://api.example.com'

function fetchOver({ fetch, clock }: LimitedUpstream, options: FetchOptions = {}) {
  return createFetch({ fetch, clock, random: seededRandom(7), deadlineMs: false, attemptTimeoutMs: false, ...options })
}

function connectorWith(rateLimits: Connector['rateLimits']): Connector {
  return { id: 'acme', name: 'Acme', sources: [], ...(rateLimits === undefined ? {} : { rateLimits }) }
}

const declared = (limit: number, windowMs: number) =>
  connectorWith([{ id: 'all', scope: 'connection', limit: { value: limit }, windowMs: { value: windowMs } }])

describe('createFetch: a limit that is known', () => {
  it.each<[string, Partial<UpstreamLimit>]>([
    ['a fixed window', { window: 'fixed' }],
    ['a sliding window', { window: 'sliding' }],
    ['a fixed window and a slow server', { window: 'fixed', latencyMs: 60 }],
    ['a sliding window and a slow server', { window: 'sliding', latencyMs: 60 }],
  ])('is not hit by 20 parallel calls against 5 a second: %s, declared', async (_, kind) => {
    const upstream = limitedUpstream({ limit: 5, windowMs: 1_000, window: 'sliding', tells: false, ...kind })
    const fetch = fetchOver(upstream, { connector: declared(5, 1_000) })
    const responses = await upstream.clock.runUntil(Promise.all(Array.from({ length: 20 }, () => fetch(`${host}/a`))))
    expect(responses.every(({ status }) => status === 200)).toBe(true)
    expect(upstream.seen).toHaveLength(20)
    expect(upstream.clock.monotonicMs()).toBeLessThan((3_000 + (kind.latencyMs ?? 0)) * 1.1)
    expect(upstream.clock.pendingTimers).toBe(0)
  })

  it.each<[string, Partial<UpstreamLimit>, number]>([
    ['a fixed window', { window: 'fixed' }, 4_400],
    ['a fixed window and a slow server', { window: 'fixed', latencyMs: 20 }, 4_400],
    // A reset in whole seconds cannot say when the next call of a sliding window is free.
    ['a sliding window', { window: 'sliding' }, 5_500],
  ])(
    'is not hit by 20 parallel calls against 5 a second: %s, told by an earlier answer',
    async (_, kind, longestMs) => {
      const upstream = limitedUpstream({ limit: 5, windowMs: 1_000, window: 'fixed', tells: true, ...kind })
      const fetch = fetchOver(upstream)
      await upstream.clock.runUntil(fetch(`${host}/a`))
      const responses = await upstream.clock.runUntil(Promise.all(Array.from({ length: 20 }, () => fetch(`${host}/a`))))
      expect(responses.every(({ status }) => status === 200)).toBe(true)
      expect(upstream.seen).toHaveLength(21)
      // 21 calls: the fifth window opens after four seconds.
      expect(upstream.clock.monotonicMs()).toBeLessThan(longestMs)
    },
  )

  it('is not hit after a pause either', async () => {
    const upstream = limitedUpstream({ limit: 5, windowMs: 1_000, window: 'fixed', tells: true })
    const fetch = fetchOver(upstream)
    await upstream.clock.runUntil(fetch(`${host}/a`))
    await upstream.clock.advance(7_300)
    await upstream.clock.runUntil(Promise.all(Array.from({ length: 20 }, () => fetch(`${host}/a`))))
    expect(upstream.seen.filter(({ status }) => status === 429)).toEqual([])
  })

  it('is hit once at most when nothing is known before', async () => {
    const upstream = limitedUpstream({ limit: 5, windowMs: 1_000, window: 'fixed', tells: false, latencyMs: 10 })
    const fetch = fetchOver(upstream, { retry: { maxAttempts: 10 } })
    const responses = await upstream.clock.runUntil(Promise.all(Array.from({ length: 20 }, () => fetch(`${host}/a`))))
    expect(responses.every(({ status }) => status === 200)).toBe(true)
    expect(upstream.seen.filter(({ status, atMs }) => status === 429 && atMs === 0)).toHaveLength(15)
    expect(upstream.repeated429()).toBe(0)
  })

  it('holds 200 calls under three limits apart, each at its own pace', async () => {
    const limits = {
      slow: { limit: 5, windowMs: 1_000, window: 'sliding', tells: false },
      mail: { limit: 20, windowMs: 1_000, window: 'fixed', tells: false },
      fast: { limit: 40, windowMs: 1_000, window: 'sliding', tells: false },
    } as const satisfies Record<string, UpstreamLimit>
    const upstream = limitedUpstream(limits)
    const connector = connectorWith(
      Object.entries(limits).map(([id, { limit, windowMs }]) => ({
        id,
        scope: 'connection',
        paths: [`/${id}/**`],
        limit: { value: limit },
        windowMs: { value: windowMs },
      })),
    )
    const fetch = fetchOver(upstream, { connector })
    const doneMs: Record<string, number> = {}
    const calls = Object.entries({ slow: 20, mail: 80, fast: 100 }).flatMap(([group, count]) =>
      Array.from({ length: count }, async (__, n) => {
        await fetch(`${host}/${group}/${n}`)
        doneMs[group] = upstream.clock.monotonicMs()
      }),
    )
    await upstream.clock.runUntil(Promise.all(calls))
    expect(upstream.seen).toHaveLength(200)
    expect(upstream.seen.every(({ status }) => status === 200)).toBe(true)
    expect(doneMs.slow).toBeLessThan(3_300)
    expect(doneMs.mail).toBeLessThan(3_300)
    expect(doneMs.fast).toBeLessThan(2_300)
  })

  it('brings 200 calls through three limits that only a 429 tells of, which is not met again', async () => {
    const limits = {
      slow: { limit: 5, windowMs: 1_000, window: 'sliding', tells: false, latencyMs: 20 },
      mail: { limit: 20, windowMs: 1_000, window: 'fixed', tells: false, latencyMs: 20 },
      fast: { limit: 40, windowMs: 1_000, window: 'sliding', tells: false, latencyMs: 20 },
    } as const satisfies Record<string, UpstreamLimit>
    const upstream = limitedUpstream(limits)
    const connector = connectorWith(
      Object.keys(limits).map((id) => ({
        id,
        scope: 'connection',
        paths: [`/${id}/**`],
        remaining: { header: `x-${id}-left` },
        examples: [{ answer: { status: 200, headers: { [`x-${id}-left`]: '1' } }, reads: { remaining: 1 } }],
      })),
    )
    const fetch = fetchOver(upstream, { connector, retry: { budget: false } })
    const doneMs: Record<string, number> = {}
    const calls = Object.entries({ slow: 20, mail: 80, fast: 100 }).flatMap(([group, count]) =>
      Array.from({ length: count }, async (__, n) => {
        const { status } = await fetch(`${host}/${group}/${n}`)
        doneMs[group] = upstream.clock.monotonicMs()
        return status
      }),
    )
    expect(new Set(await upstream.clock.runUntil(Promise.all(calls)))).toEqual(new Set([200]))
    expect(upstream.repeated429()).toBe(0)
    expect(upstream.seen.filter(({ status }) => status === 429)).toHaveLength(15 + 60 + 60)
    expect(doneMs.slow).toBeLessThan(3_300)
    expect(doneMs.mail).toBeLessThan(3_300)
    expect(doneMs.fast).toBeLessThan(2_300)
  })

  it('takes those in flight off what is left', async () => {
    const told = { 'ratelimit-limit': '10', 'ratelimit-remaining': '3', 'ratelimit-reset': '9' }
    const { fetch, clock, transport } = harness([answer(200, told), 'hang'], { deadlineMs: 5_000 })
    await clock.runUntil(fetch(url))
    const calls = Array.from({ length: 5 }, () => rejectionOf(fetch(url)))
    await clock.flush()
    expect(transport.calls).toHaveLength(4)
    expect(isIntegrationError(await clock.runUntil(calls[4] as Promise<unknown>), 'rate_limited')).toBe(true)
  })

  it('is told by a 200 that has nothing left: the next call waits', async () => {
    const { run, clock, heard } = harness([
      answer(200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' }),
      answer(200),
    ])
    await run()
    expect(heard.of('limit:paused')).toMatchObject([{ pauseMs: 3_000, status: 200 }])
    await run()
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(3_000)
    expect(clock.monotonicMs()).toBeLessThan(3_100)
  })

  it('does not believe a 200 that asks for more than an hour', async () => {
    const { run, clock, transport } = harness([
      answer(200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '7200' }),
    ])
    await run()
    await run()
    expect(transport.calls).toHaveLength(2)
    expect(clock.monotonicMs()).toBe(0)
  })

  it('goes on, one call a second, when the first call after the reset is not answered', async () => {
    const told = { 'ratelimit-limit': '10', 'ratelimit-remaining': '0', 'ratelimit-reset': '1' }
    const { fetch, clock, transport } = harness([answer(200, told), 'hang'], {
      deadlineMs: false,
      attemptTimeoutMs: false,
    })
    await clock.runUntil(fetch(url))
    const controller = new AbortController()
    const calls = Array.from({ length: 5 }, () => rejectionOf(fetch(url, { signal: controller.signal })))
    await clock.advance(1_030)
    expect(transport.calls).toHaveLength(2)
    await clock.advance(2_000)
    expect(transport.calls).toHaveLength(4)
    controller.abort(new Error('enough'))
    await Promise.all(calls)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('createFetch: who waits for a limit', () => {
  const hit = () => answer(429, { 'retry-after': '10' })

  it('leaves at once when it aborts, and holds no place', async () => {
    const { fetch, clock, transport } = harness([hit, () => answer(200)], { rateLimit: { releaseIntervalMs: 100 } })
    const first = fetch(url)
    await clock.flush()
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const gone = Array.from({ length: 50 }, () => rejectionOf(fetch(url, { signal: controller.signal })))
    const last = fetch(url)
    await clock.advance(100)
    controller.abort(reason)
    expect(await Promise.all(gone)).toEqual(Array.from({ length: 50 }, () => reason))
    await clock.runUntil(Promise.all([first, last]))
    expect(clock.monotonicMs()).toBeLessThan(10_300)
    expect(transport.calls).toHaveLength(3)
    expect(clock.pendingTimers).toBe(0)
  })

  it('goes in the order of the calls, a retry before what came after it', async () => {
    const order: string[] = []
    const { fetch, clock } = harness([
      () => answer(429, { 'retry-after': '1' }),
      (call) => {
        order.push(call.url.slice(-1))
        return answer(200)
      },
    ])
    const calls = [fetch(`${host}/1`)]
    await clock.flush()
    for (const n of [2, 3, 4]) calls.push(fetch(`${host}/${n}`))
    await clock.runUntil(Promise.all(calls))
    expect(order).toEqual(['1', '2', '3', '4'])
  })

  it('is refused as soon as a longer pause cannot end in time', async () => {
    let slow: ((response: Response) => void) | undefined
    const { fetch, clock } = harness(
      [
        () => new Promise<Response>((resolve) => (slow = resolve)),
        () => answer(429, { 'retry-after': '2' }),
        () => answer(200),
      ],
      { deadlineMs: 20_000, retry: false },
    )
    const first = fetch(url)
    const second = fetch(url)
    await clock.flush()
    const third = rejectionOf(fetch(url))
    await clock.advance(1_000)
    slow?.(answer(429, { 'retry-after': '60' }))
    expect(await third).toMatchObject({ code: 'rate_limited', delivery: 'not_sent', retryAfterMs: 60_000 })
    expect(clock.monotonicMs()).toBe(1_000)
    expect((await first).status).toBe(429)
    expect((await second).status).toBe(429)
  })

  it('gives its place back when it is refused before sending', async () => {
    const { fetch, clock, transport } = harness([() => answer(200)], {
      connector: declared(1, 1_000),
      bulkhead: { maxConcurrent: 1, maxQueue: 0 },
      deadlineMs: false,
    })
    const [one, two] = [fetch(url), fetch(url)]
    await clock.runUntil(Promise.allSettled([one, two]))
    await clock.runUntil(fetch(url))
    expect(transport.calls.length).toBeGreaterThanOrEqual(2)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('createFetch: onLimit fail', () => {
  const limited = () => answer(429, { 'retry-after': '2' })

  it('returns the 429, and refuses what follows until the pause is over', async () => {
    const { run, clock, transport } = harness([limited, () => answer(200)], { rateLimit: { onLimit: 'fail' } })
    expect((await run()).status).toBe(429)
    const error = await rejectionOf(run())
    expect(error).toMatchObject({ code: 'rate_limited', delivery: 'not_sent', retryAfterMs: 2_000 })
    expect(clock.monotonicMs()).toBe(0)
    await clock.advance(2_000)
    expect((await run()).status).toBe(200)
    expect(transport.calls).toHaveLength(2)
  })

  it('refuses what a known limit does not allow now', async () => {
    const { run, transport } = harness([() => answer(200)], {
      connector: declared(2, 1_000),
      rateLimit: { onLimit: 'fail' },
    })
    await run()
    await run()
    expect(await rejectionOf(run())).toMatchObject({ code: 'rate_limited', retryAfterMs: 1_001 })
    expect(transport.calls).toHaveLength(2)
  })
})

describe('createFetch: a quota that is used up', () => {
  it('is refused for an hour at most, whatever the deadline', async () => {
    const { run, clock, transport } = harness([() => answer(429, { 'retry-after': '7200' }), () => answer(200)], {
      deadlineMs: false,
    })
    expect((await run()).status).toBe(429)
    expect(await rejectionOf(run())).toMatchObject({ code: 'quota_exhausted', delivery: 'not_sent' })
    expect(clock.monotonicMs()).toBe(0)
    await clock.advance(3_600_000)
    expect((await run()).status).toBe(200)
    expect(transport.calls).toHaveLength(2)
  })
})

describe('createFetch: the scope of a limit', () => {
  const perMethod = connectorWith([
    {
      id: 'method',
      scope: 'endpoint',
      paths: ['/api/*'],
      remaining: { header: 'x-left' },
      examples: [{ answer: { status: 200, headers: { 'x-left': '1' } }, reads: { remaining: 1 } }],
    },
    {
      id: 'account',
      scope: 'connection',
      remaining: { header: 'x-account-left' },
      reset: { header: 'x-account-reset', format: 'delta_s' },
      examples: [
        {
          answer: { status: 200, headers: { 'x-account-left': '1', 'x-account-reset': '2' } },
          reads: { remaining: 1, resetMs: 2_000 },
        },
      ],
    },
  ])

  it('is the endpoint where the connector says so: a 429 pauses that one', async () => {
    const { fetch, clock } = harness([() => answer(429, { 'retry-after': '5' }), () => answer(200)], {
      connector: perMethod,
      retry: false,
    })
    await clock.runUntil(fetch(`${host}/api/a`))
    await clock.runUntil(fetch(`${host}/api/b`))
    expect(clock.monotonicMs()).toBe(0)
    await clock.runUntil(fetch(`${host}/api/a?x=1`))
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(5_000)
  })

  it('is what the named segments of the path say: each base has a limit of its own', async () => {
    const connector = connectorWith([
      {
        id: 'base',
        scope: 'connection',
        paths: ['/meta/{base}/*', '/{base}/**'],
        limit: { value: 1 },
        windowMs: { value: 1_000 },
      },
    ])
    const { fetch, clock } = harness([() => answer(200)], { connector })
    await clock.runUntil(fetch(`${host}/base1/tasks/1`))
    await clock.runUntil(fetch(`${host}/base2/tasks/1`))
    expect(clock.monotonicMs()).toBe(0)
    await clock.runUntil(fetch(`${host}/meta/base1/tables`))
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(1_000)
  })

  it('is the method and the named segments where an endpoint has them, whatever the rest of the path', async () => {
    const connector = connectorWith([
      {
        id: 'route',
        scope: 'endpoint',
        paths: ['/channels/{channel}/messages/*', '/channels/{channel}'],
        limit: { value: 1 },
        windowMs: { value: 1_000 },
      },
    ])
    const { fetch, clock } = harness([() => answer(200)], { connector })
    await clock.runUntil(fetch(`${host}/channels/1/messages/10`))
    await clock.runUntil(fetch(`${host}/channels/2/messages/10`))
    await clock.runUntil(fetch(`${host}/channels/1`))
    await clock.runUntil(fetch(`${host}/channels/1/messages/10`, { method: 'DELETE' }))
    expect(clock.monotonicMs()).toBe(0)
    await clock.runUntil(fetch(`${host}/channels/1/messages/11`))
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(1_000)
  })

  it('is the one that the 429 says is used up', async () => {
    const used = { 'x-left': '4', 'x-account-left': '0', 'x-account-reset': '5', 'retry-after': '8' }
    const { fetch, clock } = harness([() => answer(429, used), () => answer(200)], {
      connector: perMethod,
      retry: false,
    })
    await clock.runUntil(fetch(`${host}/api/a`))
    await clock.runUntil(fetch(`${host}/api/b`))
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(8_000)
  })

  it('is shared by the hosts that the connector names', async () => {
    const connector = { ...declared(1, 1_000), http: { hosts: ['api.example.com', 'files.example.com'] } }
    const { fetch, clock } = harness([() => answer(200)], { connector })
    await clock.runUntil(fetch(`${host}/a`))
    await clock.runUntil(fetch('https://files.example.com/a'))
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(1_000)
    await clock.runUntil(fetch('https://elsewhere.example.com/a'))
    expect(clock.monotonicMs()).toBeLessThan(1_100)
  })
})
