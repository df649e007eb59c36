import { describe, expect, it } from 'vitest'
import { ConcurrencyQuota } from '../../src/rate-limit/concurrency-quota.ts'
import type { FinishedCall } from '../../src/rate-limit/quota.ts'

/** How many may start at once. */
function allowed(quota: ConcurrencyQuota, nowMs: number): number {
  let taken = 0
  while (quota.startMs(taken, 1, nowMs) <= nowMs) taken++
  return taken
}

/** A call that started at 0. */
function ended(isSuccess: boolean): FinishedCall {
  return { startedAtMs: 0, isSuccess, reading: undefined, cost: 1, inFlight: 0 }
}

describe('ConcurrencyQuota', () => {
  it('allows one less with every refusal, and one at least', () => {
    const quota = new ConcurrencyQuota(3, 0)
    const seen = [0, 1, 2, 3].map(() => {
      const most = allowed(quota, 0)
      quota.refused(0, 0)
      return most
    })
    expect(seen).toEqual([3, 2, 1, 1])
  })

  it('expects a free place after as long as calls take that go through, for each round that is ahead', () => {
    const quota = new ConcurrencyQuota(2, 0)
    for (let call = 0; call < 50; call++) quota.finished(ended(true), 300)
    quota.finished(ended(false), 2)
    const waits = [1, 2, 3, 4].map((taken) => Math.round(quota.startMs(taken, 1, 300) - 300))
    expect(waits).toEqual([0, 300, 300, 600])
  })

  it('does not take one slow call for what the next ones will be like', () => {
    const quota = new ConcurrencyQuota(2, 0)
    for (let call = 0; call < 10; call++) quota.finished(ended(true), 100)
    quota.finished(ended(true), 14_000)
    expect(quota.startMs(2, 1, 0)).toBeLessThan(4_000)
  })

  it('looks again after a tenth of a second at the soonest', () => {
    const quota = new ConcurrencyQuota(2, 0)
    expect(quota.startMs(2, 1, 0)).toBe(100)
    quota.finished(ended(true), 1)
    expect(quota.startMs(2, 1, 0)).toBe(100)
  })

  it('tries one more after 20 seconds, then twice as many more each time, and forgets what it knew in the end', () => {
    const quota = new ConcurrencyQuota(5, 0)
    const seen: number[] = []
    for (let atMs = 20_000; !quota.isOver; atMs += 20_000) {
      const all = allowed(quota, atMs)
      quota.started(atMs - 1, all)
      seen.push(allowed(quota, atMs))
      quota.started(atMs, all)
    }
    expect(seen).toEqual([5, 6, 8, 12, 20, 36, 68])
  })

  it('goes back to what went through when more is too much, and tries it half as often', () => {
    const quota = new ConcurrencyQuota(5, 0)
    quota.started(20_000, 5)
    quota.started(40_000, 6)
    expect(allowed(quota, 40_000)).toBe(8)
    quota.refused(40_000, 41_000)
    expect(allowed(quota, 41_000)).toBe(5)
    quota.started(80_999, 5)
    expect(allowed(quota, 80_999)).toBe(5)
    quota.started(81_000, 5)
    expect(allowed(quota, 81_000)).toBe(6)
  })

  it('takes all refusals of calls that were sent when more was tried for one, and those of later ones for more', () => {
    const quota = new ConcurrencyQuota(5, 0)
    for (const atMs of [20_000, 40_000, 60_000]) quota.started(atMs, allowed(quota, atMs))
    expect(allowed(quota, 60_000)).toBe(12)
    for (let refused = 0; refused < 7; refused++) quota.refused(60_000, 60_100)
    expect(allowed(quota, 60_100)).toBe(5)
    quota.refused(60_101, 60_200)
    expect(allowed(quota, 60_200)).toBe(4)
  })

  it('tries no more while places are left', () => {
    const quota = new ConcurrencyQuota(5, 0)
    for (let atMs = 20_000; atMs < 200_000; atMs += 20_000) quota.started(atMs, 4)
    expect(allowed(quota, 200_000)).toBe(5)
  })

  it('is worth keeping as long as nothing more is tried', () => {
    const quota = new ConcurrencyQuota(5, 0)
    expect([0, 19_999, 20_000].map((nowMs) => quota.isCounting(nowMs))).toEqual([true, true, false])
  })
})
