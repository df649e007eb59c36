import { expect } from 'vitest'
import { explain, integrationErrorOf } from '../../../src/index.ts'
import { answer, connectionReset, harness, rejectionOf, url } from '../harness.ts'
import { exact as random, pair } from './pair.ts'

const timedOut = { name: 'TimeoutError' }
const post = { method: 'POST', body: 'x' }

/** The deadline and the attempt timeout, with everything else. */
export const timePairs = [
  pair('deadline', 'attempt timeout', 'the last attempt gets what is left of the deadline', async () => {
    const { run, clock } = harness(['hang'], {
      random: { ...random, next: () => 0 },
      deadlineMs: 250,
      attemptTimeoutMs: 100,
    })
    const error = await rejectionOf(run())
    expect(error).toMatchObject(timedOut)
    expect(explain(error)?.attempts.map(({ durationMs }) => durationMs)).toEqual([100, 100, 50])
    expect(clock.monotonicMs()).toBe(250)
  }),
  pair('deadline', 'idempotency', 'a keyed write that the deadline cuts off is unknown and names its key', async () => {
    const { run, transport } = harness([connectionReset(), 'hang'], { random, deadlineMs: 1_000, idempotency: {} })
    const error = integrationErrorOf(await rejectionOf(run(url, post)))
    expect(error).toMatchObject({ code: 'timeout', delivery: 'unknown', attempts: [{}, {}] })
    expect(transport.calls.map(({ headers }) => headers.get('idempotency-key'))).toEqual([
      error?.idempotencyKey,
      error?.idempotencyKey,
    ])
  }),
  pair('deadline', 'auth', 'a token that never comes ends at the deadline, with nothing sent', async () => {
    const { run, transport, clock } = harness([answer(200)], { deadlineMs: 1_000, auth: () => new Promise(() => {}) })
    const error = await rejectionOf(run())
    expect(error).toMatchObject(timedOut)
    expect(integrationErrorOf(error)).toMatchObject({ delivery: 'not_sent' })
    expect(transport.calls).toHaveLength(0)
    expect(clock.monotonicMs()).toBe(1_000)
  }),
  pair('deadline', 'retry', 'a retry that would begin after the deadline is not waited for', async () => {
    const { run, clock } = harness([answer(503, { 'retry-after': '20' })], { deadlineMs: 10_000 })
    const response = await run()
    expect(explain(response)).toMatchObject({ stop: 'deadline', attempts: [{}] })
    expect(clock.monotonicMs()).toBe(0)
  }),
  pair('deadline', 'budget', 'a retry that does not fit costs nothing', async () => {
    const { run, fetch } = harness([answer(503, { 'retry-after': '20' })], { deadlineMs: 10_000 })
    const before = (await run(), fetch.snapshot().hosts[0]?.retryTokens)
    expect(before).toBe(500)
  }),
  pair('deadline', 'rate limit', 'a call that the pause leaves no time for is refused at once', async () => {
    const { run, clock, transport } = harness([answer(429, { 'retry-after': '20' })], { random, deadlineMs: 10_000 })
    await run()
    const error = await rejectionOf(run())
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 20_000, delivery: 'not_sent' })
    expect(transport.calls).toHaveLength(1)
    expect(clock.monotonicMs()).toBe(0)
  }),
  pair('deadline', 'bulkhead', 'a call that gets no slot until its deadline leaves the queue then', async () => {
    const { fetch, clock, transport } = harness(['hang'], { deadlineMs: 1_000, bulkhead: { maxConcurrent: 1 } })
    const first = rejectionOf(fetch(url))
    const second = rejectionOf(fetch(url))
    await clock.advance(999)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 1, queued: 1 }])
    await clock.advance(1)
    expect(await first).toMatchObject(timedOut)
    expect(integrationErrorOf(await second)).toMatchObject({ delivery: 'not_sent' })
    expect(transport.calls).toHaveLength(1)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, queued: 0 }])
  }),
  pair('deadline', 'breaker', 'a first attempt that took the whole deadline speaks against the host', async () => {
    const { run, fetch } = harness(['hang'], { deadlineMs: 1_000, breaker: { minimumCalls: 2 } })
    for (let n = 0; n < 2; n++) await rejectionOf(run())
    expect(fetch.snapshot().hosts[0]?.circuits).toMatchObject([{ state: 'open' }])
  }),
  pair('abort', 'deadline', 'the reason of the caller comes back, and no timer of the deadline stays', async () => {
    const { fetch, clock } = harness(['hang'], { deadlineMs: 1_000, attemptTimeoutMs: false })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.advance(999)
    controller.abort('stop')
    expect(await call).toBe('stop')
    expect(clock.pendingTimers).toBe(0)
  }),
  pair('refusals', 'deadline', 'what was sent and timed out throws; what was not sent is a response', async () => {
    const { run } = harness(['hang', answer(429, { 'retry-after': '20' })], { refusals: 'response', deadlineMs: 1_000 })
    expect(await rejectionOf(run())).toMatchObject(timedOut)
    expect((await run()).headers.get('retry-after')).toBe('20')
    const refused = await run()
    expect([refused.status, refused.headers.get('content-type')]).toEqual([429, 'application/problem+json'])
  }),
  pair('attempt timeout', 'idempotency', 'a keyed write that hangs is sent again with its key', async () => {
    const { run, transport } = harness(['hang', answer(201)], { attemptTimeoutMs: 100, idempotency: {} })
    expect((await run(url, post)).status).toBe(201)
    expect(new Set(transport.calls.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
  }),
  pair('attempt timeout', 'auth', 'the wait for the token is no time of the attempt', async () => {
    const made = harness([answer(200)], {
      attemptTimeoutMs: 100,
      auth: () => made.clock.sleep(5_000).then(() => 'token'),
    })
    const response = await made.run()
    expect(explain(response)?.attempts).toMatchObject([{ status: 200, durationMs: 0 }])
    expect(made.clock.monotonicMs()).toBe(5_000)
  }),
  pair('attempt timeout', 'retry', 'an attempt that is given up is aborted before the next one begins', async () => {
    const { run, transport } = harness(['hang', answer(200)], { random, attemptTimeoutMs: 100 })
    expect((await run()).status).toBe(200)
    expect(transport.calls.map(({ init }) => init?.signal?.aborted)).toEqual([true, false])
  }),
  pair('attempt timeout', 'budget', 'attempts that are given up are paid for until nothing is left', async () => {
    const { run, transport } = harness(['hang'], {
      attemptTimeoutMs: 100,
      retry: { budget: { maxTokens: 10, transientCost: 5 } },
    })
    for (let n = 0; n < 2; n++) await rejectionOf(run())
    expect(transport.calls).toHaveLength(3 + 1)
  }),
  pair('attempt timeout', 'rate limit', 'the wait for a limit is no time of the attempt', async () => {
    const { run } = harness([answer(429, { 'retry-after': '20' }), answer(200)], { attemptTimeoutMs: 1_000 })
    expect(explain(await run())?.attempts).toMatchObject([{ durationMs: 0 }, { durationMs: 0, status: 200 }])
  }),
  pair(
    'attempt timeout',
    'bulkhead',
    'an attempt that is given up gives its slot to the next in the queue',
    async () => {
      const { fetch, clock } = harness(['hang', () => answer(200)], {
        retry: false,
        attemptTimeoutMs: 100,
        bulkhead: { maxConcurrent: 1 },
      })
      const first = rejectionOf(fetch(url))
      const second = fetch(url)
      expect((await clock.runUntil(second)).status).toBe(200)
      expect(await first).toMatchObject(timedOut)
      expect(clock.monotonicMs()).toBe(100)
    },
  ),
  pair('attempt timeout', 'breaker', 'attempts that are given up open the circuit', async () => {
    const { run, transport } = harness(['hang'], { retry: false, attemptTimeoutMs: 100, breaker: { minimumCalls: 2 } })
    for (let n = 0; n < 2; n++) await rejectionOf(run())
    expect(await rejectionOf(run())).toMatchObject({ code: 'circuit_open', cause: { code: 'timeout' } })
    expect(transport.calls).toHaveLength(2)
  }),
  pair('abort', 'attempt timeout', 'the abort of the caller ends the attempt and its timer', async () => {
    const { fetch, clock, transport } = harness(['hang'], { deadlineMs: false, attemptTimeoutMs: 100 })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.advance(99)
    const reason = new Error('stop')
    controller.abort(reason)
    expect(await call).toBe(reason)
    expect([transport.calls.length, clock.pendingTimers]).toEqual([1, 0])
  }),
  pair('refusals', 'attempt timeout', 'an attempt that timed out is no refusal: its error is thrown', async () => {
    const { run } = harness(['hang'], { refusals: 'response', retry: false, attemptTimeoutMs: 100 })
    expect(await rejectionOf(run())).toMatchObject(timedOut)
  }),
]
