import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { explain, integrationErrorOf } from '../../src/index.ts'
import { answer, connectionReset, harness, nameNotFound, rejectionOf, url } from './harness.ts'

const noJitter = { next: () => 0.999, uuid: () => 'unused' }

describe('createFetch: retry', () => {
  it('repeats a GET after a 500 and returns the success', async () => {
    const { run, transport, clock } = harness([answer(500), answer(200, {}, 'ok')])
    const response = await run()
    expect(await response.text()).toBe('ok')
    expect(transport.calls).toHaveLength(2)
    expect(clock.monotonicMs()).toBeLessThanOrEqual(250)
  })

  it('makes three attempts by default and returns the last response', async () => {
    const last = answer(502, {}, 'third')
    const { run, transport, heard } = harness([answer(500, {}, 'first'), answer(503, {}, 'second'), () => last])
    const response = await run()
    expect(response).toBe(last)
    expect(await response.text()).toBe('third')
    expect(transport.calls).toHaveLength(3)
    expect(heard.of('retry:exhausted')).toMatchObject([{ attempts: 3, stop: 'max_attempts', status: 502 }])
  })

  it('rethrows the very error of the transport when attempts are used up', async () => {
    const reset = connectionReset()
    const { run, transport } = harness([reset])
    const error = await rejectionOf(run())
    expect(error).toBe(reset)
    expect(transport.calls).toHaveLength(3)
    expect(integrationErrorOf(error)).toMatchObject({ code: 'connection_lost', attempts: [{}, {}, {}] })
  })

  it('rethrows a primitive that the transport throws', async () => {
    const { run } = harness([
      () => {
        // oxlint-disable-next-line only-throw-error -- a transport may throw anything
        throw 'boom'
      },
    ])
    expect(await rejectionOf(run())).toBe('boom')
  })

  it('doubles the upper bound of the wait with each retry', async () => {
    const { run, heard } = harness([answer(500)], { retry: { maxAttempts: 5 }, random: noJitter })
    await run()
    expect(heard.of('retry:scheduled').map(({ delayMs }) => Math.round(delayMs))).toEqual([250, 500, 999, 1998])
  })

  it('never waits longer than maxDelayMs by itself', async () => {
    const { run, heard } = harness([answer(500)], { retry: { maxAttempts: 5, maxDelayMs: 400 }, random: noJitter })
    await run()
    expect(heard.of('retry:scheduled').map(({ delayMs }) => Math.round(delayMs))).toEqual([250, 400, 400, 400])
  })

  it('waits for Retry-After even when backoff is shorter', async () => {
    const { run, clock, heard } = harness([answer(503, { 'retry-after': '7' }), answer(200)])
    await run()
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(7_000)
    expect(clock.monotonicMs()).toBeLessThanOrEqual(7_700)
    expect(heard.of('retry:scheduled')).toMatchObject([{ serverWaitMs: 7_000, attempt: 2 }])
  })

  it('returns the response at once when the wait would pass the deadline', async () => {
    const { run, clock, transport, heard } = harness([answer(503, { 'retry-after': '61' }, 'down')])
    const response = await run()
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('down')
    expect(clock.monotonicMs()).toBe(0)
    expect(transport.calls).toHaveLength(1)
    expect(heard.of('retry:exhausted')).toMatchObject([{ stop: 'deadline' }])
  })

  it('destroys the body of an answer that it discards where that is a stream of Node.js, as with node-fetch', async () => {
    const body = Readable.from(['x'])
    const foreign = Object.defineProperty(answer(503), 'body', { value: body })
    const { run } = harness([foreign, answer(200)])
    expect((await run()).status).toBe(200)
    expect(body.destroyed).toBe(true)
  })

  it('cancels the body of an answer that it discards', async () => {
    let cancelled = 0
    const body = new ReadableStream({ cancel: () => void cancelled++ })
    const { run } = harness([() => new Response(body, { status: 500 }), answer(200)])
    await run()
    expect(cancelled).toBe(1)
  })

  it.each([400, 401, 403, 404, 409, 422, 501])('does not repeat after %i', async (status) => {
    const { run, transport, heard } = harness([answer(status)])
    expect((await run()).status).toBe(status)
    expect(transport.calls).toHaveLength(1)
    expect(heard.names).not.toContain('retry:exhausted')
  })

  it.each(['POST', 'PATCH', 'LOCK'])('does not repeat a %s that may have been executed', async (method) => {
    const { run, transport, heard } = harness([answer(500)])
    await run(url, { method })
    expect(transport.calls).toHaveLength(1)
    expect(heard.of('retry:exhausted')).toMatchObject([{ stop: 'unsafe' }])
  })

  it('does not repeat a POST whose connection was lost', async () => {
    const { run, transport } = harness([connectionReset()])
    const error = await rejectionOf(run(url, { method: 'POST', body: 'x' }))
    expect(transport.calls).toHaveLength(1)
    expect(explain(error)).toMatchObject({ stop: 'unsafe', error: { delivery: 'unknown' } })
  })

  it.each([
    ['that never left', nameNotFound('api.example.com')],
    ['that met a rate limit', answer(429)],
    ['that was turned away with Retry-After', answer(503, { 'retry-after': '1' })],
  ])('repeats a POST %s', async (_, first) => {
    const { run, transport } = harness([first, answer(201)])
    expect((await run(url, { method: 'POST', body: 'x' })).status).toBe(201)
    expect(transport.calls).toHaveLength(2)
  })

  it.each(['put', 'DELETE', 'OPTIONS', 'HEAD', 'QUERY'])('repeats %s, which is idempotent', async (method) => {
    const { run, transport } = harness([answer(500), answer(200)])
    await run(url, { method })
    expect(transport.calls).toHaveLength(2)
  })

  it('repeats a POST that carries an idempotency key of the caller', async () => {
    const { run, transport } = harness([answer(500), answer(200)])
    await run(url, { method: 'POST', headers: { 'Idempotency-Key': 'k1' } })
    expect(transport.calls.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['k1', 'k1'])
  })

  it.each([
    ['a string', () => 'text'],
    ['URLSearchParams', () => new URLSearchParams('a=1')],
    ['FormData', () => new FormData()],
    ['a Blob', () => new Blob(['x'])],
    ['an ArrayBuffer', () => new ArrayBuffer(1)],
    ['a Uint8Array', () => new Uint8Array(1)],
  ])('sends %s again', async (_, body) => {
    const { run, transport } = harness([answer(500), answer(200)])
    await run(url, { method: 'PUT', body: body() })
    expect(transport.calls).toHaveLength(2)
  })

  it.each([
    ['a stream', () => ({ method: 'PUT', body: new ReadableStream(), duplex: 'half' }) as RequestInit, undefined],
    ['a Request with a body', () => undefined, new Request(url, { method: 'PUT', body: 'x' })],
  ])('sends %s once and says so', async (_, init, request) => {
    const { run, transport, heard } = harness([answer(500), answer(200)])
    const response = await run(request ?? url, init())
    expect(response.status).toBe(500)
    expect(transport.calls).toHaveLength(1)
    expect(explain(response)?.stop).toBe('body_not_replayable')
    expect(heard.of('retry:exhausted')).toHaveLength(1)
  })

  it('repeats a Request without a body', async () => {
    const { run, transport } = harness([answer(500), answer(200)])
    await run(new Request(url))
    expect(transport.calls).toHaveLength(2)
  })

  it.each(['x-should-retry', 'stripe-should-retry'])('obeys `%s: false`', async (header) => {
    const { run, transport, heard } = harness([answer(500, { [header]: 'false' })])
    await run()
    expect(transport.calls).toHaveLength(1)
    expect(heard.of('retry:exhausted')).toMatchObject([{ stop: 'server_veto' }])
  })

  it('obeys `x-should-retry: true` for a POST and a status that it would not repeat by itself', async () => {
    const { run, transport } = harness([answer(409, { 'x-should-retry': 'true' }), answer(200)])
    await run(url, { method: 'POST', body: 'x' })
    expect(transport.calls).toHaveLength(2)
  })

  it('stops when the retry budget of the host is spent', async () => {
    const { fetch, clock, transport, heard } = harness([answer(500)], {
      breaker: false,
      retry: { budget: { maxTokens: 28 } },
    })
    await clock.runUntil(fetch(url))
    await clock.runUntil(fetch(url))
    expect(transport.calls).toHaveLength(4)
    expect(heard.of('retry:exhausted').map(({ stop }) => stop)).toEqual(['max_attempts', 'budget'])
    await clock.runUntil(fetch('https://other.example.com/'))
    expect(transport.calls).toHaveLength(7)
  })

  it('earns the price of a retry back when it succeeds', async () => {
    const { run, fetch } = harness([answer(500), answer(200)])
    await run()
    expect(fetch.snapshot().hosts[0]?.retryTokens).toBe(500)
  })

  it('makes one attempt with `retry: false` and with `maxAttempts: 1`', async () => {
    for (const retry of [false, { maxAttempts: 1 }] as const) {
      const { run, transport } = harness([answer(500)], { retry })
      await run()
      expect(transport.calls).toHaveLength(1)
    }
  })
})
