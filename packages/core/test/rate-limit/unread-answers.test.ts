import { describe, expect, it } from 'vitest'
import type { RateLimitReading } from '../../src/index.ts'
import { LimitBucket } from '../../src/rate-limit/limit-bucket.ts'
import { fakeClock } from '../../src/testing/index.ts'

interface Provider {
  readonly limit: number
  remaining: number
  readonly resetMs: number
  readonly unit?: string
}

/** A bucket whose calls come to their end one by one; only those answers are read for which it listens. */
function bucketAt(provider: Provider) {
  const clock = fakeClock()
  const bucket = new LimitBucket(25, clock, { next: () => 0, uuid: () => '' })
  let read = 0
  const call = (): boolean => {
    const nowMs = clock.monotonicMs()
    if (!bucket.tryStart(nowMs)) return false
    provider.remaining--
    const isListening = bucket.isListening(nowMs)
    if (isListening) read++
    const readings: readonly RateLimitReading[] = isListening
      ? [{ policy: 'default', source: 'ratelimit', ...provider, resetMs: provider.resetMs - nowMs }]
      : []
    bucket.finish({ startedAtMs: nowMs, isSuccess: true, readings }, nowMs)
    return true
  }
  return { clock, bucket, call, calls: (count: number) => Array.from({ length: count }, call), read: () => read }
}

describe('LimitBucket: answers that need not be read', () => {
  it('reads one answer of eight while most of a limit is left', () => {
    const { calls, read } = bucketAt({ limit: 5_000, remaining: 5_000, resetMs: 3_600_000 })
    calls(800)
    expect(read()).toBe(100)
  })

  it('reads every answer when a quarter or few are left, or the reset is near', async () => {
    const quarter = bucketAt({ limit: 5_000, remaining: 1_249, resetMs: 3_600_000 })
    quarter.calls(50)
    expect(quarter.read()).toBe(50)
    const few = bucketAt({ limit: 20, remaining: 20, resetMs: 3_600_000 })
    few.calls(15)
    expect(few.read()).toBe(15)
    const near = bucketAt({ limit: 5_000, remaining: 5_000, resetMs: 60_000 })
    await near.clock.advance(59_000)
    near.calls(50)
    expect(near.read()).toBe(50)
  })

  it('reads the first answer of the next window, so that it knows what that one has left', async () => {
    const { clock, bucket, call, read } = bucketAt({ limit: 100, remaining: 100, resetMs: 60_000 })
    call()
    await clock.advance(61_000)
    while (bucket.tryStart(61_000));
    bucket.cancel()
    bucket.cancel()
    expect(bucket.isListening(61_000)).toBe(true)
    expect(read()).toBe(1)
  })

  it('reads every answer that counts something else than calls', () => {
    const { calls, read } = bucketAt({ limit: 90_000, remaining: 90_000, resetMs: 60_000, unit: 'tokens' })
    calls(50)
    expect(read()).toBe(50)
  })

  it('takes off what it did not read, so that nothing starts that the limit has no room for', () => {
    const { calls } = bucketAt({ limit: 1_000, remaining: 1_000, resetMs: 3_600_000 })
    expect(calls(1_100).filter((started) => started)).toHaveLength(1_000)
  })

  it('is not taken for silent by that', () => {
    const provider: Provider = { limit: 1_000, remaining: 1_000, resetMs: 3_600_000 }
    const { bucket, calls } = bucketAt(provider)
    calls(400)
    // Others take nearly all of it.
    provider.remaining = 40
    calls(8)
    expect(bucket.isListening(0)).toBe(true)
    expect(calls(40).filter((started) => started).length).toBeLessThanOrEqual(32)
  })
})
