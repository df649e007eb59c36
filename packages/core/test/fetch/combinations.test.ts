import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { explain, type FetchOptions } from '../../src/index.ts'
import type { ScriptedAnswer } from '../../src/testing/index.ts'
import { answer, connectionReset, harness, rejectionOf, url } from './harness.ts'

describe('createFetch: the order of the policies', () => {
  it('counts each attempt of a retried call in the breaker', async () => {
    const { run, fetch } = harness([answer(500)], { breaker: { minimumCalls: 6 } })
    await run()
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('closed')
    await run()
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('open')
  })

  it('does not count the waits of a call as time of its attempts', async () => {
    const { run } = harness([answer(429, { 'retry-after': '20' }), answer(200)], { attemptTimeoutMs: 1_000 })
    const response = await run()
    expect(response.status).toBe(200)
    expect(explain(response)?.attempts.map(({ durationMs }) => durationMs)).toEqual([0, 0])
  })

  it('gives each attempt of a call the same key and the same token', async () => {
    const { run, transport } = harness([connectionReset(), answer(503), answer(201)], { idempotency: {}, auth: 'tok' })
    await run(url, { method: 'POST', body: 'x' })
    const sent = transport.calls.map(({ headers }) => JSON.stringify([...headers]))
    expect(sent).toHaveLength(3)
    expect(new Set(sent).size).toBe(1)
  })

  it('keeps the idempotency key when it sends again with a new token', async () => {
    let token = 0
    const { run, transport } = harness([answer(401), answer(201)], { idempotency: {}, auth: () => `t${++token}` })
    await run(url, { method: 'POST', body: 'x' })
    const [first, second] = transport.calls.map(({ headers }) => headers)
    expect(second?.get('idempotency-key')).toBe(first?.get('idempotency-key'))
    expect(second?.get('authorization')).not.toBe(first?.get('authorization'))
  })

  it('takes no slot of the bulkhead while it waits for a limit or a retry', async () => {
    const { fetch, clock } = harness([answer(429, { 'retry-after': '5' }), answer(500), answer(200)], {
      bulkhead: { maxConcurrent: 1 },
    })
    const call = fetch(url)
    await clock.advance(4_000)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, queued: 0 }])
    await clock.runUntil(call)
  })

  it('refuses with an open circuit even when a slot is free', async () => {
    const { run, fetch } = harness([answer(500)], {
      retry: false,
      breaker: { minimumCalls: 1 },
      bulkhead: { maxConcurrent: 1 },
    })
    await run()
    expect(await rejectionOf(run())).toMatchObject({ code: 'circuit_open' })
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0 }])
  })

  it('gives the place of a probe back when the probe is aborted', async () => {
    let hangs = false
    const { fetch, run, clock } = harness([() => (hangs ? new Promise<Response>(() => {}) : answer(500))], {
      retry: false,
      breaker: { minimumCalls: 1, breakMs: 1_000 },
    })
    await run()
    hangs = true
    await clock.advance(1_000)
    const controller = new AbortController()
    const probe = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    controller.abort()
    await probe
    hangs = false
    expect((await run()).status).toBe(500)
  })

  it('does not count a retry that only had the rest of the deadline against the host', async () => {
    const { run, fetch } = harness([answer(500), 'hang'], {
      deadlineMs: 300,
      breaker: { minimumCalls: 2, failureRatio: 1 },
    })
    await rejectionOf(run())
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('closed')
  })
})

const everything: FetchOptions = {
  bulkhead: { maxConcurrent: 1 },
  idempotency: {},
  auth: () => Promise.resolve('token'),
  deadlineMs: 10_000,
}

describe('createFetch: what a call leaves behind', () => {
  it.each<[string, readonly [ScriptedAnswer, ...ScriptedAnswer[]]]>([
    ['a success', [answer(200)]],
    ['a success with a body', [answer(200, {}, 'body')]],
    ['a client error', [answer(404)]],
    ['retries that succeed', [answer(500), connectionReset(), answer(200)]],
    ['retries that fail', [answer(500)]],
    ['a lost connection', [connectionReset()]],
    ['a rate limit', [answer(429, { 'retry-after': '2' }), answer(200)]],
    ['a rate limit that does not fit', [answer(429, { 'retry-after': '20' })]],
    ['a deadline', ['hang']],
  ])('is no timer after %s', async (_, answers) => {
    const { fetch, clock } = harness(answers, everything)
    const controller = new AbortController()
    const calls = [1, 2, 3].map((n) => fetch(`${url}&n=${n}`, { method: 'PUT', signal: controller.signal }))
    await clock.runUntil(Promise.allSettled(calls))
    expect(clock.pendingTimers).toBe(0)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, queued: 0 }])
  })

  it.each<[string, ScriptedAnswer, FetchOptions]>([
    ['the attempt', 'hang', {}],
    ['the backoff', answer(500), { retry: { baseDelayMs: 5_000 } }],
    ['the wait for a limit', answer(429, { 'retry-after': '5' }), {}],
    ['the token', answer(200), { auth: () => new Promise(() => {}) }],
    ['the queue of the bulkhead', 'hang', {}],
  ])('is neither timer nor listener after an abort during %s', async (_, first, options) => {
    const { fetch, clock } = harness([first], { ...everything, ...options })
    const controller = new AbortController()
    const { signal } = controller
    const calls = [fetch(url, { signal }), fetch(url, { signal })].map(rejectionOf)
    await clock.advance(100)
    expect(getEventListeners(signal, 'abort').length).toBeGreaterThan(0)
    const reason = new Error('stop')
    controller.abort(reason)
    expect(await Promise.all(calls)).toEqual([reason, reason])
    expect(clock.pendingTimers).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, queued: 0 }])
  })

  it('is no listener on a long-lived signal when the answers have no body', async () => {
    const { run } = harness([() => answer(204)])
    const { signal } = new AbortController()
    for (let n = 0; n < 100; n++) await run(url, { signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
