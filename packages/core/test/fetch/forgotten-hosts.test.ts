import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/testing/index.ts'
import { answer, type Harness, harness, rejectionOf, url } from './harness.ts'

const KEPT_HOSTS = 10_000
const KEPT_GROUPS = 100

/** Without jitter: breaks are exact. */
const random = { ...seededRandom(), next: () => 0.5 }
const breaker = { minimumCalls: 1, breakMs: 10_000, halfOpenCalls: 1 }
const options = { random, retry: false, breaker } as const

async function callOthers({ fetch }: Harness, count: number, prefix = 'h'): Promise<void> {
  for (let n = 0; n < count; n++) await fetch(`https://${prefix}${n}.example.com/`)
}

const failFirst = (status: number, headers: Record<string, string> = {}) =>
  [answer(status, headers), () => answer(200)] as const

describe('createFetch: when more hosts are called than are kept', { timeout: 30_000 }, () => {
  it('keeps one whose circuit is open, and forgets one that nobody needs', async () => {
    const made = harness(failFirst(500), options)
    await made.run()
    await callOthers(made, KEPT_HOSTS + 10)
    expect(await rejectionOf(made.run())).toMatchObject({ code: 'circuit_open', retryAfterMs: 10_000 })
    expect(made.fetch.snapshot().hosts).toHaveLength(KEPT_HOSTS)
  })

  it('keeps one while a probe is under way, but not for a probe that was lost', async () => {
    const made = harness([answer(500), 'hang', () => answer(200)], options)
    await made.run()
    await made.clock.advance(10_000)
    const probe = new AbortController()
    const lost = rejectionOf(made.fetch(url, { signal: probe.signal }))
    await made.clock.flush()
    await callOthers(made, KEPT_HOSTS)
    expect(await rejectionOf(made.run())).toMatchObject({ code: 'circuit_open' })
    await made.clock.advance(breaker.breakMs)
    await callOthers(made, 2 * KEPT_HOSTS, 'later')
    expect(made.fetch.snapshot().hosts.some(({ host }) => host === 'api.example.com')).toBe(false)
    probe.abort()
    await lost
  })

  it('keeps one whose limit pauses', async () => {
    const made = harness(failFirst(429, { 'retry-after': '60' }), { ...options, deadlineMs: 30_000 })
    await made.run()
    await callOthers(made, KEPT_HOSTS + 10)
    expect(await rejectionOf(made.run())).toMatchObject({ code: 'rate_limited' })
  })

  it('keeps one with calls in flight, so that no more than the bulkhead allows are sent', async () => {
    const made = harness(['hang', () => answer(200)], { ...options, bulkhead: { maxConcurrent: 1, maxQueue: 0 } })
    const controller = new AbortController()
    const hanging = rejectionOf(made.fetch(url, { signal: controller.signal }))
    await callOthers(made, KEPT_HOSTS + 10)
    expect(await rejectionOf(made.run())).toMatchObject({ reason: 'bulkhead_full' })
    controller.abort()
    await hanging
  })

  it('says that a circuit is closed when it had to forget it, because all are open', async () => {
    const made = harness([() => answer(500)], options)
    await made.run()
    await callOthers(made, KEPT_HOSTS)
    expect(made.heard.of('circuit:closed')).toEqual([{ host: 'api.example.com' }])
    expect(made.fetch.snapshot().hosts).toHaveLength(KEPT_HOSTS)
  })

  it('says so of an open circuit whose break is over and that nobody asked for', async () => {
    const made = harness(failFirst(500), options)
    await made.run()
    await made.clock.advance(10_000)
    await callOthers(made, KEPT_HOSTS)
    expect(made.heard.of('circuit:closed')).toEqual([{ host: 'api.example.com' }])
  })
})

describe('createFetch: when more groups of a host are called than are kept', () => {
  const groupOf = (request: { readonly url: string }) => new URL(request.url).pathname

  it('keeps one whose circuit is open', async () => {
    const made = harness(failFirst(500), { ...options, breaker: { ...breaker, groupOf } })
    await made.run('https://api.example.com/down')
    for (let n = 0; n < 2 * KEPT_GROUPS; n++) await made.run(`https://api.example.com/${n}`)
    expect(await rejectionOf(made.run('https://api.example.com/down'))).toMatchObject({ code: 'circuit_open' })
    expect(made.fetch.snapshot().hosts[0]?.circuits).toHaveLength(1 + KEPT_GROUPS)
  })

  it('says that the circuit of a group is closed when it forgets it', async () => {
    const made = harness(failFirst(500), { ...options, breaker: { ...breaker, groupOf } })
    await made.run('https://api.example.com/down')
    await made.clock.advance(10_000)
    for (let n = 0; n < KEPT_GROUPS; n++) await made.run(`https://api.example.com/${n}`)
    expect(made.heard.of('circuit:closed')).toEqual([{ host: 'api.example.com', group: '/down' }])
  })
})
