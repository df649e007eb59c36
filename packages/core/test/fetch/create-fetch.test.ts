import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Connector, createFetch, explain, type FetchOptions, InvalidOptionsError } from '../../src/index.ts'
import { fakeClock, type RecordedCall, seededRandom } from '../../src/testing/index.ts'
import { abortable } from '../../src/timeout/abortable.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const allOff = { retry: false, rateLimit: false, breaker: false, deadlineMs: false, attemptTimeoutMs: false } as const

describe('createFetch', () => {
  it('passes the very arguments on and returns the very promise when everything is off', () => {
    const promise = Promise.resolve(answer(500))
    const seen: unknown[] = []
    const transport = (...args: unknown[]): Promise<Response> => {
      seen.push(...args)
      return promise
    }
    const init = { method: 'POST' }
    expect(createFetch({ fetch: transport, ...allOff })(url, init)).toBe(promise)
    expect(seen).toEqual([url, init])
    expect(seen[1]).toBe(init)
  })

  it('calls the transport without `this`, as the fetch of browsers and Workers has to be called', async () => {
    const seen: unknown[] = []
    const transport = function (this: unknown) {
      seen.push(this)
      return Promise.resolve(answer(200))
    }
    const options = { fetch: transport, hedge: { delayMs: 1_000 } }
    await createFetch(options)(url)
    await createFetch({ ...options, hedge: false })(url)
    expect(seen).toEqual([undefined, undefined])
  })

  it('looks the global fetch up at each call', async () => {
    const original = globalThis.fetch
    const fetch = createFetch()
    const response = answer(204)
    globalThis.fetch = () => Promise.resolve(response)
    try {
      expect(await fetch('https://example.com/')).toBe(response)
    } finally {
      globalThis.fetch = original
    }
  })

  describe('in the place of the global fetch', () => {
    const original = globalThis.fetch
    const sent: unknown[] = []

    beforeEach(() => {
      sent.length = 0
      globalThis.fetch = (input) => {
        sent.push(input)
        return Promise.resolve(answer(503))
      }
    })
    afterEach(() => {
      globalThis.fetch = original
    })

    it.each<[string, FetchOptions]>([
      ['the defaults', { retry: false }],
      ['every policy off', allOff],
    ])('sends by the one that was there before, with %s', async (_, options) => {
      globalThis.fetch = createFetch(options)
      expect((await globalThis.fetch('https://example.com/')).status).toBe(503)
      expect(sent).toEqual(['https://example.com/'])
    })

    it('sends by the one before when somebody wraps it at once', async () => {
      const ours = createFetch({ retry: false })
      globalThis.fetch = (input, init) => ours(input, init)
      await globalThis.fetch('https://example.com/')
      expect(sent).toHaveLength(1)
    })

    it('sends by the one before when somebody wraps it before the first call, and takes time', async () => {
      const ours = createFetch({ retry: false })
      globalThis.fetch = ours
      await Promise.resolve()
      globalThis.fetch = async (input, init) => {
        await Promise.resolve()
        return ours(input, init)
      }
      await globalThis.fetch('https://example.com/')
      expect(sent).toHaveLength(1)
    })

    it.each<[string, (...call: Parameters<typeof globalThis.fetch>) => Parameters<typeof globalThis.fetch>]>([
      ['with the same arguments', (input, init) => [input, init]],
      ['with a new Request', (input, init) => [new Request(input, init)]],
      ['with another URL', (input, init) => [`${new Request(input).url}a/`, init]],
    ])('sends by the one before when somebody wraps it at once, takes time and comes back %s', async (_, change) => {
      const ours = createFetch({ retry: false, breaker: false })
      globalThis.fetch = async (input, init) => {
        await new Promise(setImmediate)
        return ours(...change(input, init))
      }
      await Promise.all([1, 2].map((call) => globalThis.fetch(`https://example.com/${call}/`)))
      expect(sent).toHaveLength(2)
      sent.length = 0
      await globalThis.fetch('https://example.com/')
      // Once it is known, the wrapper is not passed twice.
      const [{ url }] = sent.map((input) => new Request(input as string)) as [Request]
      expect(url).toMatch(/^https:\/\/example\.com\/(a\/)?$/)
    })

    it('respects a replacement that sends another request by it before it answers', async () => {
      const ours = createFetch({ retry: false })
      await Promise.resolve()
      globalThis.fetch = async (input) => {
        const answered = new Request(input).url.endsWith('/token')
          ? 'token'
          : await (await ours('https://example.com/token')).text()
        return new Response(`${answered}.`)
      }
      expect(await (await ours('https://example.com/')).text()).toBe('token..')
      expect(sent).toEqual([])
    })

    it.each<[string, (request: Request) => [url: string, init?: RequestInit] | undefined]>([
      ['with another method', ({ url, method }) => (method === 'PUT' ? [url] : undefined)],
      [
        'of which each sends the next one, twenty deep',
        ({ url, method }) => {
          const page = Number(new URL(url).search.slice(1))
          return page < 20 ? [`https://example.com/orders?${page + 1}`, { method }] : undefined
        },
      ],
    ])('respects a replacement that sends others by it: %s', async (_, next) => {
      const ours = createFetch({ retry: false })
      await Promise.resolve()
      const url = 'https://example.com/orders'
      globalThis.fetch = async (input, init) => {
        const others = next(new Request(input, init))
        if (others !== undefined) await ours(...others)
        return answer(204)
      }
      expect((await ours(url, { method: 'PUT' })).status).toBe(204)
      expect((await ours(url)).status).toBe(204)
      expect(sent).toEqual([])
    })

    it('respects a replacement in which something goes on to ask for the same after it has answered', async () => {
      const ours = createFetch({ retry: false })
      await Promise.resolve()
      let poll = (): void => {}
      const answered = new Promise<void>((resolve) => {
        poll = resolve
      })
      let polled: Promise<Response> | undefined
      globalThis.fetch = () => {
        polled ??= answered.then(() => ours('https://example.com/status'))
        return Promise.resolve(answer(204))
      }
      await ours('https://example.com/status')
      poll()
      expect((await polled)?.status).toBe(204)
      expect(sent).toEqual([])
    })

    it('is called by a newer one, which repeats for both, and does not call that', async () => {
      const clock = fakeClock()
      const older = createFetch({ clock })
      globalThis.fetch = older
      const newer = createFetch({ clock })
      globalThis.fetch = newer
      await clock.runUntil(newer('https://example.com/'))
      expect(sent).toHaveLength(3)
      await clock.runUntil(older('https://example.com/'))
      expect(sent).toHaveLength(6)
    })
  })

  it('returns the very Response of the transport', async () => {
    const response = answer(200)
    const { run } = harness([() => response])
    expect(await run()).toBe(response)
  })

  it.each([
    ['breaks off', () => Promise.reject(new Error('reset'))],
    ['stalls', (signal: AbortSignal) => abortable(new Promise<never>(() => {}), signal)],
  ])('returns the failed answer whose body %s while a rule of the connector wants to see it', async (_, pull) => {
    const connector: Connector = {
      id: 'things',
      name: 'Things',
      sources: [{ url: 'https://docs.example.com', verifiedAt: '2026-01-01' }],
      errors: [
        {
          when: { pointer: '/code', equals: 'X' },
          then: { code: 'rate_limited' },
          example: { status: 400, body: { code: 'X' } },
        },
      ],
    }
    const headers = { 'content-type': 'application/json' }
    const broken = ({ init }: RecordedCall) =>
      new Response(new ReadableStream({ pull: () => pull(init?.signal as AbortSignal) }), { status: 400, headers })
    const { run, transport } = harness([broken], { connector })
    expect(explain(await run())).toMatchObject({ stop: 'not_retryable', error: { code: 'invalid_request' } })
    expect(transport.calls).toHaveLength(1)
  })

  it('reports the begin and the end of a call', async () => {
    const { run, heard } = harness([answer(404)], { connection: 'acme' })
    await run()
    expect(heard.names).toEqual(['call:started', 'attempt:failed', 'call:finished'])
    expect(heard.of('call:finished')).toMatchObject([
      { callId: 1, host: 'api.example.com', connection: 'acme', outcome: 'response', status: 404, code: 'not_found' },
    ])
  })

  it.each([
    ['call:start', 'Did you mean `call:started`?'],
    ['retry', 'The names are the keys of `coreEvents`.'],
  ])('refuses to listen to an event that there is not, such as %s', (name, hint) => {
    const { fetch } = harness([answer(200)])
    expect(() => fetch.on(name as 'call:started', () => {})).toThrow(
      `Expected \`event\` to be the name of an event, got \`"${name}"\` (string). ${hint}`,
    )
  })

  it('refuses a listener that is no function', () => {
    const { fetch } = harness([answer(200)])
    expect(() => fetch.on('call:started', undefined as never)).toThrow(
      'Expected `listener` to be a function, got `undefined`.',
    )
  })

  it('says nothing secret in its events', async () => {
    const { run, heard } = harness([answer(429, { 'retry-after': '1' }), answer(500)], { auth: 'tok-secret' })
    await run(url, { headers: { 'x-key': 'secret' } })
    expect(JSON.stringify(heard.events)).not.toContain('secret')
  })

  it('keeps a listener that throws from breaking the call', async () => {
    const { run, fetch, heard } = harness([answer(200)])
    fetch.on('call:started', () => {
      throw new Error('listener')
    })
    expect((await run()).status).toBe(200)
    expect(heard.of('listener:error')).toHaveLength(1)
  })

  it.each<[string, FetchOptions]>([
    ['retry.maxAttempts', { retry: { maxAttempts: 0 } }],
    ['retry.maxDelayMs', { retry: { baseDelayMs: 100, maxDelayMs: 50 } }],
    ['retry.budget.maxTokens', { retry: { budget: { maxTokens: 0 } } }],
    ['rateLimit.onLimit', { rateLimit: { onLimit: 'stop' as never } }],
    ['breaker.failureRatio', { breaker: { failureRatio: 2 } }],
    ['bulkhead.maxConcurrent', { bulkhead: { maxConcurrent: 0 } }],
    ['idempotency.header', { idempotency: { header: '' } }],
    ['idempotency.header', { idempotency: { header: 'two words' } }],
    ['auth', { auth: 'two\nlines' }],
    ['clock', { clock: {} as never }],
    ['random', { random: { next: () => 0 } as never }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['attemptTimeoutMs', { attemptTimeoutMs: -1 }],
    ['connection', { connection: '' }],
    ['fetch', { fetch: 'fetch' as never }],
    ['auth', { auth: '' }],
    ['state', { state: {} } as FetchOptions],
  ])('refuses a wrong `%s`', (path, options) => {
    expect(() => createFetch(options)).toThrow(InvalidOptionsError)
    expect(() => createFetch(options)).toThrow(expect.objectContaining({ path }))
  })

  it('never shows a token in the message about a wrong one', () => {
    expect(() => createFetch({ auth: { token: 'secret' } as never })).toThrow(/^(?!.*secret).*`auth`/)
  })

  it('refuses calls after it was disposed, and lets those under way go on', async () => {
    const { fetch, clock, transport, heard } = harness([answer(500), answer(200)])
    const running = fetch(url)
    await clock.flush()
    await fetch[Symbol.asyncDispose]()
    expect(await rejectionOf(fetch(url))).toMatchObject({ code: 'canceled', reason: 'shutdown', delivery: 'not_sent' })
    expect((await clock.runUntil(running)).status).toBe(200)
    expect(transport.calls).toHaveLength(2)
    expect(heard.names).not.toContain('call:finished')
  })

  it('keeps the state of 10,000 hosts at most', async () => {
    const fetch = createFetch({ fetch: () => Promise.resolve(new Response()) })
    for (let n = 0; n < 10_100; n++) await fetch(`https://h${n}.example.com/`)
    const hosts = fetch.snapshot().hosts.map(({ host }) => host)
    expect(hosts).toHaveLength(10_000)
    expect(hosts).toContain('h10099.example.com')
    expect(hosts).not.toContain('h99.example.com')
  })
})

describe('createFetch: refusals', () => {
  const random = { ...seededRandom(), next: () => 0.5 }
  const open = { random, retry: false, breaker: { minimumCalls: 1, breakMs: 4_500 }, refusals: 'response' } as const

  it('come as 503 problem documents with Retry-After when the client wants responses', async () => {
    const { run, transport } = harness([answer(500)], open)
    await run()
    const response = await run()
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'circuit_open', status: 503, retry_after_ms: 4_500 })
    expect(explain(response)?.error?.code).toBe('circuit_open')
    expect(transport.calls).toHaveLength(1)
  })

  it('come as 429 when a rate limit is the reason', async () => {
    const { run } = harness([answer(429, { 'retry-after': '90' })], { refusals: 'response' })
    await run()
    const response = await run()
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('90')
    expect(await response.json()).toMatchObject({ code: 'rate_limited', delivery: 'not_sent' })
  })

  it('come as 429 when a quota is used up', async () => {
    const { run } = harness([answer(429, { 'retry-after': '7200' })], { refusals: 'response' })
    await run()
    const response = await run()
    expect(response.status).toBe(429)
    expect(await response.json()).toMatchObject({ code: 'quota_exhausted', status: 429, retry_after_ms: 3_600_000 })
  })

  it('leave the failures of the transport alone', async () => {
    const failure = new TypeError('fetch failed')
    const { run } = harness([failure], { refusals: 'response' })
    expect(await rejectionOf(run())).toBe(failure)
  })
})
