import { describe, expect, it } from 'vitest'
import { type Connector, type CoreEventMap, createFetch, explain } from '../../src/index.ts'
import { recordEvents } from '../../src/testing/index.ts'
import { answer, connectionReset, harness, hedging, rejectionOf, url } from './harness.ts'

describe('createFetch: one function of createFetch in another', () => {
  it('leaves the retries to the outer one, and says so once', async () => {
    const inner = harness([answer(503)], { breaker: false })
    const outer = createFetch({ fetch: inner.fetch, clock: inner.clock })
    const response = await inner.clock.runUntil(outer(url))
    await inner.clock.runUntil(outer(url))
    expect(inner.transport.calls).toHaveLength(6)
    expect(explain(response)?.attempts).toHaveLength(3)
    expect(inner.heard.of('retry:nested')).toMatchObject([{ callId: 1, owner: 'holdfast', yields: true }])
    expect(inner.heard.of('retry:exhausted').map(({ stop }) => stop)).toEqual(Array.from({ length: 6 }, () => 'nested'))
  })

  it('keeps all other policies of the inner one at work', async () => {
    const inner = harness([answer(500), answer(200)], { auth: 'abc', bulkhead: {}, deadlineHeader: 'x-left' })
    const outer = createFetch({ fetch: inner.fetch, clock: inner.clock, breaker: false })
    await inner.clock.runUntil(outer(url))
    expect(inner.transport.calls.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Bearer abc',
      'Bearer abc',
    ])
    expect(inner.transport.calls[0]?.headers.get('x-left')).toBe('30000')
    expect(inner.fetch.snapshot().hosts).toHaveLength(1)
  })

  it('repeats in the inner one what only its key makes safe to repeat, always with the same key', async () => {
    const answers = [answer(500), answer(429, { 'retry-after': '1' }), answer(201)] as const
    const inner = harness(answers, { idempotency: {} })
    const outer = createFetch({ fetch: inner.fetch, clock: inner.clock })
    const response = await inner.clock.runUntil(outer(url, { method: 'POST' }))
    expect(response.status).toBe(201)
    const keys = inner.transport.calls.map(({ headers }) => headers.get('idempotency-key'))
    expect(new Set(keys).size).toBe(1)
    expect(inner.heard.names).not.toContain('retry:nested')
  })

  it('does not repeat in the outer one, with another key, what the inner one gave up', async () => {
    const answers = [answer(500), answer(500), answer(429, { 'retry-after': '1' }), answer(201)] as const
    const inner = harness(answers, { idempotency: {} })
    const outer = createFetch({ fetch: inner.fetch, clock: inner.clock })
    const response = await inner.clock.runUntil(outer(url, { method: 'POST' }))
    expect(response.status).toBe(429)
    expect(inner.transport.calls).toHaveLength(3)
  })

  it('leaves to the outer one what has its key, or was not worked on', async () => {
    const keyed = harness([answer(500), answer(201)], { idempotency: {} })
    const outer = createFetch({ fetch: keyed.fetch, clock: keyed.clock, idempotency: {} })
    await keyed.clock.runUntil(outer(url, { method: 'POST' }))
    const limited = harness([answer(429, { 'retry-after': '1' }), answer(201)], { idempotency: {} })
    await limited.clock.runUntil(createFetch({ fetch: limited.fetch, clock: limited.clock })(url, { method: 'POST' }))
    for (const { heard, transport } of [keyed, limited]) {
      expect(transport.calls).toHaveLength(2)
      expect(heard.of('retry:nested')).toHaveLength(1)
    }
  })

  it('repeats in the outer one what the inner one has hedged, or sent again with another token', async () => {
    const tokens = ['old', 'new']
    const replaying = harness([answer(401), answer(500), answer(200)], { auth: () => tokens.shift() ?? 'new' })
    const racing = hedging([
      [150, 503],
      [150, 503],
      [10, 200],
    ])
    for (const { fetch, clock } of [replaying, racing]) {
      const outer = createFetch({ fetch, clock })
      expect((await clock.runUntil(outer(url))).status).toBe(200)
    }
  })

  it.each([
    ['a success by its status', answer(200, { 'x-state': 'failed' })],
    ['a status that is not retried otherwise', answer(400, { 'x-state': 'failed' })],
  ])('repeats in the outer one what only the rules of the inner one call a passing failure: %s', async (_, failure) => {
    const inner = harness([failure, answer(200)], { connector: failsInHeader })
    const outer = createFetch({ fetch: inner.fetch, clock: inner.clock })
    const response = await inner.clock.runUntil(outer(url))
    expect(inner.transport.calls).toHaveLength(2)
    expect(response.headers.get('x-state')).toBeNull()
    expect(explain(response)?.attempts[0]).toMatchObject({ code: 'upstream_error' })
  })

  it('prefers the rules of its own connector, and those of the inner one to none', async () => {
    const inner = harness([answer(503, { 'x-state': 'gone' })], { connector: failsInHeader })
    const knowing = createFetch({ fetch: inner.fetch, clock: inner.clock, connector: { ...failsInHeader, errors: [] } })
    await inner.clock.runUntil(createFetch({ fetch: inner.fetch, clock: inner.clock })(url))
    expect(inner.transport.calls).toHaveLength(1)
    await inner.clock.runUntil(knowing(url))
    expect(inner.transport.calls).toHaveLength(4)
  })

  it.each([{ retry: false }, { retry: { maxAttempts: 1 } }] as const)(
    'leaves them to the inner one when the outer one has %j',
    async (options) => {
      const inner = harness([answer(503)])
      const outer = createFetch({ fetch: inner.fetch, clock: inner.clock, ...options })
      await inner.clock.runUntil(outer(url))
      expect(inner.transport.calls).toHaveLength(3)
      expect(inner.heard.names).not.toContain('retry:nested')
    },
  )

  it.each([
    ['answer', answer(503)],
    ['error', connectionReset()],
  ])('does not repeat what a function behind a wrapper has repeated, as its %s tells', async (_, failure) => {
    const inner = harness([failure], { breaker: false })
    const outer = createFetch({ fetch: (input, init) => inner.fetch(input, init), clock: inner.clock })
    const heard = recordEvents<CoreEventMap>(outer, ['retry:nested'])
    await inner.clock.runUntil(outer(url).catch(() => {}))
    expect(inner.transport.calls).toHaveLength(3)
    expect(heard.of('retry:nested')).toMatchObject([{ owner: 'holdfast' }])
  })

  it('repeats what fails with an error for which a function beside it has repeated a call', async () => {
    const error = connectionReset()
    const { fetch, transport, clock } = harness([error])
    const other = createFetch({ fetch: transport, clock })
    for (const each of [fetch, other]) await clock.runUntil(rejectionOf(each(url)))
    expect(transport.calls).toHaveLength(6)
  })

  it('repeats what fails again with the very same error', async () => {
    const { run, transport } = harness([connectionReset()], { breaker: false })
    for (let call = 0; call < 2; call++) await rejectionOf(run())
    expect(transport.calls).toHaveLength(6)
  })

  it('refuses nested calls too once it is disposed', async () => {
    const inner = harness([answer(200)])
    const outer = createFetch({ fetch: inner.fetch, clock: inner.clock })
    await inner.fetch[Symbol.asyncDispose]()
    await expect(outer(url)).rejects.toMatchObject({ code: 'canceled' })
  })
})

