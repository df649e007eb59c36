import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createFetch, explain, integrationErrorOf, replayableBody } from '../../src/index.ts'
import { answer, connectionReset, harness, hedging, rejectionOf, url } from './harness.ts'

const hedge = { delayMs: 100 }

describe('createFetch: hedge', () => {
  it('sends a slow GET a second time and takes the first answer', async () => {
    const { run, clock, transport, heard, fetch } = hedging([
      [5_000, 200],
      [20, 200],
    ])
    const response = await run()
    expect(await response.text()).toBe('20')
    expect(clock.monotonicMs()).toBe(120)
    expect(clock.pendingTimers).toBe(0)
    expect(transport.calls.map(({ init }) => init?.signal?.aborted)).toEqual([true, false])
    expect(heard.of('hedge:sent')).toMatchObject([{ attempt: 2, delayMs: 100, elapsedMs: 100 }])
    expect(heard.of('hedge:won')).toMatchObject([{ attempt: 2 }])
    expect(heard.names).not.toContain('attempt:failed')
    expect(explain(response)).toMatchObject({
      attempts: [
        { attempt: 1, durationMs: 120, code: 'canceled', reason: 'hedge_lost' },
        { attempt: 2, durationMs: 20, status: 200, hedge: true },
      ],
      decisions: [{ kind: 'hedge', attempt: 2, delayMs: 100 }],
    })
    expect(fetch.snapshot().hosts[0]?.retryTokens).toBe(500 - 14 + 1)
  })

  it('is off by default', async () => {
    const { run, transport } = hedging([[5_000, 200]], { hedge: false })
    await run()
    expect(transport.calls).toHaveLength(1)
  })

  it('sends nothing more when the answer is there in time, or the first attempt wins after all', async () => {
    const quick = hedging([[99, 200]])
    await quick.run()
    expect(quick.transport.calls).toHaveLength(1)
    const close = hedging([
      [150, 200],
      [5_000, 200],
    ])
    expect(await (await close.run()).text()).toBe('150')
    expect(close.transport.calls.map(({ init }) => init?.signal?.aborted)).toEqual([false, true])
    expect(close.heard.names).not.toContain('hedge:won')
    for (const { clock } of [quick, close]) expect(clock.pendingTimers).toBe(0)
  })

  it('sends as many as `maxHedges`, each after the delay', async () => {
    const { run, heard } = hedging([[5_000, 200]], { hedge: { delayMs: 100, maxHedges: 3 } })
    await run()
    expect(heard.of('hedge:sent').map(({ attempt, elapsedMs }) => [attempt, elapsedMs])).toEqual([
      [2, 100],
      [3, 200],
      [4, 300],
    ])
  })

  it.each([
    ['POST', {}],
    ['PATCH', {}],
    ['POST', { 'idempotency-key': 'k' }],
  ])('never sends a %s with %j beside itself', async (method, headers) => {
    const { run, transport } = hedging([[5_000, 200]])
    await run(url, { method, headers })
    expect(transport.calls).toHaveLength(1)
  })

  it('never sends a one-shot body beside itself', async () => {
    const { run, transport } = hedging([[5_000, 200]])
    await run(url, { method: 'PUT', body: new ReadableStream(), duplex: 'half' } as RequestInit)
    expect(transport.calls).toHaveLength(1)
  })

  it('makes a body for each', async () => {
    const attempts: number[] = []
    const { run } = hedging([[5_000, 200]])
    const body = replayableBody(({ attempt }) => `${attempts.push(attempt)}`)
    await run(url, { method: 'PUT', body })
    expect(attempts).toEqual([1, 2])
  })

  it('never sends a key twice at once, also where the method is idempotent', async () => {
    for (const headers of [{}, { 'idempotency-key': 'mine' }]) {
      const { run, transport } = hedging([[5_000, 200]], { idempotency: { methods: ['PUT'] } })
      await run(url, { method: 'PUT', headers })
      expect(transport.calls).toHaveLength(1)
    }
  })

  it('leaves the body of an attempt that is sent alone', async () => {
    for (const first of [[5_000, 200] as const, [150, 503] as const]) {
      const { run, transport } = hedging([first, [100, 200]])
      const response = await run(url, { method: 'PUT', body: replayableBody(() => Promise.resolve('x')) })
      expect(await response.text()).toBe('100')
      expect(transport.calls[1]?.init?.signal?.aborted).toBe(false)
    }
  })

  it('waits for no body that is not needed any more, and frees it', async () => {
    for (const status of [200, 503]) {
      const signals: AbortSignal[] = []
      let cancelled = 0
      const { run, clock, heard } = hedging([[150, status]], { retry: false })
      const body = replayableBody(async ({ attempt, signal }) => {
        signals.push(signal)
        if (attempt === 1) return 'x'
        await clock.sleep(100)
        return new ReadableStream({ cancel: () => void cancelled++ })
      })
      const response = await run(url, { method: 'PUT', body })
      await clock.flush()
      expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
      // That of the function itself.
      expect(clock.pendingTimers).toBe(1)
      await clock.advance(100)
      expect(cancelled).toBe(1)
      expect(heard.names).not.toContain('hedge:sent')
      expect(explain(response)?.decisions).toEqual([])
    }
  })

  it('frees a body for which there is no place', async () => {
    let cancelled = 0
    const { run } = hedging(
      [
        [150, 503],
        [10, 200],
      ],
      { bulkhead: { maxConcurrent: 1 } },
    )
    const body = replayableBody(({ attempt }) =>
      attempt === 1 ? 'x' : new ReadableStream({ cancel: () => void cancelled++ }),
    )
    await run(url, { method: 'PUT', body })
    expect(cancelled).toBe(1)
  })

  it('goes on without when the second body cannot be made', async () => {
    const { run, transport } = hedging([[5_000, 200]])
    const body = replayableBody(({ attempt }) => (attempt > 1 ? Promise.reject(new Error('gone')) : 'x'))
    const response = await run(url, { method: 'PUT', body })
    expect(response.status).toBe(200)
    expect(transport.calls).toHaveLength(1)
    expect(explain(response)?.decisions).toEqual([{ kind: 'no_hedge', reason: 'body', delayMs: 100 }])
  })

  it('waits for the other when one fails in a way that may pass, and returns the good answer', async () => {
    const { run, transport, heard, clock } = hedging([
      [150, 503],
      [300, 200],
    ])
    const response = await run()
    expect(response.status).toBe(200)
    expect(clock.monotonicMs()).toBe(400)
    expect(transport.calls).toHaveLength(2)
    expect(heard.of('attempt:failed')).toMatchObject([{ attempt: 1, status: 503 }])
  })

  it('does not wait for the other when the answer would be the same', async () => {
    const { run, clock } = hedging([
      [150, 404],
      [5_000, 200],
    ])
    expect((await run()).status).toBe(404)
    expect(clock.monotonicMs()).toBe(150)
  })

  it('discards the bodies of those that are not returned', async () => {
    const cancelled: string[] = []
    const bodyOf = (name: string) => new ReadableStream({ cancel: () => void cancelled.push(name) })
    const made = harness([answer(200)])
    let sent = 0
    const deafTransport = async () => {
      const attempt = ++sent
      await made.clock.sleep(attempt === 3 ? 10 : attempt * 200)
      return new Response(bodyOf(`${attempt}`), { status: attempt === 3 ? 200 : 503 })
    }
    const fetch = createFetch({ fetch: deafTransport, clock: made.clock, hedge: { delayMs: 100, maxHedges: 2 } })
    await made.clock.runUntil(fetch(url))
    await made.clock.advance(1_000)
    expect(cancelled).toEqual(['1', '2'])
  })

  it('aborts the body of the one that won when the caller aborts later', async () => {
    const made = hedging([
      [5_000, 200],
      [20, 200],
    ])
    const controller = new AbortController()
    await made.run(url, { signal: controller.signal })
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort('stop')
    expect(made.transport.calls[1]?.init?.signal?.reason).toBe('stop')
  })

  it('works without any time limit', async () => {
    const made = hedging(
      [
        [5_000, 200],
        [20, 200],
      ],
      { deadlineMs: false, attemptTimeoutMs: false },
    )
    expect(await (await made.run()).text()).toBe('20')
    expect(made.transport.calls[0]?.init?.signal?.aborted).toBe(true)
  })

  it.each([1, 2, 3])('takes no attempt from the %i that are allowed', async (maxAttempts) => {
    const options = { hedge: { delayMs: 10, maxHedges: 4 }, retry: { maxAttempts, baseDelayMs: 0 } }
    const { run, transport } = harness(['hang'], { ...options, attemptTimeoutMs: 100, breaker: false })
    const error = await rejectionOf(run())
    expect(error).toMatchObject({ name: 'TimeoutError' })
    expect(explain(error)).toMatchObject({ stop: 'max_attempts' })
    expect(transport.calls).toHaveLength(4 + maxAttempts)
  })

  it('throws the error of the last when none is answered', async () => {
    const reset = connectionReset()
    const made = harness(['hang', reset], { hedge, retry: false, attemptTimeoutMs: 500 })
    const error = await rejectionOf(made.run())
    expect(error).toMatchObject({ name: 'TimeoutError' })
    expect(integrationErrorOf(error)?.attempts).toMatchObject([
      { code: 'timeout' },
      { code: 'connection_lost', hedge: true },
    ])
  })

  it('tells the number of each attempt in its header', async () => {
    const made = hedging([[5_000, 200]], { retry: { attemptHeader: 'x-retry-attempt' } })
    await made.run()
    expect(made.transport.calls.map(({ headers }) => headers.get('x-retry-attempt'))).toEqual(['1', '2'])
  })
})
