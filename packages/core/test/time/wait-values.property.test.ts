import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHttpDate } from '../../src/time/http-date.ts'
import { parseRetryAfter, parseRetryAfterField } from '../../src/time/retry-after.ts'
import { parseWaitValue, type WaitFormat } from '../../src/time/wait-value.ts'
import { headerValue } from '../header-value.ts'

const NOW = Date.UTC(2026, 5, 15, 12)
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const FULL_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const formats: readonly (WaitFormat | undefined)[] = [
  undefined,
  'delta_s',
  'delta_ms',
  'epoch_s',
  'epoch_ms',
  'moment',
  'duration',
]
const names = ['retry-after', 'retry-after-ms', 'ratelimit-reset', 'x-ratelimit-reset', 'date']

/** Texts that look like what providers send, in every form, right and nearly right. */
const waitText = fc.oneof(
  headerValue,
  fc.integer().map(String),
  fc.double().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map(String),
  fc
    .array(fc.tuple(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'µs', '')))
    .map((parts) => parts.flat().join('')),
  fc.array(fc.integer({ min: -1, max: 1e13 })).map((numbers) => numbers.join(', ')),
)

function isWait(wait: number | undefined): boolean {
  return wait === undefined || (Number.isFinite(wait) && wait >= 0)
}

/** Whole seconds, as HTTP-dates have them, of years with four digits. */
const second = fc
  .integer({ min: Date.UTC(1900, 0, 1) / 1_000, max: Date.UTC(9_999, 0, 1) / 1_000 })
  .map((seconds) => new Date(seconds * 1_000))
const twoDigits = (value: number): string => String(value).padStart(2, '0')
const timeOf = (date: Date): string => date.toUTCString().slice(17, 25)

describe('what an answer says about waiting', () => {
  it('is a time that can be waited, or nothing, whatever the headers hold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), waitText)), (fields) => {
        const headers = new Headers(fields)
        expect(isWait(parseRetryAfter(headers, NOW))).toBe(true)
        expect(isWait(parseRetryAfterField(headers, NOW))).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it('is a time or nothing in every format that a connector may name', () => {
    fc.assert(
      fc.property(waitText, fc.constantFrom(...formats), (text, format) => {
        expect(isWait(parseWaitValue(text, NOW, format))).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it('is the number of seconds, rounded up to a millisecond', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(999_999), (whole, fraction) => {
        const text = `${whole}.${String(fraction).padStart(6, '0')}`
        const wait = parseRetryAfter(new Headers({ 'retry-after': text }), NOW) ?? NaN
        expect(wait).toBeGreaterThanOrEqual(Number(text) * 1_000)
        expect(wait - Number(text) * 1_000).toBeLessThan(1)
        expect(parseRetryAfter(new Headers({ 'retry-after': `${whole}` }), NOW)).toBe(whole * 1_000)
      }),
    )
  })

  it('is the time from the `date` of the answer to the moment that it names, whatever our clock shows', () => {
    fc.assert(
      fc.property(second, fc.integer({ min: -1e6, max: 1e6 }), fc.nat(), (sentAt, seconds, now) => {
        const moment = new Date(sentAt.getTime() + seconds * 1_000)
        const headers = new Headers({ date: sentAt.toUTCString(), 'retry-after': moment.toUTCString() })
        expect(parseRetryAfter(headers, now)).toBe(Math.max(0, seconds * 1_000))
      }),
    )
  })

  it('is the sum of the parts of a duration', () => {
    const part = fc.tuple(fc.nat(999), fc.constantFrom(['ms', 1], ['s', 1e3], ['m', 6e4], ['h', 3.6e6], ['d', 8.64e7]))
    fc.assert(
      fc.property(fc.array(part as fc.Arbitrary<[number, [string, number]]>, { minLength: 1 }), (parts) => {
        const text = parts.map(([amount, [unit]]) => `${amount}${unit}`).join('')
        const sumMs = parts.reduce((sum, [amount, [, unitMs]]) => sum + amount * unitMs, 0)
        expect(parseWaitValue(text, NOW)).toBe(sumMs)
      }),
    )
  })
})

describe('parseHttpDate', () => {
  it('reads each of the three forms of every second, in any case', () => {
    fc.assert(
      fc.property(second, fc.boolean(), (date, upper) => {
        const [, day = '', month = ''] = date.toUTCString().split(' ')
        const [year, weekday] = [date.getUTCFullYear(), date.getUTCDay()]
        const asctimeDay = String(Number(day)).padStart(2, ' ')
        const texts = [date.toUTCString(), `${DAYS[weekday]} ${month} ${asctimeDay} ${timeOf(date)} ${year}`]
        for (const text of texts) expect(parseHttpDate(upper ? text.toUpperCase() : text, NOW)).toBe(date.getTime())
        // Two digits tell the year only around now.
        if (year < 1977 || year > 2076) return
        const rfc850 = `${FULL_DAYS[weekday]}, ${day}-${month}-${twoDigits(year % 100)} ${timeOf(date)} GMT`
        expect(parseHttpDate(rfc850, NOW)).toBe(date.getTime())
      }),
    )
  })

  it('gives a moment or nothing for any text', () => {
    fc.assert(
      fc.property(waitText, (text) => {
        const moment = parseHttpDate(text, NOW)
        expect(moment === undefined || Number.isFinite(moment)).toBe(true)
      }),
    )
  })
})
