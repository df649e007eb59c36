import { describe, expect, it } from 'vitest'
import { createFetch, isIntegrationError } from '../../src/index.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { answer, connectionRefused, connectionReset, harness, rejectionOf, url } from './harness.ts'

/** Without jitter: breaks are exact. */
const random = { ...seededRandom(), next: () => 0.5 }
const once = { random, retry: false, breaker: { minimumCalls: 4, breakMs: 10_000, halfOpenCalls: 1 } } as const

describe('createFetch: circuit breaker', () => {
  it('refuses calls to a host that fails, with the time until the next try', async () => {
    const { run, transport, clock, heard } = harness([answer(500)], once)
    for (let n = 0; n < 4; n++) await run()
    await clock.advance(4_000)
    const error = await rejectionOf(run())
    expect(isIntegrationError(error, 'circuit_open')).toBe(true)
    expect(error).toMatchObject({
      retryAfterMs: 6_000,
      delivery: 'not_sent',
      fault: 'upstream',
      reason: 'failures',
      cause: { code: 'upstream_error' },
    })
    expect(transport.calls).toHaveLength(4)
    expect(heard.of('circuit:opened')).toEqual([
      { host: 'api.example.com', breakMs: 10_000, reason: 'failures', code: 'upstream_error' },
    ])
  })

  it('says the time until the next try in whole milliseconds', async () => {
    const { run, clock, heard } = harness([answer(500)], once)
    for (let n = 0; n < 4; n++) await run()
    await clock.advance(3_999.6)
    expect(await rejectionOf(run())).toMatchObject({ retryAfterMs: 6_001 })
    expect(heard.of('call:refused')).toMatchObject([{ retryAfterMs: 6_001 }])
  })

  it('has no circuit for what reaches no host', async () => {
    const fetch = createFetch({ ...once, fetch: globalThis.fetch })
    for (let n = 0; n < 8; n++) expect(await rejectionOf(fetch('about:blank'))).toBeInstanceOf(TypeError)
    expect(await (await fetch('data:,here')).text()).toBe('here')
  })

  it('does not say that nothing was sent when it opens while a retry waits', async () => {
    const options = { random, idempotency: {}, breaker: { minimumCalls: 2 }, retry: { baseDelayMs: 1_000 } }
    const { fetch, clock, transport } = harness([connectionReset()], options)
    const waiting = rejectionOf(fetch(url, { method: 'POST' }))
    await clock.flush()
    await rejectionOf(fetch(url, { method: 'POST' }))
    expect(await clock.runUntil(waiting)).toMatchObject({ code: 'circuit_open', delivery: 'unknown', attempts: [{}] })
    expect(transport.calls).toHaveLength(2)
  })

  it('inherits the fault of the failure that opened it', async () => {
    const { run } = harness([connectionRefused()], once)
    for (let n = 0; n < 4; n++) await rejectionOf(run())
    expect(await rejectionOf(run())).toMatchObject({ code: 'circuit_open', fault: 'network' })
  })

  it('closes when the probe succeeds', async () => {
    let down = true
    const { run, clock, heard, fetch } = harness([() => answer(down ? 500 : 200)], once)
    for (let n = 0; n < 4; n++) await run()
    down = false
    await clock.advance(10_000)
    expect((await run()).status).toBe(200)
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('closed')
    expect(heard.names.filter((name) => name.startsWith('circuit:'))).toEqual([
      'circuit:opened',
      'circuit:half-opened',
      'circuit:closed',
    ])
  })

  it('lets one call through while it is half-open', async () => {
    let respond: (response: Response) => void = () => {}
    const hang = new Promise<Response>((resolve) => {
      respond = resolve
    })
    let probing = false
    const { fetch, run, clock, transport } = harness([() => (probing ? hang : answer(500))], once)
    for (let n = 0; n < 4; n++) await run()
    probing = true
    await clock.advance(10_000)
    const probe = fetch(url)
    await clock.flush()
    expect(await rejectionOf(fetch(url))).toMatchObject({ code: 'circuit_open' })
    expect(transport.calls).toHaveLength(5)
    respond(answer(200))
    expect((await probe).status).toBe(200)
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('closed')
  })

  it.each([404, 429])('stays half-open after a probe that was answered with %i', async (status) => {
    let next = 500
    const { fetch, run, clock, transport } = harness([() => answer(next)], once)
    for (let n = 0; n < 4; n++) await run()
    next = status
    await clock.advance(10_000)
    await run()
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('half_open')
    next = 200
    await run()
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('closed')
    expect(transport.calls).toHaveLength(6)
  })

  it.each([400, 404, 429, 501])('never opens on %i', async (status) => {
    const { run, fetch } = harness([answer(status)], once)
    for (let n = 0; n < 20; n++) await run()
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('closed')
  })

  it('does not count what the caller aborted', async () => {
    const { fetch, clock } = harness(['hang'], once)
    for (let n = 0; n < 20; n++) {
      const controller = new AbortController()
      const call = rejectionOf(fetch(url, { signal: controller.signal }))
      await clock.flush()
      controller.abort()
      await call
    }
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('closed')
  })

  it('counts attempts that time out', async () => {
    const { run, fetch } = harness(['hang'], { ...once, attemptTimeoutMs: 100 })
    for (let n = 0; n < 4; n++) await rejectionOf(run())
    expect(fetch.snapshot().hosts[0]?.circuits?.[0]?.state).toBe('open')
  })

  it('keeps hosts apart', async () => {
    const { fetch, run, clock } = harness([answer(500)], once)
    for (let n = 0; n < 4; n++) await run()
    expect((await clock.runUntil(fetch('https://other.example.com/'))).status).toBe(500)
  })

  it('does not retry a refusal', async () => {
    const { run, transport, heard } = harness([answer(500)], { breaker: { minimumCalls: 3 } })
    await run()
    await rejectionOf(run())
    expect(transport.calls).toHaveLength(3)
    expect(heard.of('retry:scheduled')).toHaveLength(2)
  })

  it('returns the response in hand when the circuit opens before its retry', async () => {
    const { run, transport, heard } = harness([answer(500, {}, 'broken')], { breaker: { minimumCalls: 2 } })
    const response = await run()
    expect(await response.text()).toBe('broken')
    expect(transport.calls).toHaveLength(2)
    expect(heard.of('retry:exhausted')).toMatchObject([{ stop: 'circuit_open' }])
  })
})
