import { describe, expect, test } from 'vitest'
import { judgeTimestamp, parseTimestampMs } from '../../src/verify/signature-timestamp.ts'

describe('parseTimestampMs', () => {
  test('reads whole seconds and milliseconds', () => {
    expect(parseTimestampMs('1700000000', 'epoch_s')).toBe(1_700_000_000_000)
    expect(parseTimestampMs('1700000000000', 'epoch_ms')).toBe(1_700_000_000_000)
    expect(parseTimestampMs('999999999999999', 'epoch_s')).toBe(999_999_999_999_999_000)
  })

  test.each(['', ' 1', '1 ', '+1', '-1', '1.0', '1e9', '0x10', '١', '2026-11-22T00:00:00Z', '1'.repeat(16), 'NaN'])(
    'refuses %j',
    (text) => {
      expect(parseTimestampMs(text, 'epoch_s')).toBeUndefined()
    },
  )
})

describe('judgeTimestamp', () => {
  test.each([
    [1000, undefined],
    [1001, 'stale_timestamp'],
    [-1000, undefined],
    [-1001, 'future_timestamp'],
  ])('judges an age of %d ms against a tolerance of 1000 ms', (ageMs, verdict) => {
    expect(judgeTimestamp(50_000, 50_000 + ageMs, 1000)).toBe(verdict)
  })

  test('lets nothing pass when there is no arrival time', () => {
    expect(judgeTimestamp(50_000, Number.NaN, 1000)).toBe('stale_timestamp')
  })
})
