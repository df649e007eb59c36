import { describe, expect, it } from 'vitest'
import { type Connector, replayableBody } from '../../src/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const onePerSecond = { scope: 'connection', limit: { value: 1 }, windowMs: { value: 1_000 } } as const

function connectorWith(rateLimits: NonNullable<Connector['rateLimits']>): Connector {
  return { id: 'acme', name: 'Acme', sources: [], rateLimits }
}

describe('createFetch: the place of a retry in the line of a limit', () => {
  it('is given up when the body of the next attempt cannot be made', async () => {
    const { fetch, clock } = harness([answer(429, { 'retry-after': '5' }), answer(200)], {
      connector: connectorWith([{ id: 'calls', ...onePerSecond }]),
    })
    const body = replayableBody(({ attempt }) => {
      if (attempt === 2) throw new Error('no more')
      return 'x'
    })
    expect(await rejectionOf(fetch(url, { method: 'PUT', body }))).toMatchObject({ message: 'no more' })
    await clock.advance(10_000)
    expect((await clock.runUntil(fetch(url))).status).toBe(200)
  })

  it('is given up while a narrower limit has to be waited for, so that two calls never wait for each other', async () => {
    const connector = connectorWith([
      {
        id: 'all',
        ...onePerSecond,
        remaining: { header: 'x-left' },
        examples: [
          {
            answer: { status: 200, headers: { 'x-left': '1' } },
            reads: { limit: 1, remaining: 1, windowMs: 1_000 },
          },
        ],
      },
      { id: 'few', ...onePerSecond, limit: { value: 2 }, paths: ['/few'] },
    ])
    const { fetch, clock } = harness([answer(429, { 'retry-after': '3', 'x-left': '0' }), answer(200)], {
      connector,
      deadlineMs: 600_000,
    })
    const path = 'https://api.example.com/few'
    const body = replayableBody(async ({ attempt }) => {
      // Long enough for its turn under the wider limit to come, while others hold both places under the narrower one.
      if (attempt === 2) await clock.sleep(5_000)
      return 'x'
    })
    const retried = fetch(path, { method: 'PUT', body })
    await clock.advance(2_000)
    await clock.runUntil(Promise.all([retried, fetch(path), fetch(path)]))
    expect(clock.monotonicMs()).toBeLessThan(10_000)
  })
})

describe('createFetch: a narrower limit that is hit while a call waits for a wider one', () => {
  it('is waited for as well', async () => {
    const tells = (name: string) => ({
      remaining: { header: `x-${name}-left` },
      reset: { header: `x-${name}-reset`, format: 'delta_s' as const },
      examples: [
        {
          answer: { status: 200, headers: { [`x-${name}-left`]: '0', [`x-${name}-reset`]: '1' } },
          reads: { remaining: 0, resetMs: 1_000 },
        },
      ],
    })
    const connector = connectorWith([
      { id: 'endpoint', scope: 'endpoint', ...tells('endpoint') },
      { id: 'all', scope: 'connection', ...tells('all') },
    ])
    const sentMs: number[] = []
    const { fetch, clock } = harness(
      [
        async () => {
          await clock.sleep(1_000)
          return answer(429, { 'x-endpoint-left': '0', 'x-endpoint-reset': '10' })
        },
        () => answer(200, { 'x-all-left': '0', 'x-all-reset': '3' }),
        () => {
          sentMs.push(clock.monotonicMs())
          return answer(200)
        },
      ],
      { connector },
    )
    const hit = fetch('https://api.example.com/a')
    await clock.flush()
    await fetch('https://api.example.com/b')
    await clock.runUntil(Promise.all([hit, fetch('https://api.example.com/a')]))
    expect(sentMs).toHaveLength(2)
    for (const atMs of sentMs) expect(atMs).toBeGreaterThanOrEqual(11_000)
  })
})

describe('createFetch: the reset of a limit', () => {
  it('is not met by all processes in the same instant', async () => {
    const sentMs = async (drawn: number): Promise<number> => {
      const used = answer(200, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2' })
      const { run, clock } = harness([used, () => answer(200)], { random: { next: () => drawn, uuid: () => '' } })
      await run()
      await run()
      return clock.monotonicMs()
    }
    expect(await sentMs(0)).toBe(2_000)
    expect(await sentMs(0.9)).toBe(2_000 + 0.9 * 25)
  })
})

describe('createFetch: maxWaitMs', () => {
  it('bounds the waits for several limits together', async () => {
    const connector = connectorWith([
      { id: 'all', scope: 'connection', limit: { value: 2 }, windowMs: { value: 9_000 } },
      { id: 'few', scope: 'connection', limit: { value: 1 }, windowMs: { value: 9_000 }, paths: ['/few'] },
    ])
    const { fetch, clock } = harness([answer(200)], { connector, rateLimit: { maxWaitMs: 10_000 } })
    await fetch('https://api.example.com/few')
    const waiting = fetch('https://api.example.com/few')
    await clock.advance(8_000)
    await fetch('https://api.example.com/other')
    void fetch('https://api.example.com/other', { priority: 'high' })
    // The narrower limit lets it through after nine seconds, the wider one after seventeen.
    expect(await rejectionOf(clock.runUntil(waiting))).toMatchObject({ code: 'rate_limited', delivery: 'not_sent' })
    expect(clock.monotonicMs()).toBeLessThanOrEqual(10_000)
  })
})

describe('createFetch: a limit of 0', () => {
  it('is waited for, and refuses no call for good, as the answer itself shows that calls go through', async () => {
    const told = { 'x-ratelimit-limit': '0', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }
    const { run, clock } = harness([answer(200, told)])
    await run()
    expect((await run()).status).toBe(200)
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(5_000)
  })
})
