import { describe, expect, it } from 'vitest'
import { createFetch } from '../../src/index.ts'
import { scriptedFetch } from '../../src/testing/index.ts'
import { answer, rejectionOf } from './harness.ts'
import { processes } from './processes.ts'

const url = 'https://api.example.com/v1'
const breaker = { minimumCalls: 2, breakMs: 10_000, maxBreakMs: 60_000 }
const down = () => answer(503)
const well = () => answer(200)

describe('createFetch: circuits that processes share', () => {
  it('opens for all within a second when one process finds the host down', async () => {
    const { start, clock } = processes()
    const [first, second, third] = [start([down], { breaker }), start([well], { breaker }), start([well], { breaker })]
    await second.run()
    for (let call = 0; call < 2; call++) await first.run()
    await clock.advance(1_000)
    expect(await rejectionOf(second.run())).toMatchObject({
      code: 'circuit_open',
      reason: 'failures',
      cause: { code: 'upstream_unavailable' },
    })
    expect(await rejectionOf(third.run())).toMatchObject({ code: 'circuit_open' })
    expect(third.transport.calls).toHaveLength(0)
    expect(second.heard.of('circuit:opened')).toMatchObject([
      { host: 'api.example.com', reason: 'failures', code: 'upstream_unavailable', shared: true },
    ])
    expect(first.heard.of('circuit:opened')[0]).not.toHaveProperty('shared')
  })

  it('asks again at the same time, whatever their clocks say', async () => {
    const { start, clock } = processes()
    const [first, second] = [start([down], { breaker }), start([well], { breaker })]
    for (let call = 0; call < 2; call++) await first.run()
    await clock.advance(3_000)
    const [own, told] = [await rejectionOf(first.run()), await rejectionOf(second.run())]
    const waitMs = (error: unknown) => (error as { retryAfterMs: number }).retryAfterMs
    expect(waitMs(own)).toBeGreaterThan(5_900)
    expect(Math.abs(waitMs(told) - waitMs(own))).toBeLessThan(1)
  })

  it('sends no more probes than one process would, whoever calls', async () => {
    const { start, clock } = processes()
    const first = start([down, down, 'hang'], { breaker, attemptTimeoutMs: false, deadlineMs: false })
    const others = [1, 2, 3].map(() => start(['hang'], { breaker, attemptTimeoutMs: false, deadlineMs: false }))
    for (let call = 0; call < 2; call++) await first.run()
    await clock.advance(12_000)
    const all = [first, ...others]
    for (const { fetch } of all) for (let call = 0; call < 10; call++) void fetch(url).catch(() => {})
    await clock.advance(1_000)
    expect(all.map(({ transport }) => transport.calls.length).reduce((sum, count) => sum + count)).toBe(2 + 3)
    expect(all.filter(({ heard }) => heard.of('circuit:half-opened').length > 0)).toHaveLength(1)
  })

  it('closes for all when the probes of one succeed', async () => {
    const { start, clock } = processes()
    const [first, second] = [start([down, down, well], { breaker }), start([well], { breaker })]
    for (let call = 0; call < 2; call++) await first.run()
    await rejectionOf(second.run())
    await clock.advance(12_000)
    for (let call = 0; call < 2; call++) await first.run()
    await clock.advance(1_000)
    expect((await second.run()).status).toBe(200)
    expect(second.heard.names).toContain('circuit:closed')
    expect(second.fetch.snapshot().hosts[0]?.circuits).toEqual([{ state: 'closed' }])
  })

  it('closes when processes that make one call each have probed often enough together', async () => {
    const { start, clock } = processes()
    const first = start([down], { breaker })
    for (let call = 0; call < 2; call++) await first.run()
    await clock.advance(12_000)
    const probers = [1, 2, 3].map(() => start([well], { breaker }))
    for (const { run } of probers) expect((await run()).status).toBe(200)
    expect(probers.map(({ fetch }) => fetch.snapshot().hosts[0]?.circuits?.[0]?.state)).toEqual([
      'open',
      'closed',
      'closed',
    ])
    expect(probers[2]?.heard.names).not.toContain('circuit:half-opened')
  })

  it('opens for all again, for longer, when the probes of one fail', async () => {
    const { start, clock } = processes()
    const [first, second] = [start([down], { breaker }), start([well], { breaker })]
    for (let call = 0; call < 2; call++) await first.run()
    await rejectionOf(second.run())
    await clock.advance(12_000)
    for (let call = 0; call < 2; call++) await first.run()
    await clock.advance(1_000)
    const refusal = await rejectionOf(second.run())
    expect((refusal as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(16_000)
    expect(second.fetch.snapshot().hosts[0]?.circuits).toMatchObject([{ state: 'open', reopened: 1 }])
  })

  it('lets another process probe when the one that had the probes does not come back', async () => {
    const { start, clock } = processes()
    const [first, second] = [start([down, down, 'hang'], { breaker, deadlineMs: 300_000 }), start([well], { breaker })]
    for (let call = 0; call < 2; call++) await first.run()
    await clock.advance(12_000)
    void first.fetch(url).catch(() => {})
    await clock.advance(1_000)
    expect(await rejectionOf(second.run())).toMatchObject({ code: 'circuit_open' })
    await clock.advance(10_000)
    expect((await second.run()).status).toBe(200)
  })

  it('keeps an open circuit in mind when the store forgets it, and tells it again', async () => {
    const { start, clock, forget } = processes()
    const first = start([down], { breaker })
    for (let call = 0; call < 2; call++) await first.run()
    forget()
    await clock.advance(300)
    await rejectionOf(first.run())
    expect(await rejectionOf(start([well], { breaker }).run())).toMatchObject({ code: 'circuit_open' })
  })

  it('is closed for all by hand, and isolated for one', async () => {
    const { start, clock } = processes()
    const [first, second] = [start([down, down, well], { breaker }), start([well], { breaker })]
    for (let call = 0; call < 2; call++) await first.run()
    await rejectionOf(second.run())
    second.fetch.circuits.close('api.example.com')
    await clock.advance(1_000)
    expect((await first.run()).status).toBe(200)
    first.fetch.circuits.isolate()
    await clock.advance(1_000)
    expect(await rejectionOf(first.run())).toMatchObject({ reason: 'isolated' })
    expect((await second.run()).status).toBe(200)
  })

  it('stays open when a process closes it that has not heard that others found the host down again', async () => {
    const { start, clock, store } = processes()
    const [first, second] = [start([down], { breaker }), start([well], { breaker })]
    for (let call = 0; call < 2; call++) await first.run()
    await rejectionOf(second.run())
    await clock.advance(12_000)
    for (let call = 0; call < 2; call++) await first.run()
    await clock.flush()
    const { asked } = store
    second.fetch.circuits.close('api.example.com')
    await clock.flush()
    expect(store.asked).toBe(asked + 1)
    expect(second.fetch.snapshot().hosts[0]?.circuits).toMatchObject([{ state: 'open', reopened: 1 }])
  })

  it('is shared by group, integration and connection', async () => {
    const { start, clock } = processes()
    const groupOf = ({ url: asked }: { readonly url: string }) => new URL(asked).pathname.split('/')[1]
    const grouped = { breaker: { ...breaker, groupOf } }
    const first = start([down], { ...grouped, connection: 'acme' })
    const bad = 'https://api.example.com/__proto__/x'
    for (let call = 0; call < 2; call++) await first.run(bad)
    await clock.advance(100)
    const second = start([well], { ...grouped, connection: 'acme' })
    expect((await second.run('https://api.example.com/good')).status).toBe(200)
    expect(await rejectionOf(second.run(bad))).toMatchObject({ code: 'circuit_open' })
    expect((await start([well], { ...grouped, connection: 'other' }).run(bad)).status).toBe(200)
    expect((await start([well], { breaker: grouped.breaker }).run(bad)).status).toBe(200)
  })

  it('does not close for others because a process has too many groups', async () => {
    const { start, clock } = processes()
    const groupOf = ({ url: asked }: { readonly url: string }) => new URL(asked).pathname
    const grouped = { breaker: { ...breaker, groupOf, breakMs: 1_000, maxBreakMs: 1_000 } }
    const first = start([down, down, well], grouped)
    for (let call = 0; call < 2; call++) await first.run(`${url}/bad`)
    await clock.advance(1_200)
    for (let group = 0; group < 120; group++) await first.run(`${url}/${group}`)
    await clock.advance(1_000)
    const second = start(['hang'], grouped)
    void second.fetch(`${url}/bad`).catch(() => {})
    await clock.flush()
    expect(second.heard.names).toContain('circuit:half-opened')
  })

  it('takes over what a snapshot says, and tells it', async () => {
    const { start, clock } = processes()
    const alone = createFetch({ fetch: scriptedFetch([down]), clock, breaker, retry: false })
    for (let call = 0; call < 2; call++) await alone(url)
    const second = start([well], { breaker, clock, restore: alone.snapshot() })
    expect(await rejectionOf(second.run())).toMatchObject({ code: 'circuit_open' })
    await clock.advance(100)
    expect(await rejectionOf(start([well], { breaker }).run())).toMatchObject({ code: 'circuit_open' })
  })
})
