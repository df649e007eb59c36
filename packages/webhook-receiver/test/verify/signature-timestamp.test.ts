import type { SignatureSource, SignatureTimestamp } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { compileTimestamp, judgeTimestamp, parseTimestampMs } from '../../src/verify/signature-timestamp.ts'

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

describe('parseTimestampMs of RFC 3339', () => {
  test.each([
    ['2025-11-24T16:00:00Z', 1_764_000_000_000],
    ['2025-11-24t16:00:00z', 1_764_000_000_000],
    ['2025-11-24T18:00:00+02:00', 1_764_000_000_000],
    ['2025-11-24T15:30:00-00:30', 1_764_000_000_000],
    ['2025-11-24T16:00:00.5Z', 1_764_000_000_500],
    ['2025-11-24T16:00:00.12345678901234567890Z', 1_764_000_000_123],
    ['2025-11-24T15:59:60Z', 1_763_999_999_000],
    ['2024-02-29T00:00:00Z', 1_709_164_800_000],
  ])('reads %s', (text, ms) => {
    expect(parseTimestampMs(text, 'rfc3339')).toBe(ms)
  })

  test.each([
    '',
    '2025-11-24',
    '2025-11-24T16:00:00',
    '2025-11-24 16:00:00Z',
    '2025-11-24T16:00Z',
    '2025-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-11-24T24:00:00Z',
    '2025-11-24T16:60:00Z',
    '2025-11-24T16:00:61Z',
    '2025-11-24T16:00:00.Z',
    '2025-11-24T16:00:00+25:00',
    '2025-11-24T16:00:00+0200',
    '+002025-11-24T16:00:00Z',
    '2025-11-24T16:00:00Z ',
    '1764000000',
  ])('refuses %j', (text) => {
    expect(parseTimestampMs(text, 'rfc3339')).toBeUndefined()
  })

  test('reads what JavaScript writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          expect(parseTimestampMs(date.toISOString(), 'rfc3339')).toBe(date.getTime())
        },
      ),
    )
  })
})

describe('parseTimestampMs of any format', () => {
  test.each(['epoch_s', 'epoch_ms', 'epoch', 'rfc3339'] as const)(
    'reads %s from no text as another number',
    (format) => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), (text) => {
          const ms = parseTimestampMs(text, format)
          expect(ms === undefined || Number.isSafeInteger(Math.trunc(ms / 1000))).toBe(true)
        }),
      )
    },
  )

  test('tells seconds from milliseconds by their size', () => {
    expect(parseTimestampMs('99999999999', 'epoch')).toBe(99_999_999_999_000)
    expect(parseTimestampMs('100000000000', 'epoch')).toBe(100_000_000_000)
  })
})

describe('compileTimestamp', () => {
  const signature = { from: 'header', name: 'x-sig', format: { kind: 'keyValue', separator: ',', key: 'v1' } } as const
  const timed = (timestamp: SignatureTimestamp, source: SignatureSource, ...values: readonly string[]) => {
    const headers = values.map((value): [string, string] => ['X-Sig', value])
    return compileTimestamp(timestamp, source)(new RequestReader({ headers, body: new Uint8Array(), receivedAt: 0 }))
  }
  const keyed: SignatureTimestamp = { from: 'header', name: 'x-sig', key: 't', format: 'epoch_s' }

  test('reads the time among the pairs of the signature', () => {
    expect(timed(keyed, signature, 'v1=a, t=12')).toEqual({ text: '12', ms: 12_000 })
    expect(timed(keyed, signature, 't=12', 'v1=a')).toEqual({ text: '12', ms: 12_000 })
  })

  test.each([[['v1=a']], [['t=1,t=2']], [['t=1,t=1']], [['t=1', 't=2']], [['t=']], [['t=1x']], [['xt=1']]])(
    'finds no one time in %j',
    (values) => {
      expect(timed(keyed, signature, ...values)).toBe('malformed_timestamp')
    },
  )

  test('reads the time at an index, and a whole value', () => {
    const list: SignatureSource = {
      from: 'header',
      name: 'x-sig',
      format: { kind: 'positional', separator: ',', from: 1 },
    }
    const indexed: SignatureTimestamp = { from: 'header', name: 'x-sig', index: 0, format: 'epoch_ms' }
    expect(timed(indexed, list, '12,aa')).toEqual({ text: '12', ms: 12 })
    const whole: SignatureTimestamp = { from: 'header', name: 'x-sig', format: 'epoch_ms' }
    expect(timed(whole, list, '12')).toEqual({ text: '12', ms: 12 })
    expect(timed(whole, list, '12', '12')).toBe('duplicate_header')
    expect(timed(whole, list)).toBe('missing_header')
  })
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
