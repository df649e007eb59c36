import { parseWaitValue, sentAtOf } from './wait-value.ts'

// Longer than 11 days in milliseconds is a moment that somebody wrote into the wrong field.
const MAX_DELAY_MS = 1e9

/**
 * How long an answer asks to wait, in whole milliseconds and never negative: `retry-after-ms`, then `retry-after`
 * (RFC 9110 section 10.2.3), then `ratelimit-reset` and `x-ratelimit-reset`. `undefined` when none of them can be read.
 *
 * Numbers are seconds from now, whole or with a fraction. A number above 1e9 is taken for a moment in epoch seconds and
 * one above 1e12 for epoch milliseconds, because many providers send that. Moments are measured against the answer's own
 * `date` header, so that a wrong clock on either side does not matter, and against `now` when it has none.
 *
 * @param now - Wall-clock time in milliseconds since the epoch.
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  return (
    parseRetryAfterField(headers, now) ??
    parseWait(headers, 'ratelimit-reset', now) ??
    parseWait(headers, 'x-ratelimit-reset', now)
  )
}

/** As `parseRetryAfter`, of `retry-after-ms` and `retry-after` alone: a limit's reset says nothing about a maintenance. */
export function parseRetryAfterField(headers: Headers, now: number): number | undefined {
  return parseDelayMs(headers.get('retry-after-ms')) ?? parseWait(headers, 'retry-after', now)
}

function parseDelayMs(field: string | null): number | undefined {
  const text = field?.trim() ?? ''
  return /^\d{1,15}(?:\.\d{1,9})?$/.test(text) && Number(text) <= MAX_DELAY_MS ? Math.ceil(Number(text)) : undefined
}

function parseWait(headers: Headers, name: string, now: number): number | undefined {
  const field = headers.get(name)
  return field === null ? undefined : parseWaitValue(field, sentAtOf(headers, now))
}
