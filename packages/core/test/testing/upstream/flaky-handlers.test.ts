import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFetch, InvalidOptionsError, rateLimitOf } from '../../../src/index.ts'
import {
  fakeClock,
  flakyHandlers,
  flakyUpstream,
  seededRandom,
  type UpstreamFault,
  type UpstreamOptions,
} from '../../../src/testing/index.ts'
import { factsOf } from '../../errors/failure-facts.ts'
import { faultFacts } from './fault-facts.ts'

const origin = 'https://api.example.com'

/** Handles all requests below a URL for the length of the test. */
function handled(baseUrl = origin, options?: UpstreamOptions) {
  const upstream = flakyHandlers({ http, HttpResponse }, baseUrl, options)
  const server = setupServer(...upstream.handlers)
  server.listen({ onUnhandledFrame: 'bypass' })
  onTestFinished(() => server.close())
  return upstream
}

describe('flakyHandlers', () => {
  it('answer global fetch as scripted, and keep what they have seen', async () => {
    const upstream = handled().on('POST /items', [{ status: 503 }, { status: 201, body: { id: 1 } }])
    const init = { method: 'POST', body: 'hé', headers: { 'X-A': '1' } }
    expect((await fetch(`${origin}/items?q=1`, init)).status).toBe(503)
    expect(await (await fetch(`${origin}/items?q=1`, init)).json()).toEqual({ id: 1 })
    const seen = { method: 'POST', path: '/items', url: `${origin}/items?q=1`, text: 'hé', status: 201 }
    expect(upstream.requests[1]).toMatchObject(seen)
    expect(upstream.requests[1]?.headers['x-a']).toBe('1')
  })

  it('handle what is below their base, and nothing beside it', async () => {
    await using beside = await flakyUpstream()
    beside.on('/**', { body: 'beside' })
    const upstream = handled(`${beside.url}/v1/`).on('/**', { body: 'below' })
    const texts = ['/v1', '/v1/a?b', '/v10'].map(async (path) => (await fetch(beside.url + path)).text())
    expect(await Promise.all(texts)).toEqual(['below', 'below', 'beside'])
    expect(upstream.requests.map(({ path }) => path).sort()).toEqual(['/v1', '/v1/a'])
  })

  it('are brought through a limit by createFetch', async () => {
    const clock = fakeClock()
    const upstream = handled(origin, { clock })
      .on('/**', { body: { ok: true } })
      .limit('/**', { limit: 2, windowMs: 10_000, dialect: 'github' })
    const fetch = createFetch({ clock, random: seededRandom(1), deadlineMs: false, attemptTimeoutMs: false })
    const statuses: number[] = []
    for (let call = 0; call < 5; call++) {
      const answer = fetch(`${origin}/a`)
      // The network of msw takes its real time, and the limit that of the clock.
      await expect
        .poll(() => Promise.race([answer, clock.advance(1_000)]).then((response) => response !== undefined))
        .toBe(true)
      statuses.push((await answer).status)
      expect(rateLimitOf(await answer)?.limit).toBe(2)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(upstream.requests.filter(({ isRefused }) => isRefused)).toEqual([])
  })

  it.each(['reset', 'close', 'not_http', 'headers_overflow', 'headers_cut', 'reset_after_headers'] as const)(
    'play %s as a network error that says no more',
    async (fault) => {
      handled().on('/**', { fault, body: 'ab' })
      expect(await factsOf(() => fetch(origin))).toEqual({ ...faultFacts.close, reason: 'network' })
    },
  )

  it.each<UpstreamFault>(['reset_in_body', 'body_cut', 'chunks_cut', 'encoding_wrong'])(
    'play %s as it is',
    async (fault) => {
      handled().on('/**', { fault, body: 'as long as it takes' })
      expect(await factsOf(async () => (await fetch(origin)).text())).toEqual(faultFacts[fault])
    },
  )

  it.each<UpstreamFault>(['body_too_long', 'answered_twice', 'stale_connection'])('do no harm by %s', async (fault) => {
    handled().on('/**', { fault, body: 'ab' })
    expect(await (await fetch(origin)).text()).toBe('ab')
  })

  it.each<UpstreamFault>(['hang', 'body_stalls', 'body_endless'])('play %s until the signal aborts', async (fault) => {
    const upstream = handled().on('/**', { fault, body: 'ab', chunkDelayMs: 1 })
    const controller = new AbortController()
    const call = fetch(origin, { signal: controller.signal }).then((response) => response.text())
    const rejection = call.catch((error: unknown) => error)
    await expect.poll(() => upstream.requests.length).toBe(1)
    controller.abort('enough')
    expect(await rejection).toBe('enough')
  })

  it('answer clients on node:http too, piece by piece', async () => {
    handled().on('/**', { body: 'abc', bytesPerChunk: 1 })
    const [response] = (await once(https.get(origin), 'response')) as [IncomingMessage]
    response.setEncoding('utf8')
    expect((await response.toArray()).join('')).toBe('abc')
  })

  it('refuse faults of connections that do not come about', () => {
    expect(() => handled().on('/', { fault: 'dns_temporary' })).toThrow(InvalidOptionsError)
  })
})
