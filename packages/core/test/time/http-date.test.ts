import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHttpDate } from '../../src/time/http-date.ts'

describe('parseHttpDate', () => {
  it('reads back every second between the years 1000 and 9999 that a Date writes', () => {
    const min = Date.UTC(1000, 0, 1) / 1_000
    const max = Date.UTC(9999, 11, 31, 23, 59, 59) / 1_000
    fc.assert(
      fc.property(fc.integer({ min, max }), (seconds) => {
        expect(parseHttpDate(new Date(seconds * 1_000).toUTCString(), 0)).toBe(seconds * 1_000)
      }),
      { numRuns: 2_000 },
    )
  })

  it('knows the last day of every month of every kind of year', () => {
    for (const year of [1900, 2000, 2023, 2024, 2100])
      for (let month = 0; month < 12; month++) {
        const lastMs = Date.UTC(year, month + 1, 0)
        const text = new Date(lastMs).toUTCString()
        expect(parseHttpDate(text, 0)).toBe(lastMs)
        const day = new Date(lastMs).getUTCDate()
        expect(parseHttpDate(text.replace(` ${day} `, ` ${day + 1} `), 0)).toBeUndefined()
      }
  })

  it.each(['Sun, 00 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 24:00:00 GMT', 'Sun, 06 Nov 1994 08:60:00 GMT'])(
    'does not read %s',
    (text) => {
      expect(parseHttpDate(text, 0)).toBeUndefined()
    },
  )

  it('takes a leap second for the one after it', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', 0)).toBe(Date.UTC(2017, 0, 1))
  })
})
