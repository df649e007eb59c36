import { describe, expect, it } from 'vitest'
import type { RateLimitReading } from '../../src/limit-reading/rate-limit-reading.ts'
import { limitWaitMs } from '../../src/limit-reading/read-rate-limits.ts'

function reading(remaining: number | undefined, resetMs: number | undefined): RateLimitReading {
  return {
    policy: 'p',
    source: 'ratelimit',
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetMs === undefined ? {} : { resetMs }),
  }
}

describe('limitWaitMs', () => {
  it('is the time until the last of those opens that are used up, in whatever order they come', () => {
    const limits = [reading(0, 2_000), reading(0, 9_000), reading(0, 5_000)]
    expect(limitWaitMs(limits)).toBe(9_000)
    expect(limitWaitMs(limits.toReversed())).toBe(9_000)
  })

  it('looks neither at those that have something left nor at what is documented, where one is used up', () => {
    expect(limitWaitMs([reading(1, 60_000), reading(0.5, 3_000)], 30_000)).toBe(3_000)
  })

  it('is what is documented where none is used up, and else the longest reset', () => {
    const limits = [reading(7, 4_000), reading(undefined, 8_000), reading(3, undefined)]
    expect(limitWaitMs(limits, 30_000)).toBe(30_000)
    expect(limitWaitMs(limits)).toBe(8_000)
  })

  it('is what is documented, or nothing, where one that is used up does not say until when', () => {
    expect(limitWaitMs([reading(0, undefined), reading(5, 8_000)], 30_000)).toBe(30_000)
    expect(limitWaitMs([reading(0, undefined), reading(5, 8_000)])).toBeUndefined()
    expect(limitWaitMs([])).toBeUndefined()
  })
})
