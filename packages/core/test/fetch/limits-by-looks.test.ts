import { describe, expect, it } from 'vitest'
import { createFetch, type FetchOptions } from '../../src/index.ts'
import { fakeClock, flakyFetch, type LimitDialect, seededRandom } from '../../src/testing/index.ts'

const url = 'https://api.example.com/x'

/** An upstream that keeps one limit and tells of it, and perhaps of others, in these headers. */
function upstream(limit: { readonly limit: number; readonly windowMs: number }, told: Record<string, string>) {
  const clock = fakeClock()
  const dialect: LimitDialect = {
    told: { headers: told },
    refused: { status: 429, headers: { 'retry-after': '{wait_s}' } },
  }
  const host = flakyFetch({ clock })
    .on('/**', { body: { ok: true } })
    .limit('/**', { ...limit, dialect })
  const options: FetchOptions = { fetch: host.fetch, clock, random: seededRandom(3), deadlineMs: false }
  const refusals = (): number => host.requests.filter(({ isRefused }) => isRefused).length
  return { fetch: createFetch(options), clock, refusals }
}

const ofEndpoint = {
  'x-ratelimit-limit-endpoint': '{limit}',
  'x-ratelimit-remaining-endpoint': '{remaining}',
  'x-ratelimit-reset-endpoint': '{reset_s}',
}

describe('createFetch: limits that are known by their looks', () => {
  it.each<[string, Record<string, string>]>([
    ['of an endpoint alone', ofEndpoint],
    [
      'of an endpoint beside that of the account',
      { 'x-ratelimit-limit': '1000', 'x-ratelimit-remaining': '900', 'x-ratelimit-reset': '600', ...ofEndpoint },
    ],
    [
      'in pairs beside that of the account',
      {
        'ratelimit-limit': '1000',
        'ratelimit-remaining': '900',
        'ratelimit-reset': '600',
        'zendesk-ratelimit-tickets-index': 'total={limit}; remaining={remaining}; resets={reset_s}',
      },
    ],
    [
      'of something else than calls',
      {
        'x-ratelimit-limit-tokens': '{limit}',
        'x-ratelimit-remaining-tokens': '{remaining}',
        'x-ratelimit-reset-tokens': '{reset_s}',
      },
    ],
    [
      'told by what was used',
      { 'x-ratelimit-limit': '{limit}', 'x-ratelimit-used': '{used}', 'x-ratelimit-reset': '{reset_s}' },
    ],
  ])('are not hit: %s', async (_, told) => {
    const { fetch, clock, refusals } = upstream({ limit: 5, windowMs: 10_000 }, told)
    for (let call = 0; call < 60; call++) await clock.runUntil(fetch(url))
    expect(refusals()).toBe(0)
  })

  it('are kept apart where there are several policies of draft 03', async () => {
    const { fetch, clock } = upstream(
      { limit: 10, windowMs: 1_000 },
      {
        'ratelimit-limit': '{limit}',
        'ratelimit-remaining': '{remaining}',
        'ratelimit-reset': '{reset_s}',
        'ratelimit-policy': '10;w=1, 50;w=60, 1000;w=3600, 5000;w=86400',
      },
    )
    const responses = await clock.runUntil(Promise.all(Array.from({ length: 60 }, () => fetch(url))))
    expect(responses.every(({ status }) => status === 200)).toBe(true)
    expect(clock.monotonicMs()).toBeLessThan(6_000)
  })
})
