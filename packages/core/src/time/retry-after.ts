import { parseHttpDate } from './http-date.ts'

const DELTA_OR_EPOCH = /^\d{1,15}(?:\.\d{1,9})?$/
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/i

// No server means a delay of more than 30 years: such a number is a moment, in seconds or in milliseconds.
const EPOCH_SECONDS_ABOVE = 1e9
const EPOCH_MS_ABOVE = 1e12

/**
 * How long an answer asks to wait, in milliseconds and never negative: `retry-after-ms`, then `retry-after`
 * (RFC 9110 section 10.2.3), then `ratelimit-reset` and `x-ratelimit-reset`. `undefined` when none of them can be read.
 *
 * Numbers are seconds from now, whole or with a fraction. A number above 1e9 is taken for a moment in epoch seconds and
 * one above 1e12 for epoch milliseconds, because many providers send that. Moments are measured against the answer's own
 * `date` header, so that a wrong clock on either side does not matter, and against `now` when it has none.
 *
 * @param now - Wall-clock time in milliseconds since the epoch.
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  return parseRetryAfterField(headers, now) ?? parseResetField(headers, now)
}

/** As `parseRetryAfter`, of `retry-after-ms` and `retry-after` alone: a limit's reset says nothing about a maintenance. */
export function parseRetryAfterField(headers: Headers, now: number): number | undefined {
  return parseDelayMs(headers.get('retry-after-ms')) ?? parseWait(headers.get('retry-after'), headers, now)
}

function parseResetField(headers: Headers, now: number): number | undefined {
  return (
    parseWait(headers.get('ratelimit-reset'), headers, now) ?? parseWait(headers.get('x-ratelimit-reset'), headers, now)
  )
}

function parseDelayMs(field: string | null): number | undefined {
  const text = field?.trim() ?? ''
  return DELTA_OR_EPOCH.test(text) && Number(text) <= EPOCH_SECONDS_ABOVE ? Number(text) : undefined
}

function parseWait(field: string | null, headers: Headers, now: number): number | undefined {
  if (field === null) return undefined
  const text = field.trim()
  const waits = (isNumberList(text) ? text.split(',') : [text])
    .map((item) => parseItem(item.trim(), headers, now))
    .filter((wait) => wait !== undefined)
  return waits.length === 0 ? undefined : Math.max(...waits)
}

/** A field that was sent twice arrives joined by a comma; a date has a comma of its own. */
function isNumberList(text: string): boolean {
  return /^[\d., ]+$/.test(text)
}

function parseItem(text: string, headers: Headers, now: number): number | undefined {
  if (!DELTA_OR_EPOCH.test(text)) {
    const moment = parseHttpDate(text, now) ?? (ISO_8601.test(text) ? Date.parse(text) : undefined)
    return moment === undefined || Number.isNaN(moment) ? undefined : waitUntil(moment, headers, now)
  }
  const value = Number(text)
  if (value > EPOCH_MS_ABOVE) return waitUntil(value, headers, now)
  if (value > EPOCH_SECONDS_ABOVE) return waitUntil(value * 1000, headers, now)
  return Math.ceil(value * 1000)
}

function waitUntil(moment: number, headers: Headers, now: number): number {
  const sentAt = parseHttpDate(headers.get('date')?.trim() ?? '', now)
  return Math.max(0, Math.ceil(moment - (sentAt ?? now)))
}
