import { describe, expect, it } from 'vitest'
import { answer, rejectionOf } from './harness.ts'
import type { FaultyStore } from './faulty-store.ts'
import { processes } from './processes.ts'

const url = 'https://api.example.com/v1?token=canary-query'
const breaker = { minimumCalls: 2, breakMs: 10_000 }
const down = () => answer(503)
const well = () => answer(200)

const faults: readonly (readonly [FaultyStore['fault'], object])[] = [
  ['throws', { code: 'unknown' }],
  ['hangs', { code: 'timeout', reason: 'state_timeout' }],
  ['is slow', { code: 'timeout', reason: 'state_timeout' }],
  ['answers nonsense', { code: 'schema_mismatch', reason: 'state_reply' }],
]

describe('createFetch: a store that fails', () => {
  it.each(faults)('that %s is reported, never breaks a call, and recovers', async (fault, failure) => {
    const { start, clock, store } = processes()
    store.fault = fault
    const { fetch, heard, run } = start([well], { connection: 'acme' })
    for (let call = 0; call < 20; call++) {
      const startedMs = clock.monotonicMs()
      expect((await run(url)).status).toBe(200)
      expect(clock.monotonicMs() - startedMs).toBeLessThanOrEqual(call === 0 ? 250 : 0)
      await clock.advance(100)
    }
    expect(heard.of('state:failed')).toMatchObject([{ ...failure, connection: 'acme' }])
    expect(store.asked).toBeLessThanOrEqual(5)
    store.fault = 'none'
    const { asked } = store
    await clock.advance(1_000)
    await fetch(url)
    await clock.advance(1_000)
    expect(heard.of('state:recovered')).toEqual([{ connection: 'acme' }])
    await fetch(url)
    await clock.flush()
    expect(store.asked).toBeGreaterThan(asked + 1)
    await clock.advance(2_000)
    expect(clock.pendingTimers).toBe(0)
  })

  it.each(faults)('that %s leaves each process its own circuit', async (fault) => {
    const { start, clock, store } = processes()
    store.fault = fault
    const [first, second] = [start([down, down, well], { breaker }), start([well], { breaker })]
    for (let call = 0; call < 2; call++) await first.run()
    expect(await rejectionOf(first.run())).toMatchObject({ code: 'circuit_open' })
    await clock.advance(1_000)
    expect((await second.run()).status).toBe(200)
    await clock.advance(11_000)
    for (let call = 0; call < 2; call++) expect((await first.run()).status).toBe(200)
    expect(first.heard.names).toContain('circuit:closed')
  })

  it.each(faults)('that %s while a circuit opens is told of it afterwards', async (fault) => {
    const { start, clock, store } = processes()
    const [first, second] = [start([down], { breaker }), start([well], { breaker })]
    await first.run()
    store.fault = fault
    await first.run()
    await clock.advance(2_000)
    store.fault = 'none'
    await rejectionOf(first.run())
    await clock.advance(1_000)
    expect(await rejectionOf(second.run())).toMatchObject({ code: 'circuit_open' })
  })

  it('where others are always faster is reported, and asked again', async () => {
    const { start, clock, store } = processes()
    store.fault = 'conflicts'
    const { fetch, heard, run } = start([down], { breaker })
    for (let call = 0; call < 2; call++) await run()
    await clock.advance(1_000)
    expect(heard.of('state:failed')).toEqual([{ code: 'conflict', reason: 'state_conflicts' }])
    store.fault = 'none'
    await clock.advance(1_000)
    await rejectionOf(fetch(url))
    await clock.advance(1_000)
    expect(heard.names).toContain('state:recovered')
    expect(await rejectionOf(start([well], { breaker }).run())).toMatchObject({ code: 'circuit_open' })
  })

  const stored = { state: 'open', changedAt: 1, until: 1e9, reopened: 0, reason: 'failures', successes: 0, failures: 0 }
  const holding = (circuit: object) => JSON.stringify({ format: 1, circuits: { '': circuit } })
  it.each([
    'no JSON',
    'null',
    '[]',
    '{}',
    JSON.stringify({ format: 2, circuits: { '': stored } }),
    JSON.stringify({ format: 1, circuits: [stored] }),
    holding([]),
    holding({ ...stored, state: 'ajar' }),
    holding({ ...stored, until: null }),
    holding({ ...stored, changedAt: 1e300 }),
    holding({ ...stored, reopened: -1 }),
    holding({ ...stored, successes: 0.5 }),
    holding({ ...stored, reason: 'whim' }),
    holding({ ...stored, code: 'toString' }),
  ])('that holds %s is reported, ignored, and written over', async (value) => {
    const { start, clock, store } = processes()
    const key = 'circuits:::api.example.com'
    await store.compareAndSet(key, { expected: undefined, value, ttlMs: 1e9 })
    const { heard, run } = start([down], { breaker })
    for (let call = 0; call < 2; call++) {
      expect((await run()).status).toBe(503)
      await clock.advance(300)
    }
    expect(heard.of('state:failed')).toEqual([{ code: 'schema_mismatch', reason: 'state_value' }])
    expect(JSON.parse((await store.get(key)).entry?.value ?? '')).toMatchObject({ circuits: { '': { state: 'open' } } })
    expect(await rejectionOf(start([well], { breaker }).run())).toMatchObject({ code: 'circuit_open' })
  })

  it('that holds a circuit is understood', async () => {
    const { start, store } = processes()
    await store.compareAndSet('circuits:::api.example.com', { expected: undefined, value: holding(stored), ttlMs: 1e9 })
    const { heard, run } = start([well], { breaker })
    expect(await rejectionOf(run())).toMatchObject({ code: 'circuit_open', retryAfterMs: 120_000 })
    expect(heard.names).not.toContain('state:failed')
  })

  it('is reported without what the error says, which can hold a password', async () => {
    const { start, store } = processes()
    store.fault = 'throws'
    const { heard, run } = start([well])
    await run(url)
    expect(JSON.stringify(heard.events)).not.toContain('secret')
  })
})

