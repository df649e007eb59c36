import { describe, expect, it } from 'vitest'
import { type Connector, explain, integrationErrorOf } from '../../src/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  errors: [
    {
      when: { status: 402 },
      then: { code: 'quota_exhausted', reason: 'credit' },
      example: { status: 402 },
    },
    {
      when: { status: 409 },
      then: { code: 'quota_exhausted', reason: 'storage' },
      example: { status: 409 },
    },
  ],
}

const exhausted = () => answer(402)

describe('createFetch: a quota that is used up', () => {
  it('is asked for again by one call: after a minute, and each time after twice as long', async () => {
    const { fetch, clock, transport } = harness([exhausted], { connector, deadlineMs: false })
    expect((await fetch(url)).status).toBe(402)
    for (const minutes of [1, 2, 4, 8, 16, 32, 32]) {
      await clock.advance(minutes * 60_000 - 1)
      expect(await rejectionOf(fetch(url))).toMatchObject({ code: 'quota_exhausted', delivery: 'not_sent' })
      await clock.advance(1)
      const before = transport.calls.length
      const results = await clock.runUntil(Promise.allSettled(Array.from({ length: 10 }, () => fetch(url))))
      expect(transport.calls).toHaveLength(before + 1)
      expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(9)
    }
  })

  it('is there again for all as soon as an answer proves it', async () => {
    const { fetch, clock, transport } = harness([exhausted, () => answer(200)], { connector })
    await fetch(url)
    await clock.advance(60_000)
    const responses = await clock.runUntil(Promise.all(Array.from({ length: 20 }, () => fetch(url))))
    expect(responses.every(({ ok }) => ok)).toBe(true)
    expect(transport.calls).toHaveLength(21)
    expect(clock.monotonicMs()).toBeLessThan(62_000)
  })

  it('refuses those who wait for a pause already', async () => {
    const answers = [answer(429, { 'retry-after': '5' }), exhausted, () => answer(200)] as const
    const { fetch, clock } = harness([...answers], { connector })
    const first = fetch(url)
    await clock.flush()
    const waiting = [rejectionOf(fetch(url)), rejectionOf(fetch(url))]
    expect((await clock.runUntil(first)).status).toBe(402)
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject({ code: 'quota_exhausted' })
    expect(clock.pendingTimers).toBe(0)
  })

  it('says to others when it is there again, also where one call asks earlier', async () => {
    const tomorrow = answer(402, { 'retry-after': '86400' })
    const { fetch, clock } = harness([tomorrow, () => answer(200)], { connector })
    await fetch(url)
    await clock.advance(1_000)
    const error = await rejectionOf(fetch(url))
    expect(error).toMatchObject({
      code: 'quota_exhausted',
      message: 'Not sent: the quota is used up and asks to wait 86399000 ms; one call asks again in 3599000 ms.',
      retryAfterMs: 3_599_000,
    })
    await clock.advance(3_599_000)
    expect((await clock.runUntil(fetch(url))).status).toBe(200)
  })

  it('holds up nobody when it is storage that is full', async () => {
    const { run, transport } = harness([() => answer(409), () => answer(200)], { connector })
    const response = await run()
    expect(integrationErrorOf(response)?.code).toBe('quota_exhausted')
    expect(explain(response)?.stop).toBe('not_retryable')
    expect((await run()).status).toBe(200)
    expect(transport.calls).toHaveLength(2)
  })
})
