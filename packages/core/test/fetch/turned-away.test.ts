import { describe, expect, it } from 'vitest'
import { integrationErrorOf } from '../../src/index.ts'
import { answer, connectionRefused, harness, rejectionOf, url } from './harness.ts'

const post = { method: 'POST', body: 'x' } as const
const limited = () => answer(429, { 'retry-after': '1' })

describe('createFetch: a write of which every attempt was turned away', () => {
  it('is known to have had no effect when it is aborted while it waits', async () => {
    const { fetch, clock } = harness([limited])
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { ...post, signal: controller.signal }))
    await clock.advance(500)
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await call).toBe(reason)
    expect(integrationErrorOf(reason)).toMatchObject({
      code: 'canceled',
      delivery: 'not_sent',
      attempts: [{ status: 429 }],
    })
  })

  it('is known to have had no effect when it is refused in the end', async () => {
    const { fetch, clock } = harness([limited, () => answer(429, { 'retry-after': '50' })], { deadlineMs: 30_000 })
    const first = rejectionOf(fetch(url, post))
    await clock.advance(500)
    // The other call is told, before the first one's second attempt, to wait for longer than both can.
    const second = fetch(url, { ...post, priority: 'high' } as RequestInit)
    const [refusal] = await clock.runUntil(Promise.all([first, second.catch(() => {})]))
    expect(refusal).toMatchObject({ code: 'rate_limited', delivery: 'not_sent', attempts: [{ status: 429 }] })
  })

  it('may have had one as soon as one attempt was not', async () => {
    const script = [limited, answer(502), limited] as const
    const { fetch, clock, transport } = harness(script, { idempotency: {}, retry: { maxAttempts: 4 } })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { ...post, signal: controller.signal }))
    while (transport.calls.length < 3) await clock.advance(10)
    controller.abort(new Error('enough'))
    expect(integrationErrorOf(await call)).toMatchObject({ delivery: 'unknown' })
  })

  it('may have had one when the attempt was redirected', async () => {
    const redirected = () => Object.defineProperty(limited(), 'redirected', { value: true })
    const { fetch, clock } = harness([redirected], { idempotency: {} })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { ...post, signal: controller.signal }))
    await clock.advance(500)
    controller.abort(new Error('enough'))
    expect(integrationErrorOf(await call)).toMatchObject({ delivery: 'unknown' })
  })

  it('had none either when nothing could connect', async () => {
    const { fetch, clock } = harness([connectionRefused()], { retry: { baseDelayMs: 60_000, maxDelayMs: 60_000 } })
    const controller = new AbortController()
    const init = { ...post, redirect: 'error', signal: controller.signal } as const
    const call = rejectionOf(fetch(url, init))
    await clock.advance(1)
    controller.abort(new Error('enough'))
    expect(integrationErrorOf(await call)).toMatchObject({ delivery: 'not_sent' })
  })
})
