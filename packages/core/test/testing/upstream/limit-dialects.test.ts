import { describe, expect, it } from 'vitest'
import { createFetch, integrationErrorOf, rateLimitOf } from '../../../src/index.ts'
import {
  fakeClock,
  flakyFetch,
  type LimitDialectName,
  limitDialects,
  seededRandom,
} from '../../../src/testing/index.ts'

const url = 'https://api.example.com/things'

// What an answer alone tells, without a connector.
type Reading =
  // How much is left and until when: the limit is not met a second time.
  | 'everything'
  // The same, but who meets the limit, because several were sent at once, does not see that it is one.
  | 'everything but the refusal'
  // How long to wait, once it was met: it is met once in each window.
  | 'the wait'
  // That there is a limit, and no more.
  | 'that it is one'
  // Only who knows the provider sees that it is a limit.
  | 'nothing'

const readings: Readonly<Record<LimitDialectName, Reading>> = {
  status_only: 'that it is one',
  retry_after: 'the wait',
  retry_after_float: 'the wait',
  retry_after_date: 'the wait',
  retry_after_ms: 'the wait',
  ratelimit_triple: 'everything',
  x_ratelimit_triple: 'everything',
  ratelimit_draft_00: 'everything',
  ratelimit_draft_03: 'everything',
  ratelimit_draft_07: 'everything',
  ratelimit_draft_08: 'everything',
  anthropic: 'everything',
  atlassian: 'the wait',
  azure_api_management: 'the wait',
  azure_openai: 'everything',
  cloudflare: 'everything',
  confluence_data_center: 'everything',
  discord: 'everything',
  github: 'everything',
  github_graphql: 'everything but the refusal',
  github_secondary: 'the wait',
  google: 'nothing',
  google_daily: 'nothing',
  hubspot: 'the wait',
  hubspot_daily: 'that it is one',
  linear: 'everything but the refusal',
  microsoft_graph: 'the wait',
  notion: 'the wait',
  openai: 'everything',
  openai_quota: 'that it is one',
  reddit: 'everything',
  salesforce: 'nothing',
  shopify_graphql: 'nothing',
  shopify_rest: 'the wait',
  slack: 'the wait',
  stripe: 'that it is one',
  x: 'everything',
  xero: 'the wait',
  zendesk: 'everything',
}
const dialectsThatTell = (...told: readonly Reading[]) =>
  (Object.keys(readings) as LimitDialectName[]).filter((name) => told.includes(readings[name]))

/** An upstream with five requests in any ten seconds, and a fetch function that knows no more than its answers say. */
function limited(dialect: LimitDialectName) {
  const clock = fakeClock()
  const upstream = flakyFetch({ clock })
    .on('/**', { body: { ok: true } })
    .limit('/**', { limit: 5, windowMs: 10_000, dialect })
  const options = { fetch: upstream.fetch, clock, random: seededRandom(7), deadlineMs: 120_000 }
  return { clock, upstream, options, fetch: createFetch(options) }
}

describe('limitDialects', () => {
  it.each(Object.keys(limitDialects) as LimitDialectName[])('%s has words for all that it names', async (dialect) => {
    const { clock, upstream } = limited(dialect)
    for (let call = 0; call < 6; call++) {
      const response = await clock.runUntil(upstream.fetch(url))
      expect(JSON.stringify([[...response.headers], await response.text()])).not.toMatch(/\{\w+\}/)
      expect(response.status).toBe(call < 5 ? 200 : limitDialects[dialect].refused.status)
    }
  })
})

describe('createFetch without a connector', () => {
  it.each(dialectsThatTell('everything', 'the wait'))(
    'brings 20 callers through a limit told as %s',
    async (dialect) => {
      const { clock, upstream, fetch } = limited(dialect)
      const responses = await clock.runUntil(Promise.all(Array.from({ length: 20 }, () => fetch(url))))
      expect(responses.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
      const [first, ...others] = upstream.requests.filter(({ isRefused }) => isRefused)
      const repeated = others.filter(({ atMs }) => atMs > (first?.atMs ?? 0))
      // Three windows follow the one in which all were sent at once; the last has nothing to refuse.
      expect(repeated.length).toBeLessThanOrEqual(readings[dialect] === 'everything' ? 0 : 2)
    },
  )

  it.each(dialectsThatTell('everything', 'everything but the refusal'))(
    'never meets a limit again that %s tells, one call after the other',
    async (dialect) => {
      const { clock, upstream, fetch } = limited(dialect)
      for (let call = 0; call < 12; call++) {
        const response = await clock.runUntil(fetch(url))
        expect(response.status).toBe(200)
        expect(rateLimitOf(response)?.remaining).toBe(4 - (call % 5))
      }
      expect(upstream.requests).toHaveLength(12)
      // Two windows have passed, and no more than their resets, rounded up to seconds, ask for.
      expect(clock.monotonicMs()).toBeLessThan(2 * 13_000)
    },
  )

  it.each(dialectsThatTell('that it is one'))('says rate_limited when %s refuses', async (dialect) => {
    const { clock, options } = limited(dialect)
    const fetch = createFetch({ ...options, retry: false })
    for (let call = 0; call < 5; call++) await clock.runUntil(fetch(url))
    const failure = integrationErrorOf(await clock.runUntil(fetch(url)))
    expect([failure?.code, failure?.retryAfterMs]).toEqual(['rate_limited', undefined])
  })

  it.each(dialectsThatTell('nothing'))('cannot know what %s means', async (dialect) => {
    const { clock, upstream, fetch } = limited(dialect)
    for (let call = 0; call < 5; call++) await clock.runUntil(fetch(url))
    const response = await clock.runUntil(fetch(url))
    expect(upstream.requests.at(-1)?.isRefused).toBe(true)
    expect(integrationErrorOf(response)?.code).not.toBe('rate_limited')
    expect(upstream.requests).toHaveLength(6)
  })
})
