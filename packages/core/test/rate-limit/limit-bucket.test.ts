import { describe, expect, it } from 'vitest'
import type { RateLimitReading } from '../../src/index.ts'
import { LimitBucket } from '../../src/rate-limit/limit-bucket.ts'
import { fakeClock } from '../../src/testing/index.ts'

const exact = { next: () => 0, uuid: () => '' }

function bucketOf(intervalMs: number, random = exact) {
  const clock = fakeClock()
  const bucket = new LimitBucket(intervalMs, clock, random)
  let order = 0
  const startedMs: number[] = []
  return {
    clock,
    bucket,
    startedMs,
    now: () => clock.monotonicMs(),
    join: (latestMs = Infinity, signal?: AbortSignal) =>
      bucket.join(++order, latestMs, clock.monotonicMs(), signal).result.then((result) => {
        if (result === 'started') startedMs.push(clock.monotonicMs())
        return result
      }),
    succeed: (count = 1) => {
      for (let n = 0; n < count; n++) {
        bucket.tryStart(clock.monotonicMs())
        bucket.finish({ startedAtMs: clock.monotonicMs(), isSuccess: true, readings: [] }, clock.monotonicMs())
      }
    },
  }
}

function told(remaining: number, resetMs: number, more: Partial<RateLimitReading> = {}): readonly RateLimitReading[] {
  return [{ policy: 'default', source: 'ratelimit', remaining, resetMs, ...more }]
}

