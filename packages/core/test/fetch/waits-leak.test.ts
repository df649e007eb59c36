import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type FetchOptions, replayableBody } from '../../src/index.ts'
import { harness, type Harness, url } from './harness.ts'

/** An answer without a body, so that nothing has to follow the signal once it is there. */
const empty = (status: number, headers: Record<string, string> = {}): Response =>
  new Response(null, { status, headers })

/** A call that waits for something, on whose signal the test looks. */
interface Waiting {
  readonly made: Harness
  readonly call: Promise<Response>
  /** Gives it what it waits for, where that does not come with the time. */
  readonly release?: () => void
}

type StartWaiting = (signal: AbortSignal, options: FetchOptions) => Waiting

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

const waits: Readonly<Record<string, StartWaiting>> = {
  backoff: (signal, options) => {
    const made = harness([empty(503), empty(204)], { ...options, random: { next: () => 0.9, uuid: () => '' } })
    return { made, call: made.fetch(url, { signal }) }
  },
  'the queue of a rate limit': (signal, options) => {
    const made = harness([empty(429, { 'retry-after': '1' }), empty(204)], options)
    return { made, call: made.fetch(url, { signal }) }
  },
  'the queue of the bulkhead': (signal, options) => {
    const made = harness(['hang', empty(204)], { ...options, bulkhead: { maxConcurrent: 1 } })
    const first = new AbortController()
    void made.fetch(url, { signal: first.signal }).catch(() => {})
    return { made, call: made.fetch(url, { signal }), release: () => first.abort() }
  },
  'a token': (signal, options) => {
    const { opened, open } = gate()
    const made = harness([empty(204)], { ...options, auth: () => opened.then(() => 'token') })
    return { made, call: made.fetch(url, { signal }), release: open }
  },
  'a newer token': (signal, options) => {
    const { opened, open } = gate()
    const auth: FetchOptions['auth'] = ({ rejectedToken }) =>
      rejectedToken === undefined ? 'old' : opened.then(() => 'new')
    const made = harness([empty(401), empty(204)], { ...options, auth })
    return { made, call: made.fetch(url, { signal }), release: open }
  },
  'an answer': (signal, options) => {
    const { opened, open } = gate()
    const made = harness([() => opened.then(() => empty(204))], options)
    return { made, call: made.fetch(url, { signal }), release: open }
  },
  'the time to hedge': (signal, options) => {
    const { opened, open } = gate()
    const made = harness([() => opened.then(() => empty(204))], { ...options, hedge: { delayMs: 10_000 } })
    return { made, call: made.fetch(url, { signal }), release: open }
  },
  'two answers': (signal, options) => {
    const made = harness(
      [
        'hang',
        async ({ init }) => {
          await made.clock.sleep(5_000, init?.signal ?? undefined)
          return empty(204)
        },
      ],
      { ...options, hedge: { delayMs: 50 } },
    )
    return { made, call: made.fetch(url, { signal }) }
  },
  'a body': (signal, options) => {
    const { opened, open } = gate()
    const made = harness([empty(204)], options)
    const body = replayableBody(() => opened.then(() => 'x'))
    return { made, call: made.fetch(url, { method: 'PUT', body, signal }), release: open }
  },
  'the end of a stream': (signal, options) => {
    let end = (): void => {}
    const made = harness([empty(204)], { ...options, retry: { bufferBodyBytes: 100 } })
    const body = new ReadableStream({
      start: (controller) => void (end = () => controller.close()),
      cancel: () => void (end = () => {}),
    })
    const init = { method: 'PUT', body, signal, duplex: 'half' } as RequestInit
    return { made, call: made.fetch(url, init), release: () => end() }
  },
}

function expectNothingLeft({ clock, fetch }: Harness, signal: AbortSignal): void {
  expect(clock.pendingTimers).toBe(0)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(fetch.snapshot().hosts.map(({ queued = 0 }) => queued)).toEqual([0])
}

describe.each(Object.entries(waits))('createFetch: a call that waits for %s', (_, start) => {
  it('ends at once with the reason of an abort, and leaves nothing behind', async () => {
    const controller = new AbortController()
    const { made, call, release } = start(controller.signal, {})
    const outcome = call.catch((error: unknown) => error)
    await made.clock.advance(100)
    expect(getEventListeners(controller.signal, 'abort').length).toBeGreaterThan(0)
    const abortedAtMs = made.clock.monotonicMs()
    controller.abort('stop')
    expect(await outcome).toBe('stop')
    expect(made.clock.monotonicMs()).toBe(abortedAtMs)
    // What the bulkhead is full of is another call.
    release?.()
    await made.clock.flush()
    expectNothingLeft(made, controller.signal)
  })

  it('ends by the deadline, and leaves nothing behind', async () => {
    const controller = new AbortController()
    const { made, call, release } = start(controller.signal, { deadlineMs: 150 })
    await made.clock.runUntil(call.catch(() => {}))
    expect(made.clock.monotonicMs()).toBeLessThanOrEqual(150)
    release?.()
    await made.clock.flush()
    expectNothingLeft(made, controller.signal)
  })

  it('goes on when it gets it, and leaves nothing behind', async () => {
    const controller = new AbortController()
    const { made, call, release } = start(controller.signal, {})
    await made.clock.advance(100)
    release?.()
    expect((await made.clock.runUntil(call)).status).toBe(204)
    expectNothingLeft(made, controller.signal)
  })
})
