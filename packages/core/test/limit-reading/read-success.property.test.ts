import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RateLimitReading } from '../../src/limit-reading/rate-limit-reading.ts'
import { readLimitHeaders } from '../../src/limit-reading/read-headers.ts'
import { readSuccessHeaders } from '../../src/limit-reading/read-success.ts'
import { headerValue, wallClock } from './header-values.ts'

const prefixes = ['ratelimit', 'x-ratelimit', 'x-rate-limit', 'rate-limit'] as const

const withoutSource = (readings: readonly RateLimitReading[]) =>
  readings.map(({ source: _source, ...reading }) => reading)

/** The fields of one dialect, each with any value or left out, and what comes with them. */
const fieldsOf = (prefix: string) =>
  fc.record(
    {
      [`${prefix}-remaining`]: headerValue,
      [`${prefix}-limit`]: headerValue,
      [`${prefix}-reset`]: headerValue,
      [`${prefix}-used`]: headerValue,
      'ratelimit-policy': fc.constantFrom('10;w=60', '"a";q=5;w=1', '10;w=1, 50;w=60', '"'),
      ratelimit: fc.constantFrom('"a";r=1;t=2', 'limit=1, remaining=0, reset=9', ';'),
      age: fc.constantFrom('0', '60', ''),
      date: headerValue,
    },
    { requiredKeys: [] },
  )

test.each(prefixes)('a success and a refusal with the same %s fields say the same of the limit', (prefix) => {
  fc.assert(
    fc.property(fieldsOf(prefix), wallClock, (fields, now) => {
      const headers = new Headers(Object.entries(fields) as [string, string][])
      const read = withoutSource(readSuccessHeaders(headers, now))
      const isLookedFor = headers.has(`${prefix}-remaining`) || headers.has('ratelimit')
      expect(read).toEqual(isLookedFor ? withoutSource(readLimitHeaders(headers, now)) : [])
    }),
    { numRuns: 1_000 },
  )
})
