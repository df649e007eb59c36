import { describe, expect, it } from 'vitest'
import { explain, isIntegrationError, rateLimitOf } from '../../src/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const limited = (seconds: number) => answer(429, { 'retry-after': String(seconds) }, 'slow down')

describe('createFetch: rate limit', () => {
  it('waits for the time that a 429 asks for, then sends again', async () => {
    const { run, clock, heard } = harness([limited(3), answer(200)])
    expect((await run()).status).toBe(200)
    expect(clock.monotonicMs()).toBeGreaterThan(3_000)
    expect(clock.monotonicMs()).toBeLessThan(3_100)
    expect(heard.of('limit:paused')).toMatchObject([{ host: 'api.example.com', pauseMs: 3_000, status: 429 }])
    expect(heard.of('limit:waiting')).toHaveLength(1)
    expect(heard.of('limit:released')).toHaveLength(1)
  })

  it('pauses every concurrent caller after one 429', async () => {
    let open = false
    const { fetch, clock, transport } = harness([() => (open ? answer(200) : limited(2))])
    const first = fetch(url)
    await clock.flush()
    open = true
    const others = Array.from({ length: 20 }, () => fetch(url))
    await clock.advance(1_999)
    expect(transport.calls).toHaveLength(1)
    await clock.advance(2_000)
    const responses = await Promise.all([first, ...others])
    expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 21 }, () => 200))
    expect(transport.calls).toHaveLength(22)
  })

  it('releases those who waited one by one, in the order in which they came', async () => {
    const sentAt: [string, number][] = []
    const { fetch, clock } = harness([
      () => limited(1),
      ({ url: sent }) => {
        sentAt.push([sent.slice(-1), clock.monotonicMs()])
        return answer(200)
      },
    ])
    const first = fetch('https://api.example.com/0')
    await clock.flush()
    const others = [1, 2, 3, 4].map((n) => fetch(`https://api.example.com/${n}`))
    await clock.advance(5_000)
    await Promise.all([first, ...others])
    const times = sentAt.map(([, at]) => at)
    expect(sentAt.map(([name]) => name)).toEqual(['0', '1', '2', '3', '4'])
    expect(times.every((at, index) => at > (times[index - 1] ?? 1_000))).toBe(true)
    expect(times.at(-1)).toBeLessThan(1_250)
  })

  it('gets 20 parallel calls through a limit of 5 per second without meeting it again', async () => {
    const { fetch, clock, transport } = harness([
      () => {
        const second = Math.floor(clock.monotonicMs() / 1_000)
        taken.set(second, (taken.get(second) ?? 0) + 1)
        return (taken.get(second) ?? 0) <= 5 ? answer(200) : limited(1)
      },
    ])
    const taken = new Map<number, number>()
    const responses = await clock.runUntil(Promise.all(Array.from({ length: 20 }, () => fetch(url))))
    expect(responses.every(({ ok }) => ok)).toBe(true)
    expect(transport.calls).toHaveLength(35)
    expect(clock.monotonicMs()).toBeLessThan(5_000)
  })

  it('waits again when the pause is prolonged while it waits', async () => {
    const answers = [limited(1), limited(5), answer(200)] as const
    const { fetch, clock, transport } = harness([...answers])
    const [first, second] = [fetch(url), fetch(url)]
    await clock.advance(4_900)
    expect(transport.calls).toHaveLength(2)
    await clock.advance(1_000)
    expect((await first).status).toBe(200)
    expect((await second).status).toBe(200)
  })

  it('leaves other hosts alone', async () => {
    const { fetch, clock, transport } = harness([limited(60), answer(200)], { retry: false })
    await clock.runUntil(fetch(url))
    await clock.runUntil(fetch('https://other.example.com/'))
    expect(transport.calls).toHaveLength(2)
    expect(clock.monotonicMs()).toBe(0)
  })

  it('returns the 429 itself when its wait does not fit the deadline', async () => {
    const { run, clock } = harness([limited(60)], { deadlineMs: 10_000 })
    const response = await run()
    expect(response.status).toBe(429)
    expect(await response.text()).toBe('slow down')
    expect(clock.monotonicMs()).toBe(0)
    expect(explain(response)).toMatchObject({ stop: 'deadline', error: { retryAfterMs: 60_000 } })
  })

  it('refuses before sending when the pause does not fit the deadline', async () => {
    const { run, transport, heard } = harness([limited(60)], { deadlineMs: 10_000 })
    await run()
    const error = await rejectionOf(run())
    expect(isIntegrationError(error, 'rate_limited')).toBe(true)
    expect(error).toMatchObject({ delivery: 'not_sent', retryAfterMs: 60_000, attempts: [] })
    expect(transport.calls).toHaveLength(1)
    expect(heard.of('call:refused')).toMatchObject([{ code: 'rate_limited', retryAfterMs: 60_000 }])
  })

  it('does not let refused calls prolong the line', async () => {
    const { run, clock, fetch } = harness([limited(60), answer(200)], { deadlineMs: 10_000 })
    await run()
    for (let n = 0; n < 1_000; n++) await rejectionOf(run())
    await clock.advance(60_000)
    const sent = fetch(url)
    await clock.flush()
    expect((await sent).status).toBe(200)
  })

  it('waits at most maxWaitMs', async () => {
    const { run, clock } = harness([limited(5)], { rateLimit: { maxWaitMs: 4_000 } })
    expect((await run()).status).toBe(429)
    expect(await rejectionOf(run())).toMatchObject({ code: 'rate_limited' })
    expect(clock.monotonicMs()).toBe(0)
  })

  it('returns the 429 to those whose place in the line would come after the deadline', async () => {
    const { fetch, clock, transport } = harness([limited(1), limited(1), limited(1), limited(1), answer(200)], {
      deadlineMs: 1_100,
      rateLimit: { releaseIntervalMs: 40 },
    })
    const responses = await clock.runUntil(Promise.all([1, 2, 3, 4].map(() => fetch(url))))
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 429, 429])
    expect(await responses[3]?.text()).toBe('slow down')
    expect(transport.calls).toHaveLength(6)
  })

  it('pauses for `ratelimit-reset` when there is no Retry-After', async () => {
    const { run, clock } = harness([answer(429, { 'ratelimit-reset': '4' }), answer(200)])
    await run()
    expect(clock.monotonicMs()).toBeGreaterThan(4_000)
  })

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['no time at all', { 'retry-after': '0' }],
  ])('pauses for a second after a 429 that asks for %s, and longer each time', async (_, headers) => {
    const { run, heard } = harness([
      answer(429, headers),
      answer(429, headers),
      answer(200),
      answer(429, headers),
      answer(200),
    ])
    await run()
    await run()
    expect(heard.of('limit:paused').map(({ pauseMs }) => pauseMs)).toEqual([1_000, 2_000, 1_000])
  })

  it('never repeats an exhausted quota', async () => {
    const { run, transport } = harness([limited(7_200)], { deadlineMs: false })
    const response = await run()
    expect(transport.calls).toHaveLength(1)
    expect(explain(response)?.error?.code).toBe('quota_exhausted')
  })

  it('hands every 429 straight back with `onLimit: surface`', async () => {
    const { run, transport, clock, heard } = harness([limited(1)], { rateLimit: { onLimit: 'surface' } })
    expect((await run()).status).toBe(429)
    expect((await run()).status).toBe(429)
    expect(transport.calls).toHaveLength(2)
    expect(clock.monotonicMs()).toBe(0)
    expect(heard.of('retry:exhausted')).toMatchObject([{ stop: 'surfaced' }, { stop: 'surfaced' }])
  })

  it('still honours Retry-After in the backoff with `rateLimit: false`, but pauses nobody', async () => {
    const { run, clock, heard } = harness([limited(2), answer(200)], { rateLimit: false })
    await run()
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(2_000)
    expect(heard.names).not.toContain('limit:paused')
  })

  it('stops waiting when the caller aborts, with the very reason', async () => {
    const { fetch, clock, transport } = harness([limited(5)])
    const controller = new AbortController()
    const reason = new Error('changed my mind')
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.advance(1_000)
    controller.abort(reason)
    expect(await call).toBe(reason)
    expect(clock.pendingTimers).toBe(0)
    expect(transport.calls).toHaveLength(1)
  })
})

