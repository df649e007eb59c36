import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/testing/index.ts'
import { answer, type Harness, harness, rejectionOf, url } from './harness.ts'

/** Without jitter: breaks are exact. */
const random = { ...seededRandom(), next: () => 0.5 }
const breaker = { minimumCalls: 4, breakMs: 10_000, maxBreakMs: 60_000, halfOpenCalls: 1 }
const options = { random, retry: false, breaker } as const
const stateOf = ({ fetch }: Harness) => fetch.snapshot().hosts[0]?.circuits?.[0]?.state

describe('createFetch: circuit breaker and bulkhead', () => {
  it('never opens on calls that the bulkhead has no place for', async () => {
    const made = harness(['hang'], {
      ...options,
      breaker: { ...breaker, minimumCalls: 1 },
      bulkhead: { maxConcurrent: 1, maxQueue: 0 },
    })
    const controller = new AbortController()
    const hanging = rejectionOf(made.fetch(url, { signal: controller.signal }))
    for (let n = 0; n < 20; n++)
      expect(await rejectionOf(made.fetch(url))).toMatchObject({ code: 'overloaded', reason: 'bulkhead_full' })
    controller.abort()
    await hanging
    expect(stateOf(made)).toBe('closed')
  })

  it('never opens on calls that wait for a slot until their deadline', async () => {
    const made = harness(['hang'], {
      ...options,
      breaker: { ...breaker, minimumCalls: 3 },
      bulkhead: { maxConcurrent: 1 },
      deadlineMs: 20_000,
    })
    const first = rejectionOf(made.fetch(url))
    await made.clock.advance(1_000)
    const queued = Array.from({ length: 6 }, () => rejectionOf(made.fetch(url)))
    await made.clock.runUntil(first)
    const [second, ...others] = await made.clock.runUntil(Promise.all(queued))
    // Two were sent and timed out; the others never got the slot.
    expect(second).toMatchObject({ name: 'TimeoutError' })
    expect(others).toMatchObject(Array.from({ length: 5 }, () => ({ reason: 'bulkhead_timeout' })))
    expect(stateOf(made)).toBe('closed')
  })

  it('does not take the wait for a slot for slowness', async () => {
    let respond: (response: Response) => void = () => {}
    const first = new Promise<Response>((resolve) => {
      respond = resolve
    })
    const made = harness([() => first, answer(200)], {
      ...options,
      bulkhead: { maxConcurrent: 1 },
      breaker: { ...breaker, minimumCalls: 2, slowCallMs: 5_000 },
    })
    const calls = [made.fetch(url), made.fetch(url), made.fetch(url)]
    await made.clock.advance(4_999)
    respond(answer(200))
    await made.clock.runUntil(Promise.all(calls))
    expect(stateOf(made)).toBe('closed')
  })
})

describe('createFetch: circuit breaker and rate limit', () => {
  it('never opens on a limit, nor on calls that it refuses because of one', async () => {
    const made = harness([answer(429, { 'retry-after': '500' })], {
      ...options,
      breaker: { ...breaker, minimumCalls: 1 },
    })
    await made.run()
    for (let n = 0; n < 20; n++) expect(await rejectionOf(made.run())).toMatchObject({ code: 'rate_limited' })
    expect(made.transport.calls).toHaveLength(1)
    expect(stateOf(made)).toBe('closed')
  })

  it('does not take the wait for a limit for slowness', async () => {
    const made = harness([answer(429, { 'retry-after': '20' }), answer(200)], {
      random,
      breaker: { ...breaker, minimumCalls: 1, slowCallMs: 1_000 },
    })
    expect((await made.run()).status).toBe(200)
    expect(stateOf(made)).toBe('closed')
  })

  it('lets the retry of a probe that met a limit be the next probe', async () => {
    let next = answer(500)
    const made = harness([() => next.clone()], { random, breaker })
    for (let n = 0; n < 2; n++) await made.run()
    expect(stateOf(made)).toBe('open')
    await made.clock.advance(10_000)
    next = answer(429, { 'retry-after': '3' })
    const call = made.fetch(url)
    await made.clock.flush()
    expect(stateOf(made)).toBe('half_open')
    next = answer(200)
    expect((await made.clock.runUntil(call)).status).toBe(200)
    expect(stateOf(made)).toBe('closed')
  })
})

describe('createFetch: circuit breaker and retry', () => {
  it('opens for as long as the host asks for', async () => {
    const made = harness([answer(503, { 'retry-after': '45' })], options)
    for (let n = 0; n < 4; n++) await made.run()
    expect(made.heard.of('circuit:opened')).toMatchObject([{ breakMs: 45_000 }])
    expect(await rejectionOf(made.run())).toMatchObject({ code: 'circuit_open', retryAfterMs: 45_000 })
  })

  it('counts each attempt of a call as a probe of its own', async () => {
    let isUp = false
    const made = harness([answer(500), answer(500), answer(500), answer(500), () => answer(isUp ? 200 : 500)], {
      random,
      retry: { baseDelayMs: 1_000, maxDelayMs: 1_000 },
      breaker: { ...breaker, halfOpenCalls: 3 },
    })
    for (let n = 0; n < 2; n++) await made.run()
    await made.clock.advance(10_000)
    const call = made.fetch(url)
    await made.clock.flush()
    expect(stateOf(made)).toBe('half_open')
    isUp = true
    expect((await made.clock.runUntil(call)).status).toBe(200)
    expect(stateOf(made)).toBe('half_open')
    await made.run()
    expect(stateOf(made)).toBe('closed')
  })

  it('gives back the answer of a probe that opens the circuit again', async () => {
    const made = harness([answer(500, {}, 'broken')], { random, breaker })
    for (let n = 0; n < 2; n++) await made.run()
    await made.clock.advance(10_000)
    expect(await (await made.run()).text()).toBe('broken')
    expect(made.heard.of('retry:exhausted').at(-1)).toMatchObject({ stop: 'circuit_open' })
    expect(made.transport.calls).toHaveLength(5)
  })

  it('opens for longer each time', async () => {
    const made = harness([answer(500)], options)
    for (let n = 0; n < 4; n++) await made.run()
    for (const breakMs of [10_000, 20_000, 40_000]) {
      await made.clock.advance(breakMs)
      await made.run()
    }
    expect(made.heard.of('circuit:opened').map((event) => event.breakMs)).toEqual([10_000, 20_000, 40_000, 60_000])
  })
})

describe('createFetch: circuit breaker and timeouts', () => {
  it('stops calls to a host that hangs before the first one has timed out', async () => {
    const made = harness(['hang'], { ...options, breaker: { ...breaker, slowCallMs: 2_000 } })
    const hanging = [1, 2, 3, 4].map(() => rejectionOf(made.fetch(url)))
    await made.clock.advance(2_000)
    const error = await rejectionOf(made.fetch(url))
    expect(error).toMatchObject({ code: 'circuit_open', reason: 'slow_calls', fault: 'upstream', retryAfterMs: 10_000 })
    expect(error).not.toHaveProperty('cause', expect.anything())
    expect(made.heard.of('circuit:opened')).toEqual([
      { host: 'api.example.com', breakMs: 10_000, reason: 'slow_calls' },
    ])
    await made.clock.runUntil(Promise.all(hanging))
    expect(made.transport.calls).toHaveLength(4)
  })
})
