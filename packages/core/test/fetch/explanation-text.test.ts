import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { explain } from '../../src/index.ts'
import { answer, connectionReset, harness, hedging, rejectionOf, url } from './harness.ts'

const half = { next: () => 0.5, uuid: () => 'key-1' }
const connector = { id: 'things', name: 'Things', sources: [] }

describe('an explanation as text', () => {
  it('tells the story of a call that succeeded in the end', async () => {
    const answers = [connectionReset(), answer(429, { 'retry-after': '2' }), answer(200)] as const
    const { run } = harness(answers, { random: half, connector, connection: 'acme', idempotency: {} })
    const explanation = explain(await run(url, { method: 'POST', body: 'x' }))
    expect(String(explanation)).toBe(
      `
POST https://api.example.com/v1/things?… (call 1 of things/acme, 2026-01-01T00:00:00.000Z)
  #1  connection_lost (reset)  0 ms
     retried, because connection_lost may pass: wait 125 ms (backoff)
  #2  429 rate_limited         0 ms  after 125 ms of waiting
     retried, because rate_limited may pass: wait 2028 ms (in line for the rate limit, the server asks for 2000 ms)
  #3  200                      0 ms  after 2028 ms of waiting
  = 200 in 2153 ms, key key-1`.trimStart(),
    )
  })

  it('tells why a failure was not retried', async () => {
    const { run } = harness([connectionReset()])
    const error = await rejectionOf(run(url, { method: 'POST', body: 'x' }))
    expect(String(explain(error))).toBe(
      `
POST https://api.example.com/v1/things?… (call 1, 2026-01-01T00:00:00.000Z)
  #1  connection_lost (reset)  0 ms
  = connection_lost (reset) in 0 ms, delivery unknown; not retried, because it may have been executed, and has no idempotency key (unsafe)`.trimStart(),
    )
  })

  it('tells of hedges, sent and not', async () => {
    const sent = hedging([
      [5_000, 200],
      [20, 200],
    ])
    expect(String(explain(await sent.run()))).toBe(
      `
GET https://api.example.com/v1/things?… (call 1, 2026-01-01T00:00:00.000Z)
  #1  canceled (hedge_lost)  120 ms
     hedged, because there was no answer after 100 ms
  #2  200                     20 ms  hedge
  = 200 in 120 ms`.trimStart(),
    )
    const lost = hedging([
      [150, 200],
      [5_000, 200],
    ])
    expect(String(explain(await lost.run()))).toBe(
      `
GET https://api.example.com/v1/things?… (call 1, 2026-01-01T00:00:00.000Z)
  #1  200                    150 ms
     hedged, because there was no answer after 100 ms
  #2  canceled (hedge_lost)   50 ms  hedge
  = 200 in 150 ms`.trimStart(),
    )
    const alone = hedging([[15_000, 200]], { bulkhead: { maxConcurrent: 1 } })
    expect(String(explain(await alone.run()))).toBe(
      `
GET https://api.example.com/v1/things?… (call 1, 2026-01-01T00:00:00.000Z)
  #1  200  15.0 s
     not hedged after 100 ms, because the bulkhead has no slot left
  = 200 in 15.0 s`.trimStart(),
    )
  })

  it('tells of a call that was never sent', async () => {
    const { run, fetch } = harness([answer(200)])
    fetch.circuits.isolate()
    expect(String(explain(await rejectionOf(run())))).toBe(
      `
GET https://api.example.com/v1/things?… (call 1, 2026-01-01T00:00:00.000Z)
  = circuit_open (isolated) in 0 ms, delivery not_sent; not retried, because a repeat cannot help (not_retryable)`.trimStart(),
    )
  })

  it('tells of a token that was replaced', async () => {
    const tokens = ['old-secret', 'new-secret']
    const { run } = harness([answer(401), answer(200)], { auth: () => tokens.shift() ?? '' })
    const text = String(explain(await run()))
    expect(text).toContain('     sent again, because the provider gave another token\n  #2  200')
    expect(text).not.toContain('secret')
  })

  it('is what is printed, wherever it stands', async () => {
    const { run } = harness([answer(200)])
    const explanation = explain(await run())
    expect(inspect(explanation)).toBe(String(explanation))
    expect(inspect({ explanation })).toContain('= 200 in 0 ms')
  })

  it('is out of sight of those who want the data', async () => {
    const { run } = harness([answer(200)])
    const explanation = explain(await run())
    const names = ['attempts', 'at', 'callId', 'decisions', 'durationMs', 'endpoint', 'waits']
    expect(Object.keys(explanation ?? {}).toSorted()).toEqual(names.toSorted())
    expect(JSON.parse(JSON.stringify(explanation))).toEqual({ ...explanation })
  })
})