describe('LimitBucket', () => {
  it('lets everybody start while it is not paused', () => {
    const { bucket } = bucketOf(10)
    expect([1, 2, 3].map(() => bucket.tryStart(5))).toEqual([true, true, true])
  })

  it('lets those who wait start one after the other behind the end of the pause', async () => {
    const { bucket, clock, join, startedMs } = bucketOf(10)
    expect(bucket.pause(1_000, 0)).toBe(1_000)
    expect(bucket.tryStart(0)).toBe(false)
    const joined = [join(), join(), join()]
    await clock.runUntil(Promise.all(joined))
    expect(startedMs).toEqual([1_010, 1_020, 1_030])
  })

  it('lets nobody overtake those who wait', async () => {
    const { bucket, clock, join } = bucketOf(10)
    bucket.pause(1_000, 0)
    const joined = [join(), join()]
    await clock.advance(1_010)
    expect(bucket.tryStart(1_010)).toBe(false)
    await clock.runUntil(Promise.all(joined))
    expect(bucket.tryStart(1_030)).toBe(true)
  })

  it('refuses who cannot start in time, at the time', async () => {
    const { bucket, clock, join } = bucketOf(10)
    bucket.pause(1_000, 0)
    const late = join(500)
    await clock.advance(499)
    expect(bucket.waiting).toBe(1)
    await clock.advance(1)
    expect(await late).toBe('refused')
    expect(clock.pendingTimers).toBe(0)
  })

  it('refuses those at once whom a longer pause makes late, and keeps the others', async () => {
    const { bucket, clock, join } = bucketOf(10)
    bucket.pause(1_000, 0)
    const [first, second] = [join(3_000), join()]
    bucket.pause(5_000, 0)
    expect(await first).toBe('refused')
    expect(await clock.runUntil(second)).toBe('started')
    expect(clock.monotonicMs()).toBe(5_010)
  })

  it('leaves nothing behind when the last one who waits aborts', async () => {
    const { bucket, clock, join } = bucketOf(10)
    bucket.pause(1_000, 0)
    const controller = new AbortController()
    const joined = join(Infinity, controller.signal)
    const reason = new Error('no')
    controller.abort(reason)
    await expect(joined).rejects.toBe(reason)
    expect(bucket.waiting).toBe(0)
    expect(clock.pendingTimers).toBe(0)
    await expect(join(Infinity, controller.signal)).rejects.toBe(reason)
  })

  it('spreads the starts by up to a fifth', async () => {
    const { bucket, clock, join, startedMs } = bucketOf(10, { next: () => 0.999, uuid: () => '' })
    bucket.pause(1_000, 0)
    await clock.runUntil(join())
    expect(startedMs[0]).toBeCloseTo(1_012, 1)
  })

  it('learns from what went through how fast the line may move', async () => {
    const { bucket, clock, join, startedMs, succeed } = bucketOf(25)
    for (let n = 0; n < 5; n++) {
      succeed()
      await clock.advance(n === 4 ? 60 : 10)
    }
    bucket.pause(900, 100)
    await clock.runUntil(Promise.all([join(), join(), join()]))
    expect(startedMs).toEqual([1_200, 1_400, 1_600])
  })

  it.each([
    ['never faster than the interval it was given', 200, 25],
    ['never slower than ten times that', 1, 250],
  ])('moves the line %s', async (_, successes, intervalMs) => {
    const { bucket, clock, join, startedMs, succeed } = bucketOf(25)
    succeed(successes)
    bucket.pause(1_000, 0)
    await clock.runUntil(join())
    expect(startedMs).toEqual([1_000 + intervalMs])
  })

  it('prolongs a pause but never shortens one', () => {
    const { bucket } = bucketOf(10)
    bucket.pause(1_000, 0)
    expect(bucket.pause(500, 100)).toBe(0)
    expect(bucket.pausedMs(100)).toBe(900)
    expect(bucket.pause(2_000, 100)).toBe(2_000)
    expect(bucket.pausedMs(100)).toBe(2_000)
  })

  it('follows a slightly later answer without calling it news', () => {
    const { bucket } = bucketOf(10)
    bucket.pause(1_000, 0)
    expect(bucket.pause(1_000, 50)).toBe(0)
    expect(bucket.pausedMs(50)).toBe(1_000)
    expect(bucket.pause(10, 2_000)).toBe(10)
  })

  it('pauses for an hour at most, and not for a wait of nothing', () => {
    expect(bucketOf(10).bucket.pause(1e12, 0)).toBe(3_600_000)
    expect(bucketOf(10).bucket.pause(0, 0)).toBe(0)
  })

  it('pauses longer each time that nothing says how long, until something goes through', () => {
    const { bucket, succeed } = bucketOf(10)
    expect(bucket.pause(undefined, 0)).toBe(1_000)
    expect(bucket.pause(undefined, 500)).toBe(0)
    expect(bucket.pause(undefined, 1_000)).toBe(2_000)
    succeed()
    expect(bucket.pause(undefined, 3_000)).toBe(1_000)
  })

  it('says when what is left was used up, once', () => {
    const { bucket } = bucketOf(10)
    const finish = (readings: readonly RateLimitReading[], nowMs: number) => {
      bucket.tryStart(nowMs)
      return bucket.finish({ startedAtMs: nowMs, isSuccess: true, readings }, nowMs)
    }
    expect(finish(told(1, 5_000), 0)).toBe(0)
    expect(finish(told(0, 5_000), 0)).toBe(5_000)
    expect(bucket.pausedMs(0)).toBe(5_000)
    expect(bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(0, 5_000) }, 0)).toBe(0)
  })

  it('opens with the Retry-After when a reset says later', async () => {
    const { bucket, clock, join } = bucketOf(10)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: false, readings: told(0, 60_000) }, 0)
    bucket.pause(2_000, 0)
    await clock.runUntil(join())
    expect(clock.monotonicMs()).toBeLessThan(2_100)
  })

  it('lets through what is restored evenly as it is restored', async () => {
    const { bucket, clock, join, startedMs } = bucketOf(10)
    bucket.tryStart(0)
    const readings = told(0, 500, { limit: 40, restorePerSecond: 2 })
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings }, 0)
    const joined = [join(), join()]
    await clock.advance(499)
    expect(startedMs).toEqual([])
    await clock.advance(501)
    expect(startedMs).toEqual([500, 1_000])
    await Promise.all(joined)
  })

  it('forgets no more than it was told: another process may use the rest', async () => {
    const { bucket, clock } = bucketOf(10)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(5, 10_000) }, 0)
    expect([1, 2, 3].map(() => bucket.tryStart(0))).toEqual([true, true, true])
    // The answers come out of order; the lowest counts.
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(1, 10_000) }, 0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(4, 10_000) }, 0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(3, 10_000) }, 0)
    expect([bucket.tryStart(0), bucket.tryStart(0)]).toEqual([true, false])
    expect(clock.pendingTimers).toBe(0)
  })

  it('looks at every answer, but at fewer of those of a provider that never told anything', () => {
    const { bucket, succeed } = bucketOf(10)
    const looks = Array.from({ length: 40 }, () => {
      const { isListening } = bucket
      succeed()
      return isListening
    })
    expect(looks.slice(0, 17)).not.toContain(false)
    expect(looks.slice(17).filter(Boolean)).toHaveLength(2)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(5, 10_000) }, 0)
    expect(bucket.isListening).toBe(true)
  })

  it('takes a failure without an answer for a call that counted', () => {
    const { bucket } = bucketOf(10)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(1, 10_000) }, 0)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: false, readings: [] }, 0)
    expect(bucket.tryStart(0)).toBe(false)
  })

  it('does not hold calls back for tokens that are left, however few', () => {
    const { bucket } = bucketOf(10)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(1, 10_000, { unit: 'tokens' }) }, 0)
    expect([1, 2, 3].map(() => bucket.tryStart(0))).toEqual([true, true, true])
  })

  it('narrows a reset in whole seconds down by every answer of the window', () => {
    const { bucket } = bucketOf(10)
    bucket.tryStart(0)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(1, 1_000) }, 0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(0, 1_000) }, 900)
    expect(bucket.pausedMs(900)).toBe(100)
  })

  it('does not take the answer to an old request for news of the new window', () => {
    const { bucket } = bucketOf(10)
    expect([1, 2].map(() => bucket.tryStart(0))).toEqual([true, true])
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(0, 1_000, { limit: 9 }) }, 0)
    bucket.tryStart(2_500)
    bucket.finish({ startedAtMs: 2_500, isSuccess: true, readings: told(8, 1_000, { limit: 9 }) }, 2_510)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(0, 1_000, { limit: 9 }) }, 2_520)
    expect(bucket.tryStart(2_530)).toBe(true)
  })
})