describe('rateLimitOf', () => {
  it('reads limit, remaining and reset of a response', async () => {
    const { run } = harness([
      answer(200, { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '59', 'retry-after': '2' }),
    ])
    expect(rateLimitOf(await run())).toMatchObject({
      limit: 60,
      remaining: 59,
      resetMs: 2_000,
      readings: [{ policy: 'default' }],
    })
  })

  const soon = Date.UTC(2026, 0, 1, 0, 0, 30)

  it.each<[string, Record<string, string>]>([
    ['the triple', { 'ratelimit-limit': '60', 'ratelimit-remaining': '7', 'ratelimit-reset': '30' }],
    ['its x- form', { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '30' }],
    ['with a window', { 'ratelimit-limit': '60, 60;w=60', 'ratelimit-remaining': '7', 'ratelimit-reset': '30' }],
    ['structured fields', { ratelimit: '"default";r=7;t=30', 'ratelimit-policy': '"default";q=60;w=60' }],
    ['a dictionary', { ratelimit: 'limit=60, remaining=7, reset=30' }],
    [
      'epoch seconds',
      { 'x-rate-limit-limit': '60', 'x-rate-limit-remaining': '7', 'x-rate-limit-reset': String(soon / 1_000) },
    ],
    [
      'epoch milliseconds',
      { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': String(soon) },
    ],
    [
      'RFC 3339',
      {
        'anthropic-ratelimit-requests-limit': '60',
        'anthropic-ratelimit-requests-remaining': '7',
        'anthropic-ratelimit-requests-reset': new Date(soon).toISOString(),
      },
    ],
    [
      'a duration',
      {
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '7',
        'x-ratelimit-reset-requests': '0m30s',
      },
    ],
  ])('reads %s of a success, whatever the policy does', async (_, told) => {
    for (const rateLimit of [undefined, false, { onLimit: 'surface' }, { onLimit: 'fail' }] as const) {
      const { run } = harness([answer(200, told)], rateLimit === undefined ? {} : { rateLimit })
      expect(rateLimitOf(await run())).toMatchObject({
        limit: 60,
        remaining: 7,
        resetMs: 30_000,
        headers: { 'ratelimit-limit': '60', 'ratelimit-remaining': '7', 'ratelimit-reset': '30' },
      })
    }
  })

  it('sums several limits up by the tightest, and tells all of them', async () => {
    const { run } = harness([
      answer(200, {
        'x-ratelimit-limit-requests': '100',
        'x-ratelimit-remaining-requests': '50',
        'x-ratelimit-limit-tokens': '10000',
        'x-ratelimit-remaining-tokens': '100',
        'x-ratelimit-reset-tokens': '1500ms',
      }),
    ])
    const limit = rateLimitOf(await run())
    expect(limit).toMatchObject({ limit: 10_000, remaining: 100, resetMs: 1_500 })
    // Whole seconds, and never too early.
    expect(limit?.headers['ratelimit-reset']).toBe('2')
    expect(limit?.readings.map(({ policy }) => policy).toSorted()).toEqual(['requests', 'tokens'])
  })

  it('measures moments by the clock of the provider', async () => {
    const { run } = harness([
      answer(200, {
        date: new Date(soon + 3_600_000).toUTCString(),
        'x-ratelimit-remaining': '7',
        'x-ratelimit-reset': String(soon / 1_000 + 3_600 + 12),
      }),
    ])
    expect(rateLimitOf(await run())?.resetMs).toBe(12_000)
  })

  it('does not believe what comes out of a cache, under a connector either', async () => {
    const told = { age: '5', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '300' }
    const connector = {
      id: 'acme',
      name: 'Acme',
      sources: [],
      rateLimits: [
        {
          id: 'all',
          scope: 'connection',
          remaining: { header: 'x-ratelimit-remaining' },
          examples: [{ answer: { status: 200, headers: { 'x-ratelimit-remaining': '1' } }, reads: { remaining: 1 } }],
        },
      ],
    } as const
    for (const options of [{}, { connector }]) {
      const { run, clock } = harness([() => answer(200, told)], options)
      expect(rateLimitOf(await run())).toBeUndefined()
      await run()
      expect(clock.monotonicMs()).toBe(0)
    }
  })

  it('says nothing when the response says nothing', async () => {
    const { run } = harness([answer(200)])
    expect(rateLimitOf(await run())).toBeUndefined()
  })
})