describe('createFetch: what a call waits for', () => {
  it('asks the store before its first call, and then beside the calls', async () => {
    const { start, clock, store } = processes()
    const { fetch, transport } = start([well])
    await fetch(url)
    // For the circuits of the host, and for its limit.
    expect(store.asked).toBe(2)
    store.fault = 'hangs'
    for (let call = 0; call < 100; call++) {
      await clock.advance(7)
      const calls = transport.calls.length
      const answered = fetch(url)
      // Sent before anything else has happened.
      expect(transport.calls).toHaveLength(calls + 1)
      await answered
    }
    expect(store.asked).toBeLessThanOrEqual(5)
  })

  it('asks nothing while no call is made', async () => {
    const { start, clock, store } = processes()
    const { fetch } = start([well])
    await fetch(url)
    const { asked } = store
    await clock.advance(3_600_000)
    expect(store.asked).toBe(asked)
    expect(clock.pendingTimers).toBe(0)
  })

  it('waits for news when a second has passed without a call, and says so', async () => {
    const { start, clock, store } = processes()
    const { fetch, transport, run } = start([well])
    await fetch(url)
    await clock.advance(1_000)
    store.fault = 'is slow'
    const waiting = fetch(url)
    await clock.advance(249)
    expect(transport.calls).toHaveLength(1)
    await clock.advance(1)
    expect((await waiting).status).toBe(200)
    expect((await run(url)).status).toBe(200)
  })

  it('is aborted while it waits, with the reason of the caller, and leaves nothing behind', async () => {
    const { start, clock, store } = processes()
    store.fault = 'hangs'
    const { fetch, transport } = start([well])
    const controller = new AbortController()
    const reason = new Error('enough')
    const waiting = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.advance(10)
    controller.abort(reason)
    expect(await waiting).toBe(reason)
    expect(transport.calls).toHaveLength(0)
    await clock.advance(250)
    expect(clock.pendingTimers).toBe(0)
  })

  it('gives everything back when it is aborted while it waits for the probes of all processes', async () => {
    const { start, clock, store } = processes()
    const { fetch, run, transport } = start([down], {
      breaker: { minimumCalls: 2, breakMs: 500 },
      bulkhead: { maxConcurrent: 1 },
    })
    for (let call = 0; call < 2; call++) await run(url)
    // No news is asked for within a second.
    await clock.advance(600)
    store.fault = 'hangs'
    const controller = new AbortController()
    const cancelled: unknown[] = []
    const body = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) })
    const waiting = rejectionOf(
      fetch(url, { method: 'PUT', body, duplex: 'half', signal: controller.signal } as RequestInit),
    )
    await clock.advance(10)
    expect(fetch.snapshot().hosts[0]?.active).toBe(1)
    controller.abort('stop')
    expect(await waiting).toBe('stop')
    expect(cancelled).toEqual(['stop'])
    expect(fetch.snapshot().hosts[0]?.active).toBe(0)
    expect(transport.calls).toHaveLength(2)
  })

  it('waits no longer than a quarter of its deadline', async () => {
    const { start, clock, store } = processes()
    store.fault = 'hangs'
    const { fetch, transport } = start([well], { deadlineMs: 100 })
    const waiting = fetch(url)
    await clock.advance(24)
    expect(transport.calls).toHaveLength(0)
    await clock.advance(1)
    expect((await waiting).status).toBe(200)
  })
})

describe('createFetch: what is stored', () => {
  it('names integration, connection and host, and nothing of the request', async () => {
    const { start, store, clock } = processes()
    const keys: string[] = []
    const values: string[] = []
    const spied = {
      ...store,
      get: (key: string, signal?: AbortSignal) => {
        keys.push(key)
        return store.get(key, signal)
      },
      compareAndSet: (...[key, change, signal]: Parameters<typeof store.compareAndSet>) => {
        values.push(change.value ?? '')
        return store.compareAndSet(key, change, signal)
      },
    }
    const { run } = start([() => answer(503, { 'x-secret': 'canary-header' }, 'canary-body')], {
      breaker,
      state: spied,
      connection: 'a:b\ud800',
      auth: 'canary-token',
    })
    for (let call = 0; call < 2; call++) await run(url)
    await clock.advance(100)
    expect(new Set(keys)).toEqual(
      new Set(['circuits::a%3Ab%EF%BF%BD:api.example.com', 'limit::a%3Ab%EF%BF%BD:api.example.com']),
    )
    expect(values.join()).toContain('upstream_unavailable')
    expect(values.join()).not.toMatch(/canary|v1/)
  })

  it.each([undefined, {}, { get: () => {} }, 'redis://'])('refuses %j as a store', (state) => {
    if (state === undefined) return
    expect(() => processes().start([well], { state: state as never })).toThrow(
      'Expected `state` to be an object with the methods get, compareAndSet',
    )
  })
})
