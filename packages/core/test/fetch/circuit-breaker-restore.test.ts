import { describe, expect, it } from 'vitest'
import { createFetch, type FetchOptions, type FetchSnapshot, InvalidOptionsError } from '../../src/index.ts'
import { fakeClock, scriptedFetch, seededRandom } from '../../src/testing/index.ts'
import { answer, rejectionOf, url } from './harness.ts'

const START_MS = Date.UTC(2026, 0, 1)
const breaker = { minimumCalls: 2, breakMs: 10_000, maxBreakMs: 60_000, halfOpenCalls: 1 }
const options = { random: { ...seededRandom(), next: () => 0.5 }, retry: false, breaker } as const

/** A function in a process that starts `laterMs` after the first one. */
function processAt(laterMs: number, status: number, more: FetchOptions = {}) {
  const clock = fakeClock(START_MS + laterMs)
  const fetch = createFetch({ ...options, fetch: scriptedFetch([() => answer(status)]), clock, ...more })
  return { fetch, clock }
}

/** What a process that found the host down leaves behind. */
async function snapshotOfOpen(more: FetchOptions = {}): Promise<FetchSnapshot> {
  const { fetch, clock } = processAt(0, 500, more)
  await fetch(url)
  await fetch(url)
  await clock.advance(1_000)
  return JSON.parse(JSON.stringify(fetch.snapshot())) as FetchSnapshot
}

describe('createFetch: restore', () => {
  it('ends a break when it would have ended', async () => {
    const { fetch, clock } = processAt(4_000, 200, { restore: await snapshotOfOpen() })
    expect(await rejectionOf(fetch(url))).toMatchObject({ code: 'circuit_open', retryAfterMs: 6_000 })
    await clock.advance(6_000)
    expect((await fetch(url)).status).toBe(200)
    expect(fetch.snapshot().hosts[0]?.circuits).toEqual([{ state: 'closed' }])
  })

  it('lets a call through when the break has ended meanwhile, and remembers how it grew', async () => {
    const first = processAt(20_000, 500, { restore: await snapshotOfOpen() }).fetch
    await first(url)
    expect(first.snapshot().hosts[0]?.circuits).toEqual([
      { state: 'open', openUntil: START_MS + 40_000, reopened: 1, reason: 'failures', code: 'upstream_error' },
    ])
    const second = processAt(40_000, 500, { restore: first.snapshot() }).fetch
    await second(url)
    expect(second.snapshot().hosts[0]?.circuits).toMatchObject([{ openUntil: START_MS + 80_000, reopened: 2 }])
  })

  it('says why the circuit is open, as the process did that opened it', async () => {
    const { fetch } = processAt(4_000, 200, { restore: await snapshotOfOpen() })
    const refusal = await rejectionOf(fetch(url))
    expect(refusal).toMatchObject({ reason: 'failures', fault: 'upstream' })
    expect((refusal as Error).cause).toMatchObject({ code: 'upstream_error' })
  })

  it('says that calls were slow when that opened it', async () => {
    const more = { breaker: { ...breaker, slowCallMs: 5_000 } }
    const clock = fakeClock(START_MS)
    const slow = async (): Promise<Response> => {
      await clock.sleep(5_000)
      return answer(200)
    }
    const first = createFetch({ ...options, ...more, fetch: slow, clock })
    await clock.runUntil(first(url))
    await clock.runUntil(first(url))
    const { fetch } = processAt(11_000, 200, { ...more, restore: first.snapshot() })
    const refusal = await rejectionOf(fetch(url))
    expect(refusal).toMatchObject({ code: 'circuit_open', reason: 'slow_calls', retryAfterMs: 9_000 })
    expect((refusal as Error).cause).toBeUndefined()
  })

  it('makes no break longer than the longest when the clock was set back', async () => {
    const { fetch } = processAt(-1e9, 200, { restore: await snapshotOfOpen() })
    expect(await rejectionOf(fetch(url))).toMatchObject({ retryAfterMs: 60_000 })
  })

  it('takes over the circuits of groups', async () => {
    const groupOf = () => 'things'
    const more = { breaker: { ...breaker, groupOf } }
    const { fetch } = processAt(4_000, 200, { ...more, restore: await snapshotOfOpen(more) })
    expect(await rejectionOf(fetch(url))).toMatchObject({ code: 'circuit_open' })
  })

  it('keeps an isolated host isolated', async () => {
    const { fetch: old } = processAt(0, 200)
    old.circuits.isolate('api.example.com')
    const { fetch } = processAt(0, 200, { restore: old.snapshot() })
    expect(await rejectionOf(fetch(url))).toMatchObject({ reason: 'isolated' })
    expect((await fetch('https://other.example.com/')).status).toBe(200)
    fetch.circuits.close('api.example.com')
    expect((await fetch(url)).status).toBe(200)
  })

  it('begins without the hosts that were well', async () => {
    const { fetch: old } = processAt(0, 200)
    await old(url)
    expect(processAt(0, 200, { restore: old.snapshot() }).fetch.snapshot().hosts).toEqual([])
  })

  it('restores nothing when the breaker is off', async () => {
    const { fetch } = processAt(4_000, 200, { restore: await snapshotOfOpen(), breaker: false })
    expect((await fetch(url)).status).toBe(200)
  })

  const of = (circuit: object) => ({ hosts: [{ host: 'a', circuits: [circuit] }] })
  it.each<[unknown, string]>([
    ['{}', 'Expected `restore` to be an object'],
    [{}, 'Expected `restore.hosts` to be an array'],
    [{ hosts: ['a'] }, 'Expected `restore.hosts` to be an array, each item an object'],
    [{ hosts: [{}] }, 'Expected `restore.hosts[0].host` to be a non-empty string'],
    [{ hosts: [{ host: 'a', circuits: 'open' }] }, 'Expected `restore.hosts[0].circuits` to be an array'],
    [of({}), 'Expected `restore.hosts[0].circuits[0].state` to be given'],
    [of({ state: 'ajar' }), "Expected `restore.hosts[0].circuits[0].state` to be 'closed' | 'open'"],
    [of({ state: 'open', openUntil: 'soon' }), 'Expected `restore.hosts[0].circuits[0].openUntil` to be a number'],
    [of({ state: 'open', reopened: -1 }), 'Expected `restore.hosts[0].circuits[0].reopened` to be an integer >= 0'],
    [of({ state: 'open', reason: 'bad luck' }), "Expected `restore.hosts[0].circuits[0].reason` to be 'failures' |"],
    [of({ state: 'open', code: 'oops' }), 'Expected `restore.hosts[0].circuits[0].code` to be an error code'],
    [{ hosts: [], connection: 'acme' }, 'Expected `restore.connection` to be absent, as it is here'],
  ])('refuses %j', (restore, message) => {
    expect(() => createFetch({ restore: restore as FetchSnapshot })).toThrow(InvalidOptionsError)
    expect(() => createFetch({ restore: restore as FetchSnapshot })).toThrow(message)
  })

  it('refuses the snapshot of another connection', () => {
    const restore = createFetch({ connection: 'acme' }).snapshot()
    expect(() => createFetch({ connection: 'other', restore })).toThrow(
      "Expected `restore.connection` to be 'other', as it is here, got",
    )
    expect(() => createFetch({ connection: 'acme', restore })).not.toThrow()
  })
})
