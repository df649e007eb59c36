import { describe, expect, it } from 'vitest'
import { readRateLimit } from '../../src/rate-limit/read-rate-limit.ts'

const read = (headers: Record<string, string>) => readRateLimit(new Headers(headers), 1_700_000_000_000)

describe('readRateLimit', () => {
  it.each<[string, Record<string, string>, object]>([
    [
      'the three fields of the drafts',
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '7', 'ratelimit-reset': '30' },
      { limit: 100, remaining: 7, resetMs: 30_000 },
    ],
    ['the x- forms', { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '0' }, { limit: 60, remaining: 0 }],
    ['a limit that policies follow', { 'ratelimit-limit': '10, 10;w=1, 50;w=60' }, { limit: 10 }],
    ['a fraction', { 'x-ratelimit-remaining': '98.0' }, { remaining: 98 }],
    ['an epoch', { 'x-ratelimit-reset': '1700000005' }, { resetMs: 5_000 }],
    ['Retry-After alone', { 'retry-after': '2' }, { resetMs: 2_000 }],
  ])('reads %s', (_, headers, expected) => {
    expect(read(headers)).toEqual(expected)
  })

  it.each([{}, { 'ratelimit-limit': 'many' }, { 'x-ratelimit-remaining': '-1' }])('finds nothing in %o', (headers) => {
    expect(read(headers)).toBeUndefined()
  })
})
