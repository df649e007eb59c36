import { describe, expect, it } from 'vitest'
import type { RateLimitReading } from '../../src/index.ts'
import { placeOf } from '../../src/policy/place.ts'
import type { Wait } from '../../src/rate-limit/bucket-call.ts'
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
    /** Joins, and comes to a good end as soon as it starts. */
    join: (latestMs = Infinity, signal?: AbortSignal) =>
      bucket
        .join({ place: placeOf('auto', 0, ++order), cost: undefined, latestMs }, clock.monotonicMs(), signal)
        .result.then((result) => {
          const nowMs = clock.monotonicMs()
          if (result === 'started') {
            startedMs.push(nowMs)
            bucket.finish({ startedAtMs: nowMs, isSuccess: true, readings: [] }, nowMs)
          }
          return result
        }),
    /** Starts calls that are in flight until they are hit or succeed. */
    start: (count: number, nowMs = clock.monotonicMs()) => Array.from({ length: count }, () => bucket.tryStart(nowMs)),
    /** One of the calls in flight is refused because of the limit. */
    hit: (waitMs: number | undefined, nowMs: number, startedAtMs = 0) =>
      bucket.finish(
        { startedAtMs, isSuccess: false, readings: [], hit: { wait: toldWait(waitMs), isExhausted: false } },
        nowMs,
      ),
    succeed: (count = 1) => {
      for (let n = 0; n < count; n++) {
        bucket.tryStart(clock.monotonicMs())
        bucket.finish({ startedAtMs: clock.monotonicMs(), isSuccess: true, readings: [] }, clock.monotonicMs())
      }
    },
  }
}

