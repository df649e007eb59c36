import { expect } from 'vitest'
import { explain } from '../../../src/index.ts'
import { answer, harness, rejectionOf, url } from '../harness.ts'
import { exact as random, pair } from './pair.ts'

/** Retry and its budget, with what is further in, and with abort and refusals. */
export const retryPairs = [
  pair('retry', 'budget', 'calls go on to be sent, and are not repeated, once the budget is spent', async () => {
    const { run, transport } = harness([answer(500)], { breaker: false, retry: { budget: { maxTokens: 28 } } })
    const stops = []
    for (let n = 0; n < 3; n++) stops.push(explain(await run())?.stop)
    expect(stops).toEqual(['max_attempts', 'budget', 'budget'])
    expect(transport.calls).toHaveLength(3 + 1 + 1)
  }),
  pair('retry', 'rate limit', 'the retry after a limit waits for the pause and for no backoff', async () => {
    const { run, clock } = harness([answer(429, { 'retry-after': '2' }), answer(200)], {
      random: { ...random, next: () => 0 },
      retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 },
    })
    const response = await run()
    expect(explain(response)?.waits.map(({ kind }) => kind)).toEqual(['rate_limit'])
    expect(clock.monotonicMs()).toBeLessThan(3_000)
  }),
  pair('retry', 'bulkhead', 'the slot is free for others during the backoff', async () => {
    const { fetch, clock } = harness([answer(500), () => answer(200)], { random, bulkhead: { maxConcurrent: 1 } })
    const first = fetch(url)
    await clock.flush()
    expect((await fetch(url)).status).toBe(200)
    expect((await clock.runUntil(first)).status).toBe(200)
    expect(clock.monotonicMs()).toBe(125)
  }),
  pair('retry', 'breaker', 'every attempt counts, and the one that opens the circuit is the last', async () => {
    const { run, transport } = harness([answer(500, {}, 'broken')], { breaker: { minimumCalls: 2 } })
    const response = await run()
    expect(await response.text()).toBe('broken')
    expect(explain(response)).toMatchObject({ stop: 'circuit_open' })
    expect(transport.calls).toHaveLength(2)
  }),
  pair('abort', 'retry', 'nothing is sent after an abort during the backoff', async () => {
    const { fetch, clock, transport } = harness([answer(500)], { random })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.advance(124)
    controller.abort('stop')
    expect(await call).toBe('stop')
    await clock.advance(60_000)
    expect([transport.calls.length, clock.pendingTimers]).toEqual([1, 0])
  }),
  pair('refusals', 'retry', 'a refusal is not repeated, and the answer in hand is worth more than one', async () => {
    const { run, transport, heard } = harness([answer(500)], { refusals: 'response', breaker: { minimumCalls: 2 } })
    expect((await run()).status).toBe(500)
    expect((await run()).status).toBe(503)
    expect(transport.calls).toHaveLength(2)
    expect(heard.of('retry:scheduled')).toHaveLength(1)
  }),
  pair(
    'budget',
    'rate limit',
    'a retry that waits in the line of a limit costs nothing, and one that does not costs less',
    async () => {
      for (const [rateLimit, retryTokens] of [
        [{}, 500],
        [false, 495],
      ] as const) {
        const { run, fetch } = harness([answer(429, { 'retry-after': '1' })], { retry: { maxAttempts: 2 }, rateLimit })
        await run()
        expect(fetch.snapshot().hosts).toMatchObject([{ retryTokens }])
      }
    },
  ),
  pair('budget', 'bulkhead', 'what has no place costs nothing', async () => {
    const { fetch, clock } = harness(['hang'], { bulkhead: { maxConcurrent: 1, maxQueue: 0 } })
    const controller = new AbortController()
    const hanging = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    expect(await rejectionOf(fetch(url))).toMatchObject({ reason: 'bulkhead_full' })
    expect(fetch.snapshot().hosts).toMatchObject([{ retryTokens: 500 }])
    controller.abort()
    await hanging
  }),
  pair('budget', 'breaker', 'a retry that the circuit would refuse costs nothing', async () => {
    const { run, fetch } = harness([answer(500)], { breaker: { minimumCalls: 1 } })
    expect(explain(await run())).toMatchObject({ stop: 'circuit_open' })
    expect(fetch.snapshot().hosts).toMatchObject([{ retryTokens: 500 }])
  }),
  pair('abort', 'budget', 'a retry that was paid for and aborted stays paid for: it may be one of many', async () => {
    const { fetch, clock } = harness([answer(500)], { random })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.advance(100)
    controller.abort('stop')
    expect(await call).toBe('stop')
    expect(fetch.snapshot().hosts).toMatchObject([{ retryTokens: 486 }])
  }),
  pair('refusals', 'budget', 'without a budget for retries the answer of the host comes back as it is', async () => {
    const { run } = harness([answer(500, {}, 'broken')], {
      refusals: 'response',
      retry: { budget: { maxTokens: 1 } },
    })
    const response = await run()
    expect([response.status, await response.text()]).toEqual([500, 'broken'])
    expect(explain(response)).toMatchObject({ stop: 'budget' })
  }),
]
