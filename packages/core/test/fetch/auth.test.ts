import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Auth, type Connector, integrationErrorOf, type TokenRequest } from '../../src/index.ts'
import { answer, harness, rejectionOf, url } from './harness.ts'

const connector: Connector = {
  id: 'things',
  name: 'Things',
  sources: [{ url: 'https://docs.example.com', verifiedAt: '2026-01-01' }],
  http: { hosts: ['api.example.com', '*.shops.example.com'] },
}

/** A provider that gives the tokens in order and keeps what it was asked. */
function provider(...tokens: string[]): { auth: Auth; asked: TokenRequest[] } {
  const asked: TokenRequest[] = []
  return { asked, auth: (request) => Promise.resolve(tokens[Math.min(asked.push(request), tokens.length) - 1] ?? '') }
}

describe('createFetch: auth', () => {
  it('sends a fixed token', async () => {
    const { run, transport } = harness([answer(200)], { auth: 'abc' })
    await run()
    expect(transport.calls[0]?.headers.get('authorization')).toBe('Bearer abc')
  })

  it('leaves an authorization header of the caller alone', async () => {
    const { run, transport } = harness([answer(401)], { auth: 'abc' })
    await run(url, { headers: { Authorization: 'Basic xyz' } })
    expect(transport.calls.map(({ headers }) => headers.get('authorization'))).toEqual(['Basic xyz'])
  })

  it('sends the request once more after a 401 when the provider gives another token', async () => {
    const { auth, asked } = provider('old', 'new')
    const { run, transport, heard } = harness([answer(401), answer(200)], { auth })
    expect((await run()).status).toBe(200)
    expect(transport.calls.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer old', 'Bearer new'])
    expect(asked).toMatchObject([{ url: 'https://api.example.com/v1/things?…' }, { rejectedToken: 'old' }])
    expect(heard.of('auth:replayed')).toHaveLength(1)
  })

  it('sends once more only once', async () => {
    const { auth } = provider('a', 'b', 'c')
    const { run, transport } = harness([answer(401)], { auth })
    expect((await run()).status).toBe(401)
    expect(transport.calls).toHaveLength(2)
  })

  it('returns the 401 when the provider gives the same token', async () => {
    const { auth } = provider('same')
    const { run, transport } = harness([answer(401, {}, 'who are you')], { auth })
    expect(await (await run()).text()).toBe('who are you')
    expect(transport.calls).toHaveLength(1)
  })

  it('returns the 401 when the body cannot be sent again, without asking for a token', async () => {
    const { auth, asked } = provider('a', 'b')
    const { run } = harness([answer(401)], { auth })
    await run(url, { method: 'POST', body: new ReadableStream(), duplex: 'half' } as RequestInit)
    expect(asked).toHaveLength(1)
  })

  it('keeps the token through the retries of the call', async () => {
    const { auth, asked } = provider('a')
    const { run, transport } = harness([answer(500), answer(200)], { auth })
    await run()
    expect(transport.calls.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer a', 'Bearer a'])
    expect(asked).toHaveLength(1)
  })

  it('sends the token only to the hosts of the connector', async () => {
    const { run, transport } = harness([answer(200)], { auth: 'abc', connector })
    const hosts = ['api.example.com', 'eu.shops.example.com', 'shops.example.com', 'evil-shops.example.com', 'evil.com']
    for (const host of hosts) await run(`https://${host}/`)
    await run('https:/evil.com/?://api.example.com/')
    expect(transport.calls.map(({ headers }) => headers.has('authorization'))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('rethrows the very error of the provider, classified as a refresh that failed', async () => {
    const failure = new Error('vault is sealed')
    const { run, transport } = harness([answer(200)], { auth: () => Promise.reject(failure) })
    const error = await rejectionOf(run())
    expect(error).toBe(failure)
    expect(integrationErrorOf(error)).toMatchObject({ code: 'token_refresh_failed', delivery: 'not_sent' })
    expect(transport.calls).toHaveLength(0)
  })

  it.each([
    ['two lines', 'tok\nsecret'],
    ['no text', undefined],
    ['nothing', ''],
  ])('sends nothing when the provider gives %s, and does not show it', async (_, token) => {
    const { run, transport } = harness([answer(200)], { auth: () => Promise.resolve(token as string) })
    const error = await rejectionOf(run())
    expect(error).toMatchObject({ code: 'token_refresh_failed', reason: 'malformed_token', delivery: 'not_sent' })
    expect(inspect(error)).not.toContain('secret')
    expect(transport.calls).toHaveLength(0)
  })

  it('does not replay a POST after the 401 of the host that it was redirected to', async () => {
    const { auth, asked } = provider('a', 'b')
    const redirected = Object.defineProperty(answer(401), 'redirected', { value: true })
    const { run, transport } = harness([() => redirected], { auth })
    expect((await run(url, { method: 'POST' })).status).toBe(401)
    expect(transport.calls).toHaveLength(1)
    expect(asked).toHaveLength(1)
  })

  it('stops waiting for the provider when the caller aborts', async () => {
    const { fetch, clock } = harness([answer(200)], { auth: () => new Promise(() => {}) })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    controller.abort('stop')
    expect(await call).toBe('stop')
    expect(clock.pendingTimers).toBe(0)
  })

  it('stops waiting for the provider at the deadline', async () => {
    const { run, clock } = harness([answer(200)], { auth: () => new Promise(() => {}), deadlineMs: 500 })
    expect(await rejectionOf(run())).toMatchObject({ name: 'TimeoutError' })
    expect(clock.monotonicMs()).toBe(500)
  })
})
