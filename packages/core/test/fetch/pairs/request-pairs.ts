import { expect } from 'vitest'
import { explain, integrationErrorOf } from '../../../src/index.ts'
import { answer, connectionReset, harness, rejectionOf, url } from '../harness.ts'
import { exact as random, pair } from './pair.ts'

const post = { method: 'POST', body: 'x' }
const keysOf = (calls: readonly { readonly headers: Headers }[]) =>
  calls.map(({ headers }) => headers.get('idempotency-key'))
const tokensOf = (calls: readonly { readonly headers: Headers }[]) =>
  calls.map(({ headers }) => headers.get('authorization'))

/** Gives `t1`, `t2`, … and counts how often it was asked. */
function tokens(): { readonly auth: () => Promise<string>; asked: number } {
  const source = { asked: 0, auth: () => Promise.resolve(`t${++source.asked}`) }
  return source
}

/** The idempotency key and the token, with everything that is further in, and with abort and refusals. */
export const requestPairs = [
  pair('idempotency', 'auth', 'the request with the new token has the same key', async () => {
    const { run, transport } = harness([answer(401), answer(201)], { idempotency: {}, auth: tokens().auth })
    expect((await run(url, post)).status).toBe(201)
    expect(new Set(keysOf(transport.calls)).size).toBe(1)
    expect(tokensOf(transport.calls)).toEqual(['Bearer t1', 'Bearer t2'])
  }),
  pair('idempotency', 'retry', 'a write is repeated after a lost connection only with its key', async () => {
    const keyed = harness([connectionReset(), answer(201)], { idempotency: {} })
    expect((await keyed.run(url, post)).status).toBe(201)
    expect(new Set(keysOf(keyed.transport.calls)).size).toBe(1)
    const bare = harness([connectionReset(), answer(201)])
    expect(integrationErrorOf(await rejectionOf(bare.run(url, post)))).toMatchObject({ delivery: 'unknown' })
    expect(bare.transport.calls).toHaveLength(1)
  }),
  pair(
    'idempotency',
    'budget',
    'a write that must not be repeated costs nothing, one that is repeated its price',
    async () => {
      for (const [idempotency, tokensLeft] of [
        [false, 500],
        [{}, 486],
      ] as const) {
        const { run, fetch } = harness([connectionReset()], { idempotency, retry: { maxAttempts: 2 } })
        await rejectionOf(run(url, post))
        expect(fetch.snapshot().hosts).toMatchObject([{ retryTokens: tokensLeft }])
      }
    },
  ),
  pair('idempotency', 'rate limit', 'a write that met a limit is sent after the pause with its key', async () => {
    const { run, transport } = harness([answer(429, { 'retry-after': '2' }), answer(201)], { idempotency: {} })
    expect((await run(url, post)).status).toBe(201)
    expect(new Set(keysOf(transport.calls)).size).toBe(1)
  }),
  pair('idempotency', 'bulkhead', 'writes that queue have a key each', async () => {
    const { fetch, clock, transport } = harness([() => answer(201)], {
      idempotency: {},
      bulkhead: { maxConcurrent: 1 },
    })
    await clock.runUntil(Promise.all([1, 2, 3].map(() => fetch(url, post))))
    expect(new Set(keysOf(transport.calls)).size).toBe(3)
  }),
  pair(
    'idempotency',
    'breaker',
    'a keyed write that a circuit stops between its attempts is unknown and names its key',
    async () => {
      const { fetch, run, clock } = harness([connectionReset()], {
        random,
        idempotency: {},
        breaker: { minimumCalls: 2 },
      })
      const waiting = rejectionOf(fetch(url, post))
      await clock.flush()
      await rejectionOf(run(url, post))
      const error = await clock.runUntil(waiting)
      expect(error).toMatchObject({
        code: 'circuit_open',
        delivery: 'unknown',
        idempotencyKey: expect.any(String) as string,
      })
    },
  ),
  pair('abort', 'idempotency', 'a write that was aborted after it was sent is unknown and names its key', async () => {
    const { fetch, clock, transport } = harness(['hang'], { idempotency: {} })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { ...post, signal: controller.signal }))
    await clock.flush()
    controller.abort(new Error('stop'))
    const error = integrationErrorOf(await call)
    expect(error).toMatchObject({ code: 'canceled', delivery: 'unknown', idempotencyKey: keysOf(transport.calls)[0] })
  }),
  pair('refusals', 'idempotency', 'a write that is refused was not sent, whatever its key', async () => {
    const { run, fetch, transport } = harness([answer(201)], { refusals: 'response', idempotency: {} })
    fetch.circuits.isolate()
    const response = await run(url, post)
    expect(response.status).toBe(503)
    expect(integrationErrorOf(response)).toMatchObject({ delivery: 'not_sent' })
    expect(transport.calls).toHaveLength(0)
  }),
  pair('auth', 'retry', 'a call is sent as often as is allowed, and once more for a new token', async () => {
    const source = tokens()
    const { run, transport } = harness([answer(500), answer(500), answer(401), answer(500)], { auth: source.auth })
    const response = await run()
    expect(response.status).toBe(500)
    expect(explain(response)).toMatchObject({ stop: 'max_attempts' })
    expect(tokensOf(transport.calls)).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2'])
    expect(source.asked).toBe(2)
  }),
  pair('auth', 'budget', 'sending again with a new token is no retry and costs nothing', async () => {
    const { run, fetch } = harness([answer(401), answer(403)], { auth: tokens().auth })
    await run()
    expect(fetch.snapshot().hosts).toMatchObject([{ retryTokens: 500 }])
  }),
  pair('auth', 'rate limit', 'who has a new token waits for the pause like everybody', async () => {
    const { fetch, clock, transport } = harness([answer(429, { 'retry-after': '5' }), answer(401), () => answer(200)], {
      random,
      auth: tokens().auth,
    })
    const calls = [fetch(url), fetch(url)]
    await clock.advance(4_999)
    expect(transport.calls).toHaveLength(2)
    const answers = await clock.runUntil(Promise.all(calls))
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
  }),
  pair('auth', 'bulkhead', 'no slot is held while a token is fetched', async () => {
    const active: (number | undefined)[] = []
    const made = harness([answer(401), answer(200)], {
      bulkhead: { maxConcurrent: 1 },
      auth: async () => {
        active.push(made.fetch.snapshot().hosts[0]?.active)
        await made.clock.sleep(100)
        return `t${active.length}`
      },
    })
    expect((await made.run()).status).toBe(200)
    expect(active).toEqual([0, 0])
  }),
  pair('auth', 'breaker', 'a host that refuses our tokens is well', async () => {
    const { run, fetch } = harness([answer(401)], { auth: tokens().auth, breaker: { minimumCalls: 1 } })
    for (let n = 0; n < 20; n++) await run()
    expect(fetch.snapshot().hosts[0]?.circuits).toEqual([{ state: 'closed' }])
  }),
  pair('abort', 'auth', 'the caller does not wait for a token that it does not need any more', async () => {
    const { fetch, clock, transport } = harness([answer(200)], { auth: () => new Promise(() => {}) })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    controller.abort('stop')
    expect(await call).toBe('stop')
    expect([transport.calls.length, clock.pendingTimers]).toEqual([0, 0])
  }),
  pair('refusals', 'auth', 'a provider that fails throws its own error: nothing was refused', async () => {
    const failure = new Error('no token')
    const { run } = harness([answer(200)], { refusals: 'response', auth: () => Promise.reject(failure) })
    expect(await rejectionOf(run())).toBe(failure)
  }),
]