function toldWait(ms: number | undefined): Wait {
  return ms === undefined ? { kind: 'unknown' } : { kind: 'told', ms }
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
    const { clock, join, start, hit, startedMs } = bucketOf(10)
    start(1)
    expect(hit(1_000, 0)).toBe(1_000)
    expect(start(1)).toEqual([false])
    const joined = [join(), join(), join()]
    await clock.runUntil(Promise.all(joined))
    expect(startedMs).toEqual([1_010, 1_020, 1_030])
  })

  it('lets nobody overtake those who wait', async () => {
    const { clock, join, start, hit } = bucketOf(10)
    start(1)
    hit(1_000, 0)
    const joined = [join(), join()]
    await clock.advance(1_010)
    expect(start(1)).toEqual([false])
    await clock.runUntil(Promise.all(joined))
    await clock.advance(10)
    expect(start(1)).toEqual([true])
  })

  it('refuses who cannot start in time, at the time', async () => {
    const { bucket, clock, join, start, hit } = bucketOf(10)
    start(1)
    hit(1_000, 0)
    const late = join(500)
    await clock.advance(499)
    expect(bucket.waiting).toBe(1)
    await clock.advance(1)
    expect(await late).toBe('refused')
    expect(clock.pendingTimers).toBe(0)
  })

  it('refuses those at once whom a longer pause makes late, and keeps the others', async () => {
    const { clock, join, start, hit } = bucketOf(10)
    start(2)
    hit(1_000, 0)
    const [first, second] = [join(3_000), join()]
    hit(5_000, 0)
    expect(await first).toBe('refused')
    expect(await clock.runUntil(second)).toBe('started')
    expect(clock.monotonicMs()).toBe(5_010)
  })

  it('leaves nothing behind when the last one who waits aborts', async () => {
    const { bucket, clock, join, start, hit } = bucketOf(10)
    start(1)
    hit(1_000, 0)
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
    const { clock, join, start, hit, startedMs } = bucketOf(10, { next: () => 0.999, uuid: () => '' })
    start(1)
    hit(1_000, 0)
    await clock.runUntil(join())
    expect(startedMs[0]).toBeCloseTo(1_012, 1)
  })

  it('keeps to what went through before the limit was hit, one first, and no more in a window', async () => {
    const { clock, join, start, hit, succeed, startedMs } = bucketOf(0)
    succeed(5)
    start(1)
    hit(1_000, 0)
    await clock.runUntil(Promise.all(Array.from({ length: 12 }, () => join())))
    const inWindow = (fromMs: number) => startedMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1_000).length
    expect([1_000, 2_000, 3_000].map(inWindow)).toEqual([5, 5, 2])
  })

  it('counts what went through though the answer came after the refusal', async () => {
    const { bucket, clock, join, start, hit, startedMs } = bucketOf(0)
    start(4)
    hit(1_000, 0)
    for (let n = 0; n < 3; n++) bucket.finish({ startedAtMs: -1, isSuccess: true, readings: [] }, 0)
    const joined = [1, 2, 3, 4].map(() => join())
    await clock.runUntil(Promise.all(joined))
    expect(startedMs.map((atMs) => Math.floor(atMs / 1_000))).toEqual([1, 1, 1, 2])
  })

  it('learns nothing from a few calls that came slowly: others may use the limit too', async () => {
    const { clock, join, start, hit, succeed, startedMs } = bucketOf(0)
    succeed(1)
    await clock.advance(60_000)
    start(1)
    hit(5_000, 60_000, 60_000)
    await clock.runUntil(Promise.all([1, 2, 3, 4].map(() => join())))
    expect(startedMs.every((atMs) => atMs < 66_000)).toBe(true)
  })

  it('learns nothing from a few calls before a long pause: to keep to them would cost more than to be refused again', async () => {
    const { clock, join, start, hit, succeed, startedMs } = bucketOf(0)
    succeed(3)
    start(1)
    hit(61_000, 0, 0)
    await clock.runUntil(Promise.all([1, 2, 3, 4, 5, 6].map(() => join())))
    expect(startedMs.every((atMs) => atMs < 62_000)).toBe(true)
  })

  it('sends one call only after a pause that may have been too short, until it is answered', async () => {
    const { bucket, clock, start, hit } = bucketOf(0)
    start(1)
    hit(1_000, 0)
    await clock.advance(1_000)
    expect(start(3)).toEqual([true, false, false])
    bucket.finish({ startedAtMs: 1_000, isSuccess: true, readings: [] }, 1_000)
    expect(start(5)).toEqual([true, true, true, true, false])
  })

  it('sends another one when the first is not answered within a second', async () => {
    const { clock, start, hit } = bucketOf(0)
    start(1)
    hit(1_000, 0)
    await clock.advance(1_000)
    expect(start(2)).toEqual([true, false])
    await clock.advance(1_000)
    expect(start(2)).toEqual([true, false])
  })

  it('prolongs a pause but never shortens one', () => {
    const { bucket, start, hit } = bucketOf(10)
    start(3)
    hit(1_000, 0)
    expect(hit(500, 100)).toBe(0)
    expect(bucket.pausedMs(100)).toBe(900)
    expect(hit(2_000, 100)).toBe(2_000)
    expect(bucket.pausedMs(100)).toBe(2_000)
  })

  it('follows a slightly later answer without calling it news', () => {
    const { bucket, start, hit } = bucketOf(10)
    start(3)
    hit(1_000, 0)
    expect(hit(1_000, 50)).toBe(0)
    expect(bucket.pausedMs(50)).toBe(1_000)
    expect(hit(10, 2_000)).toBe(10)
  })

  it('pauses for an hour at most', () => {
    const { start, hit } = bucketOf(10)
    start(1)
    expect(hit(1e12, 0)).toBe(3_600_000)
  })

  it('pauses longer each time that nothing says how long, until something goes through', async () => {
    const { bucket, clock, start, hit, succeed } = bucketOf(10)
    start(3)
    expect(hit(undefined, 0)).toBe(1_000)
    expect(hit(undefined, 500)).toBe(0)
    await clock.advance(1_000)
    expect(hit(undefined, 1_000, 999)).toBe(2_000)
    await clock.advance(2_000)
    succeed()
    start(1)
    expect(hit(undefined, 3_000, 3_000)).toBe(1_000)
    expect(bucket.waiting).toBe(0)
  })

  it('pauses longer each time for what is only documented, half an hour at most, until something goes through', async () => {
    const { bucket, clock, start, succeed, now } = bucketOf(10)
    const refuse = () => {
      start(1)
      const hit = { wait: { kind: 'documented', ms: 60_000 } as const, isExhausted: false }
      return bucket.finish({ startedAtMs: now(), isSuccess: false, readings: [], hit }, now())
    }
    const pauses: number[] = []
    for (let n = 0; n < 7; n++) {
      pauses.push(refuse())
      await clock.advance(bucket.pausedMs(now()))
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 32].map((minutes) => minutes * 60_000))
    succeed()
    expect(refuse()).toBe(60_000)
  })

  it('takes the answers of calls in flight together for one refusal, and a success among them for no sign that it is over', async () => {
    const { bucket, clock, start } = bucketOf(10)
    const refuse = (startedAtMs: number, nowMs: number) =>
      bucket.finish(
        {
          startedAtMs,
          isSuccess: false,
          readings: [],
          hit: { wait: { kind: 'documented', ms: 60_000 } as const, isExhausted: false },
        },
        nowMs,
      )
    start(3)
    expect(refuse(0, 0)).toBe(60_000)
    expect(refuse(0, 5_000)).toBe(60_000)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: [] }, 6_000)
    await clock.advance(65_000)
    start(1)
    expect(refuse(65_000, 65_000)).toBe(120_000)
  })

  it('does not pause longer for the late answer of a call that was in flight together with the first', async () => {
    const { bucket, clock, start, now } = bucketOf(10)
    const refuse = () => {
      const hit = { wait: { kind: 'documented', ms: 1_000 } as const, isExhausted: false }
      return bucket.finish({ startedAtMs: 0, isSuccess: false, readings: [], hit }, now())
    }
    start(2)
    await clock.advance(100)
    expect(refuse()).toBe(1_000)
    await clock.advance(1_400)
    expect(refuse()).toBe(1_000)
  })

  describe('when too many are in flight', () => {
    const crowded = { wait: { kind: 'unknown' } as const, isExhausted: false, isCrowded: true }

    /** How many may start at once. */
    function allowed({ bucket, now }: ReturnType<typeof bucketOf>, cost?: number): number {
      let count = 0
      while (count < 100 && bucket.tryStart(now(), cost)) count++
      return count
    }

    it.each([100, 0.1])('keeps to the calls that went through, whatever they cost: %d', async (cost) => {
      const limited = bucketOf(10)
      const { bucket, clock, now } = limited
      const call = { startedAtMs: 0, cost, readings: [] }
      expect(Array.from({ length: 6 }, () => bucket.tryStart(0, cost))).not.toContain(false)
      await clock.advance(10)
      for (let done = 0; done < 5; done++) bucket.finish({ ...call, isSuccess: true }, now())
      bucket.finish({ ...call, isSuccess: false, hit: crowded }, now())
      expect(allowed(limited, cost)).toBe(5)
    })

    it('does not take those that followed each other beside a slow refusal for as many at a time', async () => {
      const limited = bucketOf(10)
      const { bucket, clock, start, now } = limited
      start(3)
      for (let done = 0; done < 40; done++) {
        const startedAtMs = now()
        await clock.advance(50)
        bucket.finish({ startedAtMs, isSuccess: true, readings: [] }, now())
        start(1)
      }
      bucket.finish({ startedAtMs: 0, isSuccess: false, readings: [], hit: crowded }, now())
      for (let done = 0; done < 2; done++) bucket.finish({ startedAtMs: now(), isSuccess: true, readings: [] }, now())
      expect(allowed(limited)).toBe(2)
    })

    it('pauses for one that was alone, though another had just ended', () => {
      const { bucket, succeed, start } = bucketOf(10)
      succeed()
      start(1)
      expect(bucket.finish({ startedAtMs: 0, isSuccess: false, readings: [], hit: crowded }, 0)).toBe(1_000)
    })
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
    const hit = { wait: toldWait(2_000), isExhausted: false }
    bucket.finish({ startedAtMs: 0, isSuccess: false, readings: told(0, 60_000), hit }, 0)
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
      const isListening = bucket.isListening(0)
      succeed()
      return isListening
    })
    expect(looks.slice(0, 17)).not.toContain(false)
    expect(looks.slice(17).filter(Boolean)).toHaveLength(2)
    bucket.tryStart(0)
    bucket.finish({ startedAtMs: 0, isSuccess: true, readings: told(5, 10_000) }, 0)
    expect(bucket.isListening(0)).toBe(true)
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
