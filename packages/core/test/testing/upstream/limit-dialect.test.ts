import { describe, expect, it } from 'vitest'
import { fillHeaders, fillTemplate, limitWords } from '../../../src/testing/upstream/limit-dialect.ts'

const state = { limit: 40, remaining: 8, cost: 3, windowMs: 20_000 }
const words = limitWords({ ...state, resetMs: 365_250, waitMs: 12, now: Date.UTC(2026, 0, 31, 12) })

describe('a dialect', () => {
  it.each([
    ['{used}/{limit}', '32/40'],
    ['{remaining};w={window_s};{window_ms}', '8;w=20;20000'],
    ['{reset_s} {reset_ms} {reset_s_float}', '366 365250 365.25'],
    ['{reset_epoch_s} {reset_epoch_ms} {reset_epoch_s_float}', '1769861166 1769861165250 1769861165.250'],
    ['{reset_iso}', '2026-01-31T12:06:06Z'],
    ['{reset_http_date}', 'Sat, 31 Jan 2026 12:06:06 GMT'],
    ['{reset_go} {wait_go}', '6m5.25s 12ms'],
    ['{wait_s} {wait_s_float}', '1 0.012'],
    ['{nobody}', '{nobody}'],
  ])('says %s as %s', (template, text) => {
    expect(fillHeaders({ 'x-a': template }, words)).toEqual({ 'x-a': text })
  })

  it('says numbers that stand alone in a body as numbers, at any depth', () => {
    const template = { a: ['{cost}', { b: '{restore_per_second}' }], c: '{wait_s_float}', d: '{reset_iso}', e: null }
    expect(fillTemplate(template, words)).toEqual({
      a: [3, { b: 2 }],
      c: 0.012,
      d: '2026-01-31T12:06:06Z',
      e: null,
    })
    expect(fillTemplate('{limit} a day', words)).toBe('40 a day')
  })

  it('writes durations of hours, and none at all, as Go does', () => {
    const at = (ms: number) => limitWords({ ...state, resetMs: ms, waitMs: 0, now: 0 })
    expect([at(3_660_000).reset_go, at(61_500).reset_go, at(1_000).reset_go, at(0).reset_go]).toEqual([
      '1h1m0s',
      '1m1.5s',
      '1s',
      '0s',
    ])
  })
})
