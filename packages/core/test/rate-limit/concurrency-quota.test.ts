import { describe, expect, it } from 'vitest'
import { ConcurrencyQuota } from '../../src/rate-limit/concurrency-quota.ts'

/** How many may start at once. */
function allowed(quota: ConcurrencyQuota, nowMs: number): number {
  let taken = 0
  while (quota.startMs(taken, 1, nowMs) <= nowMs) taken++
  return taken
}

describe('ConcurrencyQuota', () => {
  it('allows one less with every refusal, and one at least', () => {
    const quota = new ConcurrencyQuota(3, 0)
    const seen = [0, 1, 2, 3].map(() => {
      const most = allowed(quota, 0)
      quota.refused(0)
      return most
    })
    expect(seen).toEqual([3, 2, 1, 1])
  })

  it('expects a free place after as long as the last call took, for each round that is ahead', () => {
    const quota = new ConcurrencyQuota(2, 0)
    const call = { startedAtMs: 0, isSuccess: true, reading: undefined, cost: 1, inFlight: 0 }
    quota.finished(call, 300)
    expect([1, 2, 3, 4].map((taken) => quota.startMs(taken, 1, 300))).toEqual([300, 600, 600, 900])
  })

  it('tries one more after 20 seconds, then twice as many more each time, and forgets what it knew in the end', () => {
    const quota = new ConcurrencyQuota(5, 0)
    const seen: number[] = []
    for (let atMs = 20_000; !quota.isOver; atMs += 20_000) {
      quota.started(atMs - 1)
      seen.push(allowed(quota, atMs))
      quota.started(atMs)
    }
    expect(seen).toEqual([5, 6, 8, 12, 20, 36, 68])
  })

  it('goes back to what went through when more is too much, and tries it half as often', () => {
    const quota = new ConcurrencyQuota(5, 0)
    quota.started(20_000)
    quota.started(40_000)
    expect(allowed(quota, 40_000)).toBe(8)
    quota.refused(41_000)
    expect(allowed(quota, 41_000)).toBe(5)
    quota.started(80_999)
    expect(allowed(quota, 80_999)).toBe(5)
    quota.started(81_000)
    expect(allowed(quota, 81_000)).toBe(6)
  })

  it('is worth keeping as long as nothing more is tried', () => {
    const quota = new ConcurrencyQuota(5, 0)
    expect([0, 19_999, 20_000].map((nowMs) => quota.isCounting(nowMs))).toEqual([true, true, false])
  })
})
