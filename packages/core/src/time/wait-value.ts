import { parseHttpDate } from './http-date.ts'

const NUMBER = /^\d{1,15}(?:\.\d{1,9})?$/
const NUMBER_LIST = /^[\d., ]+$/
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/i
const DATE_STRING = /^[a-z]{3} [a-z]{3} \d{2} \d{4} \d{2}:\d{2}:\d{2} GMT[+-]\d{4}(?: \([\w .+-]{1,60}\))?$/i
// As Go writes them; the "µ", which is two bytes, arrives as two characters.
const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:[mun]s|Â?µs|[smhd]))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)([mun]s|Â?µs|[smhd])/g
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  Âµs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

// No server means a delay of more than 30 years: such a number is a moment, in seconds or in milliseconds.
const EPOCH_SECONDS_ABOVE = 1e9
const EPOCH_MS_ABOVE = 1e12

/** How a value says when to come back. `moment`: an HTTP-date, ISO 8601 with a zone, or the text of a JavaScript `Date`. */
export type WaitFormat = 'delta_s' | 'delta_ms' | 'epoch_s' | 'epoch_ms' | 'moment' | 'duration'

/**
 * Reads how long a value asks to wait, in milliseconds and never negative; `undefined` when it cannot be read. Without
 * `format` the value says itself what it is: a number is seconds from now, above 1e9 epoch seconds, above 1e12 epoch
 * milliseconds; then dates and durations such as `6m0s`. Of a list of numbers, as a field that was sent twice arrives, the
 * longest counts.
 *
 * @param sentAt - When the answer was sent, in milliseconds since the epoch: what moments are measured against.
 */
export function parseWaitValue(value: string, sentAt: number, format?: WaitFormat): number | undefined {
  const text = value.trim()
  // A date has a comma of its own.
  if (!NUMBER_LIST.test(text) || !text.includes(',')) return parseItem(text, sentAt, format)
  const waits = text.split(',').map((item) => parseItem(item.trim(), sentAt, format))
  const known = waits.filter((wait) => wait !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** When the answer was sent: its own `date`, so that a wrong clock on either side does not matter, or else `now`. */
export function sentAtOf(headers: Headers, now: number): number {
  return parseHttpDate(headers.get('date')?.trim() ?? '', now) ?? now
}

function parseItem(text: string, sentAt: number, format: WaitFormat | undefined): number | undefined {
  if (NUMBER.test(text)) return parseNumber(Number(text), sentAt, format)
  if ((format === undefined || format === 'duration') && DURATION.test(text)) return durationMs(text)
  if (format !== undefined && format !== 'moment') return undefined
  const isMoment = ISO_8601.test(text) || DATE_STRING.test(text)
  const moment = parseHttpDate(text, sentAt) ?? (isMoment ? Date.parse(text) : Number.NaN)
  return Number.isNaN(moment) ? undefined : until(moment, sentAt)
}

function parseNumber(value: number, sentAt: number, format: WaitFormat | undefined): number | undefined {
  switch (format ?? formatOf(value)) {
    case 'delta_s':
      return Math.ceil(value * 1_000)
    case 'delta_ms':
      return Math.ceil(value)
    case 'epoch_s':
      return until(value * 1_000, sentAt)
    case 'epoch_ms':
      return until(value, sentAt)
    case 'moment':
    case 'duration':
      return undefined
  }
}

function formatOf(value: number): WaitFormat {
  if (value > EPOCH_MS_ABOVE) return 'epoch_ms'
  return value > EPOCH_SECONDS_ABOVE ? 'epoch_s' : 'delta_s'
}

function durationMs(text: string): number {
  let sumMs = 0
  for (const [, amount, unit = ''] of text.matchAll(DURATION_PART)) sumMs += Number(amount) * (UNIT_MS[unit] ?? 0)
  return Math.ceil(sumMs)
}

function until(moment: number, sentAt: number): number {
  return Math.max(0, Math.ceil(moment - sentAt))
}
