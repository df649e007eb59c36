import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { type Auth, type Connector, integrationErrorOf, type TokenRequest } from '../../src/index.ts'
import type { ScriptedAnswer } from '../../src/testing/index.ts'
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
    ['two lines', 'tok\nsecret', 'a text with blanks, line breaks or other characters that no token has'],
    ['no text', undefined, '`undefined`'],
    ['an object', { token: 'secret' }, 'a value of type object'],
    ['nothing', '', 'an empty text'],
  ])('sends nothing when the provider gives %s, and says so without showing it', async (_, token, got) => {
    const { run, transport } = harness([answer(200)], { auth: () => Promise.resolve(token as string) })
    const error = await rejectionOf(run())
    expect(error).toMatchObject({ code: 'token_refresh_failed', reason: 'malformed_token', delivery: 'not_sent' })
    expect(error).toMatchObject({
      message: `Expected \`auth\` to give a token, a text that a header can hold, got ${got}.`,
    })
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

  it('asks for each of many calls with the token that was rejected, and repeats each once', async () => {
    const asked: (string | undefined)[] = []
    const { fetch, clock, transport } = harness(
      [({ headers }) => answer(headers.get('authorization') === 'Bearer new' ? 200 : 401)],
      {
        auth: async ({ rejectedToken }) => {
          asked.push(rejectedToken)
          await clock.sleep(100)
          return rejectedToken === undefined ? 'old' : 'new'
        },
      },
    )
    const calls = Array.from({ length: 20 }, () => fetch(url))
    const statuses = (await clock.runUntil(Promise.all(calls))).map(({ status }) => status)
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200))
    expect(transport.calls).toHaveLength(40)
    expect(asked).toEqual([...Array.from({ length: 20 }, () => undefined), ...Array.from({ length: 20 }, () => 'old')])
  })

  it('tells the provider which token a late 401 is about, so that a newer one need not be refreshed', async () => {
    let current = 'first'
    let refreshed = 0
    const slow401: ScriptedAnswer = async () => {
      await made.clock.sleep(5_000)
      return answer(401)
    }
    const made = harness([slow401, answer(401), answer(200)], {
      auth: ({ rejectedToken }) => {
        if (rejectedToken === current) current = `fresh${++refreshed}`
        return current
      },
    })
    const late = made.fetch(url)
    await made.clock.advance(10)
    await made.run()
    expect((await made.clock.runUntil(late)).status).toBe(200)
    expect(refreshed).toBe(1)
    expect(made.transport.calls.at(-1)?.headers.get('authorization')).toBe('Bearer fresh1')
  })

  it.each([
    ['the caller aborts', true, {}],
    ['the deadline passes', false, { deadlineMs: 500 }],
    ['the provider fails', false, {}],
  ])('frees the 401 when %s while a newer token is awaited', async (why, aborts, options) => {
    let cancelled = 0
    const failure = new Error('vault is sealed')
    const body = new ReadableStream({ cancel: () => void cancelled++ })
    const { fetch, clock, transport } = harness([() => new Response(body, { status: 401 })], {
      ...options,
      auth: ({ rejectedToken }) => {
        if (rejectedToken === undefined) return 'old'
        return why === 'the provider fails' ? Promise.reject(failure) : new Promise(() => {})
      },
    })
    const controller = new AbortController()
    const call = rejectionOf(fetch(url, { signal: controller.signal }))
    await clock.flush()
    if (aborts) controller.abort('stop')
    const error = await clock.runUntil(call)
    expect(error).toEqual(
      aborts ? 'stop' : why === 'the provider fails' ? failure : expect.objectContaining({ name: 'TimeoutError' }),
    )
    expect(cancelled).toBe(1)
    expect(transport.calls).toHaveLength(1)
    expect(clock.pendingTimers).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })
})
