import { describe, expect, it } from 'vitest'
import { ToldQuota } from '../../src/rate-limit/told-quota.ts'

/** A quota of ten calls in `windowMs`, of which all are used at the time 0. */
function usedUp(windowMs: number): ToldQuota {
  const quota = new ToldQuota(25, 0, 0)
  quota.started(0)
  tell(quota, 0, 0, windowMs, true)
  return quota
}

function tell(quota: ToldQuota, atMs: number, remaining: number, resetMs: number, isSuccess: boolean): void {
  const reading = { policy: 'default', source: 'ratelimit', limit: 10, remaining, resetMs }
  quota.started(atMs)
  quota.finished({ startedAtMs: atMs, isSuccess, reading, cost: 1, inFlight: 0 }, atMs)
}

describe('ToldQuota: a policy of which no answer says how much is left', () => {
  const policy = { policy: 'burst', source: 'ratelimit-policy', limit: 10, windowMs: 60_000 }

  function told(remaining?: number): ToldQuota {
    const quota = new ToldQuota(25, 0, 0)
    const reading = remaining === undefined ? policy : { ...policy, remaining }
    quota.started(0)
    quota.finished({ startedAtMs: 0, isSuccess: true, reading, cost: 1, inFlight: 0 }, 1)
    return quota
  }

  it('holds nobody back, however many are in flight and whatever they cost', () => {
    expect(told().startMs(1_000, 1, 2)).toBe(2)
    expect(told().startMs(0, 50, 2)).toBe(2)
  })

  it('does as soon as one does', () => {
    expect(told(9).startMs(9, 1, 2)).toBeGreaterThan(2)
    expect(told(9).startMs(0, 50, 2)).toBe(Infinity)
  })
})

describe('ToldQuota: a reset that restores nothing', () => {
  it('makes calls keep to the average pace for five windows, and for ten when it does so again', () => {
    const quota = usedUp(10_000)
    tell(quota, 10_000, 0, 10_000, false)
    tell(quota, 20_000, 9, 10_000, true)
    expect(quota.startMs(0, 1, 20_000)).toBe(21_100)
    tell(quota, 59_999, 9, 10_000, true)
    expect(quota.startMs(0, 1, 59_999)).toBe(61_099)
    expect(quota.startMs(0, 1, 60_000)).toBe(60_000)

    tell(quota, 70_000, 0, 10_000, false)
    tell(quota, 80_000, 9, 10_000, true)
    expect(quota.startMs(0, 1, 169_999)).toBe(169_999)
    tell(quota, 169_999, 9, 10_000, true)
    expect(quota.startMs(0, 1, 169_999)).toBe(171_099)
    expect(quota.startMs(0, 1, 170_000)).toBe(170_000)
  })

  it('is none that refuses a call before it: others may use the limit', () => {
    const quota = usedUp(10_000)
    tell(quota, 9_999, 0, 1_000, false)
    tell(quota, 20_000, 9, 10_000, true)
    expect(quota.startMs(0, 1, 20_000)).toBe(20_000)
  })

  it('spreads nothing over a window of more than a minute', () => {
    const quota = usedUp(120_000)
    tell(quota, 120_000, 0, 120_000, false)
    tell(quota, 240_000, 9, 120_000, true)
    expect(quota.startMs(0, 1, 240_000)).toBe(240_000)
  })
})

describe('ToldQuota: answers that overtake each other', () => {
  function answered(quota: ToldQuota, startedAtMs: number, nowMs: number, remaining: number, resetMs: number): void {
    const reading = { policy: 'default', source: 'ratelimit', limit: 10, remaining, resetMs }
    quota.started(startedAtMs)
    quota.finished({ startedAtMs, isSuccess: true, reading, cost: 1, inFlight: 5 }, nowMs)
  }

  it('tell of the window in which they were sent, though they come after its reset', () => {
    const quota = new ToldQuota(25, 0, 0)
    answered(quota, 400, 500, 2, 1_000)
    answered(quota, 390, 1_600, 8, 1_000)
    // Two were left.
    quota.started(1_600)
    expect(quota.startMs(2, 1, 1_600)).toBeGreaterThan(1_600)
    answered(quota, 1_600, 1_700, 9, 900)
    expect(quota.startMs(8, 1, 1_700)).toBe(1_700)
    expect(quota.startMs(9, 1, 1_700)).toBeGreaterThan(1_700)
  })

  it('tell no later reset because they were long under way', () => {
    const quota = new ToldQuota(25, 0, 0)
    answered(quota, 400, 500, 2, 10_000)
    answered(quota, 390, 4_000, 8, 10_000)
    expect(quota.startMs(1, 1, 4_000)).toBe(4_000)
    expect(quota.startMs(2, 1, 4_000)).toBeGreaterThan(4_000)
  })
})
