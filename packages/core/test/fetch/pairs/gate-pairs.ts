import { getEventListeners } from 'node:events'
import { expect } from 'vitest'
import { answer, type Harness, harness, rejectionOf, url } from '../harness.ts'
import { exact as random, pair } from './pair.ts'

const pause = () => answer(429, { 'retry-after': '5' })
const circuitOf = ({ fetch }: Harness) => fetch.snapshot().hosts[0]?.circuits?.[0]?.state

/** What lets calls through one by one: limit, bulkhead, breaker; with each other, and with abort and refusals. */
export const gatePairs = [
  pair('rate limit', 'bulkhead', 'who waits for one holds no place of the other', async () => {
    const headers = { 'ratelimit-limit': '3', 'ratelimit-remaining': '1', 'ratelimit-reset': '60' }
    const { fetch, clock, transport } = harness([answer(200, headers), 'hang', () => answer(200)], {
      random,
      deadlineMs: false,
      bulkhead: { maxConcurrent: 1 },
    })
    await fetch(url)
    const controller = new AbortController()
    // It holds the slot and the last place under the limit.
    const hanging = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    const waiting = fetch(url)
    await clock.flush()
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 1, queued: 0 }])
    controller.abort()
    await hanging
    expect((await clock.runUntil(waiting)).status).toBe(200)
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(60_000)
    expect(transport.calls).toHaveLength(3)
  }),
  pair('rate limit', 'breaker', 'a call that the circuit refuses gives its place under the limit back', async () => {
    const headers = { 'ratelimit-limit': '3', 'ratelimit-remaining': '1', 'ratelimit-reset': '60' }
    const { fetch, run, clock } = harness([answer(200, headers), () => answer(200)], { random })
    await run()
    fetch.circuits.isolate()
    for (let n = 0; n < 5; n++) expect(await rejectionOf(run())).toMatchObject({ reason: 'isolated' })
    fetch.circuits.close()
    await run()
    expect(clock.monotonicMs()).toBe(0)
  }),
  pair('abort', 'rate limit', 'who aborts leaves the line at once, and the others move up', async () => {
    const { fetch, clock } = harness([pause, () => answer(200)], { random })
    const first = fetch(url)
    await clock.flush()
    const controller = new AbortController()
    const aborted = Array.from({ length: 20 }, () => rejectionOf(fetch(url, { signal: controller.signal })))
    const last = fetch(url)
    await clock.flush()
    controller.abort('stop')
    expect(new Set(await Promise.all(aborted))).toEqual(new Set(['stop']))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    await clock.runUntil(Promise.all([first, last]))
    expect(clock.monotonicMs()).toBeLessThan(6_000)
  }),
  pair('refusals', 'rate limit', 'a wait that is too long is a 429 with Retry-After', async () => {
    const { run, transport } = harness([pause], { refusals: 'response', deadlineMs: 1_000 })
    const statuses = [await run(), await run()].map(({ status, headers }) => [status, headers.get('retry-after')])
    expect(statuses).toEqual([
      [429, '5'],
      [429, '5'],
    ])
    expect(transport.calls).toHaveLength(1)
  }),
  pair(
    'bulkhead',
    'breaker',
    'those who queued are refused when the circuit opens before them, and free their slots',
    async () => {
      const made = harness([answer(500)], {
        random,
        retry: false,
        bulkhead: { maxConcurrent: 1 },
        breaker: { minimumCalls: 2, breakMs: 10_000 },
      })
      const calls = Array.from({ length: 5 }, () =>
        made.fetch(url).then(
          ({ status }) => status,
          (error: unknown) => error,
        ),
      )
      const results = await made.clock.runUntil(Promise.all(calls))
      expect(results.slice(0, 2)).toEqual([500, 500])
      expect(results.slice(2)).toMatchObject(Array.from({ length: 3 }, () => ({ code: 'circuit_open' })))
      expect(made.fetch.snapshot().hosts).toMatchObject([{ active: 0, queued: 0 }])
    },
  ),
  pair('abort', 'bulkhead', 'who aborts in the queue takes no slot', async () => {
    const { fetch, clock, transport } = harness([() => answer(200)], { bulkhead: { maxConcurrent: 1 } })
    const controller = new AbortController()
    const first = fetch(url)
    const aborted = rejectionOf(fetch(url, { signal: controller.signal }))
    const last = fetch(url)
    controller.abort('stop')
    expect(await aborted).toBe('stop')
    await clock.runUntil(Promise.all([first, last]))
    expect(transport.calls).toHaveLength(2)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, queued: 0 }])
  }),
  pair('refusals', 'bulkhead', 'a full queue is a 503 that says so', async () => {
    const { fetch, clock } = harness(['hang'], { refusals: 'response', bulkhead: { maxConcurrent: 1, maxQueue: 0 } })
    const controller = new AbortController()
    const hanging = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    const response = await fetch(url)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ reason: 'bulkhead_full' })
    controller.abort()
    await hanging
  }),
  pair('abort', 'breaker', 'a probe that is aborted says nothing and gives its place to the next', async () => {
    const made = harness([answer(500), 'hang', () => answer(200)], {
      random,
      retry: false,
      breaker: { minimumCalls: 1, breakMs: 10_000, halfOpenCalls: 1 },
    })
    await made.run()
    await made.clock.advance(10_000)
    const controller = new AbortController()
    const probe = rejectionOf(made.fetch(url, { signal: controller.signal }))
    await made.clock.flush()
    controller.abort('stop')
    expect(await probe).toBe('stop')
    expect(circuitOf(made)).toBe('half_open')
    await made.run()
    expect(circuitOf(made)).toBe('closed')
  }),
  pair('refusals', 'breaker', 'an open circuit is a 503 with Retry-After', async () => {
    const { run, clock } = harness([answer(500)], {
      random,
      refusals: 'response',
      retry: false,
      breaker: { minimumCalls: 1, breakMs: 10_000 },
    })
    await run()
    await clock.advance(4_000)
    const response = await run()
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '6'])
  }),
  pair('abort', 'refusals', 'an abort throws its reason, before it is refused and after', async () => {
    const { run, fetch } = harness([answer(200)], { refusals: 'response' })
    fetch.circuits.isolate()
    expect(await rejectionOf(run(url, { signal: AbortSignal.abort('stop') }))).toBe('stop')
    expect((await run(url, { signal: new AbortController().signal })).status).toBe(503)
  }),
]
