import { describe, expect, it, vi } from 'vitest'
import { createFetch, integrationErrorOf } from '../../src/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

/** A transport whose answers are given by hand, in the order of the calls. */
function gate() {
  const waiting: ((response: Response) => void)[] = []
  return {
    answerOf: () => new Promise<Response>((resolve) => waiting.push(resolve)),
    release: () => waiting.shift()?.(answer(200)),
    waiting,
  }
}

describe('createFetch: bulkhead', () => {
  it('sends at most maxConcurrent at a time and the others in order', async () => {
    const { answerOf, release, waiting } = gate()
    const { fetch, clock, transport, heard } = harness([answerOf], { bulkhead: { maxConcurrent: 2 } })
    const calls = [1, 2, 3, 4].map((n) => fetch(`https://api.example.com/${n}`))
    await clock.flush()
    expect(waiting).toHaveLength(2)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 2, queued: 2 }])
    for (let n = 0; n < 4; n++) {
      release()
      await clock.flush()
    }
    await Promise.all(calls)
    expect(transport.calls.map((call) => call.url.slice(-1))).toEqual(['1', '2', '3', '4'])
    expect(heard.of('bulkhead:queued').map(({ queued }) => queued)).toEqual([1, 2])
    expect(heard.of('bulkhead:released')).toHaveLength(2)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, queued: 0 }])
  })

  it('refuses what does not fit into the queue', async () => {
    const { fetch, clock } = harness(['hang'], { bulkhead: { maxConcurrent: 1, maxQueue: 1 }, retry: false })
    const running = [rejectionOf(fetch(url)), rejectionOf(fetch(url))]
    await clock.flush()
    expect(await rejectionOf(fetch(url))).toMatchObject({
      code: 'overloaded',
      reason: 'bulkhead_full',
      delivery: 'not_sent',
    })
    await clock.advance(60_000)
    await Promise.all(running)
  })

  it('refuses a queued call when its deadline passes first', async () => {
    let sent = 0
    const { fetch, clock } = harness(['hang'], {
      // Deaf to its signal, so that the slot stays taken.
      fetch: () => {
        sent++
        return new Promise<Response>(() => {})
      },
      bulkhead: { maxConcurrent: 1 },
      deadlineMs: 1_000,
    })
    void fetch(url)
    const queued = rejectionOf(fetch(url))
    await clock.advance(1_000)
    expect(await queued).toMatchObject({ code: 'overloaded', reason: 'bulkhead_timeout' })
    expect(sent).toBe(1)
  })

  it('sends nothing when the slot becomes free at the very end of the deadline', async () => {
    const { fetch, clock, transport } = harness(['hang'], { bulkhead: { maxConcurrent: 1 }, deadlineMs: 1_000 })
    const calls = [rejectionOf(fetch(url)), rejectionOf(fetch(url))]
    await clock.advance(1_000)
    const [, queued] = await Promise.all(calls)
    expect(queued).toMatchObject({ name: 'TimeoutError' })
    expect(integrationErrorOf(queued)).toMatchObject({ code: 'timeout', reason: 'total', delivery: 'not_sent' })
    expect(transport.calls).toHaveLength(1)
  })

  it('lets a queued call go when its caller aborts, and nobody else', async () => {
    const { answerOf, release } = gate()
    const { fetch, clock, transport } = harness([answerOf], { bulkhead: { maxConcurrent: 1 } })
    const controller = new AbortController()
    const first = fetch('https://api.example.com/1')
    const aborted = rejectionOf(fetch('https://api.example.com/2', { signal: controller.signal }))
    const third = fetch('https://api.example.com/3')
    await clock.flush()
    controller.abort('stop')
    expect(await aborted).toBe('stop')
    release()
    await first
    await clock.flush()
    release()
    await third
    expect(transport.calls.map((call) => call.url.slice(-1))).toEqual(['1', '3'])
    expect(clock.pendingTimers).toBe(0)
  })

  it('cancels the stream of a queued call whose caller aborts, as fetch does, and leaves that of a refused one alone', async () => {
    const { fetch, clock } = harness(['hang'], { bulkhead: { maxConcurrent: 1, maxQueue: 1 }, retry: false })
    const canceledWith: unknown[] = []
    const send = (signal: AbortSignal | null) => {
      const body = new ReadableStream({ cancel: (reason) => void canceledWith.push(reason) })
      return rejectionOf(fetch(url, { method: 'POST', body, duplex: 'half', signal }))
    }
    const running = rejectionOf(fetch(url))
    await clock.flush()
    const controller = new AbortController()
    const queued = send(controller.signal)
    await clock.flush()
    await send(null)
    expect(canceledWith).toEqual([])
    controller.abort('enough')
    expect(await queued).toBe('enough')
    expect(canceledWith).toEqual(['enough'])
    await clock.advance(60_000)
    await running
  })

  it('gives the slot back after a failure', async () => {
    const { run, fetch } = harness([new TypeError('fetch failed')], { bulkhead: { maxConcurrent: 1 } })
    await rejectionOf(run())
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0 }])
  })

  it.each([
    ['status', undefined],
    ['status', 5],
    ['status', { ok: true, json: () => Promise.resolve({}) }],
    ['headers', { ok: true, status: 200, json: () => Promise.resolve({}) }],
    ['headers', { ok: false, status: 500, headers: {} }],
  ])(
    'says that a stand-in for fetch gives no Response, for want of %s, and gives the slot back',
    async (lacks, given) => {
      const transport = vi.fn(() => Promise.resolve(given as Response))
      const fetch = createFetch({ fetch: transport, bulkhead: { maxConcurrent: 1, maxQueue: 0 } })
      for (let call = 0; call < 20; call++) {
        expect(await rejectionOf(fetch(url))).toMatchObject({
          code: 'configuration_error',
          reason: 'no_response',
          delivery: 'unknown',
          message: `Expected the transport to answer with a Response, got something without \`${lacks}\`.`,
        })
      }
      expect(transport).toHaveBeenCalledTimes(20)
      expect(fetch.snapshot().hosts).toMatchObject([{ active: 0, circuits: [{ state: 'closed' }] }])
    },
  )

  it.each([
    ['a Map in the place of headers', new Map()],
    ['headers that throw', { get: () => expect.fail('unreadable') }],
  ])('gives the slot back where an answer cannot be read: %s', async (_, headers) => {
    const transport = vi.fn(() => Promise.resolve({ ok: true, status: 200, headers } as unknown as Response))
    const fetch = createFetch({ fetch: transport, bulkhead: { maxConcurrent: 1, maxQueue: 0 } })
    for (let call = 0; call < 3; call++) await rejectionOf(fetch(url))
    expect(transport).toHaveBeenCalledTimes(3)
    expect(fetch.snapshot().hosts).toMatchObject([{ active: 0 }])
  })

  it('holds a queued call back when a limit is hit meanwhile', async () => {
    let isLimited = true
    const { fetch, clock, transport } = harness(
      [() => (isLimited ? answer(429, { 'retry-after': '5' }) : answer(200))],
      { bulkhead: { maxConcurrent: 1 }, retry: false },
    )
    const calls = [fetch(url), fetch(url)]
    await clock.flush()
    expect(transport.calls).toHaveLength(1)
    isLimited = false
    await clock.advance(6_000)
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([429, 200])
  })
})
