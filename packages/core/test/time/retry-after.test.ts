import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRetryAfter, parseRetryAfterField } from '../../src/time/retry-after.ts'

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0)

function waitOf(headers: Record<string, string>): number | undefined {
  return parseRetryAfter(new Headers(headers), NOW)
}

describe('parseRetryAfter', () => {
  test.each([
    ['30', 30_000],
    ['0', 0],
    ['1.5', 1_500],
    ['0.0001', 1],
    [' 30 ', 30_000],
    ['30, 60', 60_000],
    ['Sat, 31 Jan 2026 12:00:30 GMT', 30_000],
    ['Saturday, 31-Jan-26 12:00:30 GMT', 30_000],
    ['Sat Jan 31 12:00:30 2026', 30_000],
    ['Sun Feb  1 12:00:00 2026', 86_400_000],
    ['Sat, 31 Jan 2026 11:59:30 GMT', 0],
    ['2026-01-31T12:00:30Z', 30_000],
    ['2026-01-31T13:00:30.500+01:00', 30_500],
    ['6m0s', 360_000],
    ['1h2.5s', 3_602_500],
    ['12ms', 12],
    ['824.5µs', 1],
    ['1ms200Âµs', 2],
    ['3s1500us', 3_002],
    ['1h15m30.918273645s', 4_530_919],
    ['900ns', 1],
  ])('reads retry-after: %s as %d ms', (value, ms) => {
    expect(waitOf({ 'retry-after': value })).toBe(ms)
  })

  test.each([
    '',
    '-5',
    '+5',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    'soon',
    '30 s',
    '9'.repeat(40),
    'Sat, 31 Feb 2026 12:00:30 GMT',
    'Sat, 31 Jan 2026 25:00:00 GMT',
    'Sat, 31 Jan 2026 12:00:30',
    '2026-01-31',
    '2026-01-31T12:00:30',
  ])('ignores retry-after: %s', (value) => {
    expect(waitOf({ 'retry-after': value })).toBeUndefined()
  })

  test('measures a date against the date header of the answer, so that a wrong clock does not matter', () => {
    const date = 'Sat, 31 Jan 2026 14:00:00 GMT'
    expect(waitOf({ date, 'retry-after': 'Sat, 31 Jan 2026 14:00:30 GMT' })).toBe(30_000)
    expect(waitOf({ date, 'x-ratelimit-reset': String(Date.UTC(2026, 0, 31, 14, 0, 30) / 1000) })).toBe(30_000)
    expect(waitOf({ date: 'yesterday', 'retry-after': 'Sat, 31 Jan 2026 12:00:30 GMT' })).toBe(30_000)
  })

  test('takes a two-digit year that seems more than 50 years ahead for the past', () => {
    expect(waitOf({ 'retry-after': 'Sunday, 06-Nov-94 08:49:37 GMT' })).toBe(0)
    expect(waitOf({ 'retry-after': 'Friday, 31-Jan-76 12:00:30 GMT' })).toBe(Date.UTC(2076, 0, 31, 12, 0, 30) - NOW)
  })

  test.each(['ratelimit-reset', 'x-ratelimit-reset'])('reads %s as seconds from now', (header) => {
    expect(waitOf({ [header]: '30' })).toBe(30_000)
  })

  test('takes a number above 1e9 for epoch seconds and above 1e12 for epoch milliseconds', () => {
    expect(waitOf({ 'x-ratelimit-reset': String(NOW / 1000 + 30) })).toBe(30_000)
    expect(waitOf({ 'x-ratelimit-reset': String(NOW / 1000 + 30.25) })).toBe(30_250)
    expect(waitOf({ 'x-ratelimit-reset': String(NOW + 30_000) })).toBe(30_000)
    expect(waitOf({ 'x-ratelimit-reset': String(NOW / 1000 - 30) })).toBe(0)
    expect(waitOf({ 'x-ratelimit-reset': '1000000000' })).toBe(1e12)
  })

  test('prefers retry-after-ms, then retry-after, then the resets, and skips what cannot be read', () => {
    const all = { 'retry-after-ms': '1', 'retry-after': '2', 'ratelimit-reset': '3', 'x-ratelimit-reset': '4' }
    expect(waitOf(all)).toBe(1)
    expect(waitOf({ ...all, 'retry-after-ms': 'x' })).toBe(2_000)
    expect(waitOf({ ...all, 'retry-after-ms': 'x', 'retry-after': 'x' })).toBe(3_000)
    expect(waitOf({ ...all, 'retry-after-ms': 'x', 'retry-after': 'x', 'ratelimit-reset': 'x' })).toBe(4_000)
    expect(waitOf({})).toBeUndefined()
  })

  test('rounds a retry-after-ms with a fraction up', () => {
    expect(waitOf({ 'retry-after-ms': '120.5' })).toBe(121)
  })

  test('is undefined or a whole number of milliseconds that is not negative, for any headers', () => {
    const value = fc
      .oneof(fc.string(), fc.nat().map(String), fc.double().map(String), fc.date().map(String))
      .filter((text) => {
        try {
          return new Headers({ x: text }).has('x')
        } catch {
          return false
        }
      })
    const names = ['retry-after-ms', 'retry-after', 'ratelimit-reset', 'x-ratelimit-reset', 'date']
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), value),
        fc.integer({ min: 0, max: 4e12 }),
        (headers, now) => {
          const wait = parseRetryAfter(new Headers(headers), now)
          expect(wait === undefined || (Number.isInteger(wait) && wait >= 0)).toBe(true)
        },
      ),
    )
  })
})

describe('parseRetryAfterField', () => {
  test('leaves the resets of limits alone', () => {
    expect(parseRetryAfterField(new Headers({ 'retry-after': '2', 'ratelimit-reset': '3' }), NOW)).toBe(2_000)
    expect(parseRetryAfterField(new Headers({ 'ratelimit-reset': '3' }), NOW)).toBeUndefined()
  })
})
