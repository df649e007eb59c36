import { getEventListeners } from 'node:events'
import { expect } from 'vitest'
import { explain, type FetchOptions } from '../../../src/index.ts'
import { harness, hedging, rejectionOf, url } from '../harness.ts'
import { pair } from './pair.ts'

/** Two requests under way: both are ended by `end`, which the call then throws, and nothing is left behind. */
async function endsAll(
  options: FetchOptions,
  error: unknown,
  end?: (controller: AbortController) => void,
): Promise<void> {
  const { fetch, clock, transport } = harness(['hang'], { hedge: { delayMs: 100 }, bulkhead: {}, ...options })
  const controller = new AbortController()
  const call = rejectionOf(fetch(url, { signal: controller.signal }))
  await clock.advance(150)
  expect(transport.calls).toHaveLength(2)
  end?.(controller)
  expect(await clock.runUntil(call)).toEqual(error)
  expect(transport.calls.every(({ init }) => init?.signal?.aborted)).toBe(true)
  expect(clock.pendingTimers).toBe(0)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  expect(fetch.snapshot().hosts[0]?.active).toBe(0)
}

/** A slow call whose hedge does not find what it needs: it goes on alone, and gives back what was taken. */
async function sendsNone(reason: string, options: FetchOptions): Promise<void> {
  const { run, transport, fetch } = hedging([[5_000, 200]], options)
  const response = await run()
  expect(response.status).toBe(200)
  expect(transport.calls).toHaveLength(1)
  expect(explain(response)?.decisions).toEqual([{ kind: 'no_hedge', reason, delayMs: 100 }])
  expect(fetch.snapshot().hosts[0]?.active ?? 0).toBe(0)
}

const timedOut = expect.objectContaining({ name: 'TimeoutError' })

/** A second request beside a slow one, with everything else. */
export const hedgePairs = [
  pair('abort', 'hedge', 'an abort ends all requests', () =>
    endsAll({}, 'stop', (controller) => controller.abort('stop')),
  ),
  pair('deadline', 'hedge', 'the deadline ends all requests', () => endsAll({ deadlineMs: 300 }, timedOut)),
  pair('hedge', 'attempt timeout', 'each request has its own', async () => {
    await endsAll({ attemptTimeoutMs: 250, retry: false }, timedOut)
    const { run, clock } = hedging(
      [
        [5_000, 200],
        [200, 200],
      ],
      { attemptTimeoutMs: 250 },
    )
    expect((await run()).status).toBe(200)
    expect(clock.monotonicMs()).toBe(300)
  }),
  pair('refusals', 'hedge', 'a hedge that finds the circuit isolated is no refusal', async () => {
    const { fetch, clock, heard } = hedging([[5_000, 200]], { refusals: 'response' })
    const call = fetch(url)
    await clock.advance(50)
    fetch.circuits.isolate()
    expect((await clock.runUntil(call)).status).toBe(200)
    expect(heard.names).not.toContain('call:refused')
  }),
  pair('idempotency', 'hedge', 'a write with a key is not sent beside itself', async () => {
    const { run, transport } = hedging([[5_000, 200]], { idempotency: {} })
    await run(url, { method: 'POST', body: 'x' })
    expect(transport.calls).toHaveLength(1)
  }),
  pair('auth', 'hedge', 'a 401 that comes first is replayed once, with a new token', async () => {
    const tokens = ['old', 'new', 'newer']
    const { run, transport } = hedging(
      [
        [5_000, 200],
        [20, 401],
        [5_000, 200],
      ],
      { auth: () => tokens.shift() ?? '' },
    )
    expect((await run()).status).toBe(200)
    const sent = transport.calls.map(({ headers }) => headers.get('authorization'))
    expect(sent).toEqual(['Bearer old', 'Bearer old', 'Bearer new'])
  }),
  pair('retry', 'hedge', 'what failed everywhere is retried, and the retry is not hedged', async () => {
    const { run, transport, heard, clock } = hedging(
      [
        [150, 503],
        [60, 500],
        [5_000, 200],
      ],
      { random: { next: () => 0, uuid: () => 'unused' } },
    )
    const response = await run()
    expect(await response.text()).toBe('5000')
    expect(transport.calls).toHaveLength(3)
    expect(heard.of('retry:scheduled')).toMatchObject([{ attempt: 3, status: 500 }])
    expect(explain(response)?.attempts).toMatchObject([{ status: 503 }, { status: 500, hedge: true }, { status: 200 }])
    expect(clock.pendingTimers).toBe(0)
  }),
  pair('budget', 'hedge', 'a hedge is paid for, or not sent', async () => {
    await sendsNone('budget', { retry: { budget: { maxTokens: 13 } } })
    for (const retry of [{}, false] as const) {
      const { run, fetch } = hedging(
        [
          [5_000, 200],
          [20, 200],
        ],
        { retry },
      )
      await run()
      expect(fetch.snapshot().hosts[0]?.retryTokens).toBe(500 - 14 + 1)
    }
  }),
  pair('rate limit', 'hedge', 'a hedge does not queue', async () => {
    const { fetch, clock, transport, heard } = hedging(
      [
        [5_000, 200],
        [20, 429],
      ],
      { retry: false },
    )
    const first = fetch(url)
    await clock.advance(50)
    const limited = fetch(url)
    await clock.runUntil(first)
    await limited
    expect(transport.calls).toHaveLength(2)
    expect(heard.names).not.toContain('limit:waiting')
    expect(explain(await first)?.decisions).toMatchObject([{ kind: 'no_hedge', reason: 'rate_limit' }])
  }),
  pair('bulkhead', 'hedge', 'each request has a slot', async () => {
    await sendsNone('bulkhead', { bulkhead: { maxConcurrent: 1 } })
    const { fetch, clock } = hedging([[5_000, 200]], { bulkhead: { maxConcurrent: 2 } })
    const call = fetch(url)
    await clock.advance(150)
    expect(fetch.snapshot().hosts[0]?.active).toBe(2)
    await clock.runUntil(call)
    expect(fetch.snapshot().hosts[0]?.active).toBe(0)
  }),
  pair('breaker', 'hedge', 'what lost counts neither way; each failure counts', async () => {
    const breaker = { minimumCalls: 2, failureRatio: 1 }
    const lost = hedging(
      [
        [5_000, 200],
        [20, 404],
      ],
      { breaker },
    )
    for (let call = 0; call < 3; call++) await lost.run()
    expect(lost.heard.names).not.toContain('circuit:opened')
    const failed = hedging(
      [
        [150, 500],
        [20, 500],
      ],
      { breaker, retry: false },
    )
    await failed.run()
    expect(failed.heard.of('circuit:opened')).toHaveLength(1)
  }),
]
