import { describe, expect, it } from 'vitest'
import { readLimitHeaders } from '../../src/limit-reading/read-headers.ts'
import { readSuccessHeaders } from '../../src/limit-reading/read-success.ts'

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0)

const withoutSource = (readings: ReturnType<typeof readLimitHeaders>) =>
  readings.map(({ source: _source, ...reading }) => reading)

describe('readSuccessHeaders', () => {
  it.each<Record<string, string>>([
    { 'ratelimit-limit': '10', 'ratelimit-remaining': '3', 'ratelimit-reset': '7' },
    { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '3.5', 'x-ratelimit-reset': String(NOW / 1000 + 9) },
    { 'x-rate-limit-remaining': '3', 'x-rate-limit-reset': '1m30s' },
    { 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': '9' },
    { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': '99999999' },
    { 'ratelimit-limit': '10, 10;w=1', 'ratelimit-remaining': '3', 'ratelimit-reset': '7' },
    { 'ratelimit-remaining': '3', 'ratelimit-reset': '7', 'ratelimit-policy': '10;w=60' },
    { 'ratelimit-remaining': '3', 'ratelimit-reset': '7', age: '60' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '0.5' },
    { ratelimit: '"a";r=1;t=2' },
    { 'x-ratelimit-remaining-requests': '5', 'x-ratelimit-reset-requests': '12ms' },
    { 'anthropic-ratelimit-requests-remaining': '5' },
    { 'rate-limit-limit': '600', 'rate-limit-remaining': '583', 'rate-limit-reset': '58.37' },
    { 'x-sib-ratelimit-limit': '100', 'x-sib-ratelimit-remaining': '7', 'x-sib-ratelimit-reset': '42' },
    { 'x-ratelimit-limit-minute': '10', 'x-ratelimit-remaining-minute': '4' },
    { 'x-ratelimit-limit-second': '10', 'x-ratelimit-remaining-second': '4' },
    { 'x-ratelimit-requests-remaining': '4', 'x-ratelimit-requests-reset': String(NOW + 2_500) },
    { 'x-hubspot-ratelimit-max': '100', 'x-hubspot-ratelimit-remaining': '0' },
    { 'content-type': 'application/json' },
  ])('reads what readLimitHeaders reads: %o', (fields) => {
    const headers = new Headers(fields)
    expect(withoutSource(readSuccessHeaders(headers, NOW))).toEqual(withoutSource(readLimitHeaders(headers, NOW)))
  })
})
