import { describe, expect, it } from 'vitest'
import type { RateLimitReading } from '../../src/index.ts'
import { LimitBucket } from '../../src/rate-limit/limit-bucket.ts'
import { RestoringQuota } from '../../src/rate-limit/restoring-quota.ts'
import { fakeClock } from '../../src/testing/index.ts'

function reading(told: Partial<RateLimitReading>): RateLimitReading {
  return { policy: 'tokens', source: 'body', ...told }
}

function quotaThatWasTold(told: Partial<RateLimitReading>): RestoringQuota {
  const quota = new RestoringQuota()
  quota.finished({ startedAtMs: 0, isSuccess: true, cost: 1, inFlight: 0, reading: reading(told) }, 0)
  return quota
}

describe('RestoringQuota', () => {
  it('lets a call start when its units have come back', () => {
    const quota = quotaThatWasTold({ limit: 40, remaining: 0, restorePerSecond: 2 })
    expect(quota.startMs(0, 1, 0)).toBe(500)
    expect(quota.startMs(3, 2, 0)).toBe(2_500)
    expect(quota.startMs(0, 41, 0)).toBe(Infinity)
  })

  it('refuses nothing for good where no answer tells the limit', () => {
    const quota = quotaThatWasTold({ remaining: 0, restorePerSecond: 2 })
    expect(quota.startMs(0, 1, 0)).toBe(500)
    expect(quota.startMs(0, 50, 0)).toBe(500)
  })

  it('refuses nothing for good where an answer tells a limit of nothing', () => {
    expect(quotaThatWasTold({ limit: 0, remaining: 0, restorePerSecond: 2 }).startMs(0, 1, 0)).toBe(500)
  })

  it('does not believe a success that asks one call to wait for more than an hour', () => {
    expect(quotaThatWasTold({ limit: 10, remaining: 0, restorePerSecond: 0.0001 }).startMs(0, 1, 0)).toBe(0)
  })
})

describe('LimitBucket: a limit that restores evenly', () => {
  it('is kept as one, though the first answer had everything left and did not tell', () => {
    const bucket = new LimitBucket(25, fakeClock(), { next: () => 0, uuid: () => '' })
    const end = (told: Partial<RateLimitReading>, nowMs: number): number =>
      bucket.finish({ startedAtMs: 0, isSuccess: true, readings: [reading(told)] }, nowMs)
    for (let n = 0; n < 41; n++) bucket.tryStart(0)
    end({ limit: 40, remaining: 40, resetMs: 0 }, 0)
    for (let left = 39; left >= 0; left--) end({ limit: 40, remaining: left, restorePerSecond: 2 }, 0)
    const started = Array.from({ length: 40 }, () => bucket.tryStart(5_000)).filter(Boolean)
    expect(started).toHaveLength(10)
  })
})