describe('createFetch: a client above that repeats by itself', () => {
  const repeat = { headers: { 'x-stainless-retry-count': '1' } }

  it('does not multiply its attempts, and says who it seems to be', async () => {
    const { run, transport, heard } = harness([answer(503)])
    const response = await run(url, repeat)
    expect(transport.calls).toHaveLength(1)
    expect(heard.of('retry:nested')).toMatchObject([{ owner: 'stainless', yields: true }])
    expect(explain(response)).toMatchObject({ stop: 'nested', decisions: [{ kind: 'nested', owner: 'stainless' }] })
  })

  it('says nothing of a call that succeeds, or that could not be retried', async () => {
    const { run, heard } = harness([answer(200), answer(404)])
    await run(url, repeat)
    await run(url, repeat)
    expect(heard.names).not.toContain('retry:nested')
  })

  it('only reports with `whenNested: retry`, once per call', async () => {
    const { run, transport, heard } = harness([answer(503)], { retry: { whenNested: 'retry' }, breaker: false })
    await run(url, repeat)
    expect(transport.calls).toHaveLength(3)
    expect(heard.of('retry:nested')).toMatchObject([{ owner: 'stainless', yields: false }])
  })

  it('knows the key of a call that it has given up', async () => {
    const { run, transport, heard } = harness([answer(503)], { breaker: false })
    const keyed = (key: string) => run(url, { method: 'POST', headers: { 'idempotency-key': key } })
    await keyed('order-7')
    expect(transport.calls).toHaveLength(3)
    await keyed('order-7')
    expect(transport.calls).toHaveLength(4)
    await keyed('order-8')
    expect(transport.calls).toHaveLength(7)
    expect(heard.of('retry:nested')).toMatchObject([{ callId: 2, owner: 'same_key' }])
  })

  it('does not take keys of its own for those of a caller', async () => {
    const { run, transport, heard } = harness([answer(503)], {
      breaker: false,
      idempotency: {},
      random: { next: () => 0, uuid: () => 'always-the-same' },
    })
    for (let call = 0; call < 2; call++) await run(url, { method: 'POST' })
    expect(transport.calls).toHaveLength(6)
    expect(heard.names).not.toContain('retry:nested')
  })
})

const failsInHeader: Connector = {
  id: 'fails-in-header',
  name: 'Fails in a header',
  sources: [{ url: 'https://example.com', verifiedAt: '2026-11-26' }],
  errors: [
    {
      when: { header: 'x-state', equals: 'failed' },
      then: { code: 'upstream_error' },
      example: { status: 200, headers: { 'x-state': 'failed' } },
    },
    {
      when: { header: 'x-state', equals: 'gone' },
      then: { code: 'not_found' },
      example: { status: 503, headers: { 'x-state': 'gone' } },
    },
  ],
}
