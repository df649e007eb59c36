import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { placeOf, type Priority } from '../../src/policy/place.ts'
import type { Wait } from '../../src/rate-limit/bucket-call.ts'
import { LimitBucket } from '../../src/rate-limit/limit-bucket.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'

interface Step {
  /** How long after the step before. */
  readonly afterMs: number
  readonly does: 'call' | 'call and abort' | 'call and cancel' | 'limited'
  readonly priority: Priority
  readonly cost: number
  /** From the start until the answer; the provider counts the call somewhere between. */
  readonly tookMs: number
  /** Where between them, 0 to 1. */
  readonly countedAt: number
}

const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.integer({ min: 0, max: 300 }),
  does: fc.constantFrom('call', 'call', 'call', 'call and abort', 'call and cancel', 'limited'),
  priority: fc.constantFrom<Priority>('high', 'auto', 'low'),
  cost: fc.integer({ min: 1, max: 3 }),
  tookMs: fc.integer({ min: 0, max: 700 }),
  countedAt: fc.double({ min: 0, max: 1, noNaN: true }),
})

/** Plays the steps on a bucket with a declared limit; returns when the provider counted how much. */
async function play(steps: readonly Step[], limit: number, windowMs: number, seed: number) {
  const clock = fakeClock()
  const declared = [{ policy: 'all', limit, windowMs }]
  const bucket = new LimitBucket(25, clock, seededRandom(seed), declared)
  const counted: { atMs: number; cost: number }[] = []
  const started: number[] = []
  const send = async ({ tookMs, countedAt, cost, does }: Step, callId: number): Promise<void> => {
    const startedAtMs = clock.monotonicMs()
    started.push(callId)
    if (does === 'call and cancel') return bucket.cancel(cost)
    if (tookMs > 0) await clock.sleep(tookMs * countedAt)
    const isLimited = does === 'limited'
    if (!isLimited) counted.push({ atMs: clock.monotonicMs(), cost })
    if (tookMs > 0) await clock.sleep(tookMs * (1 - countedAt))
    const wait: Wait = tookMs > 0 ? { kind: 'told', ms: tookMs } : { kind: 'unknown' }
    const hit = isLimited ? { wait, isExhausted: false } : undefined
    const nowMs = clock.monotonicMs()
    const before = bucket.pausedMs(nowMs)
    bucket.finish({ startedAtMs, isSuccess: !isLimited, readings: [], cost, hit }, nowMs)
    // A pause is never shortened.
    expect(bucket.pausedMs(nowMs)).toBeGreaterThanOrEqual(before)
  }
  const calls = steps.map(async (one, callId) => {
    await clock.sleep(steps.slice(0, callId + 1).reduce((sum, { afterMs }) => sum + afterMs, 0))
    const nowMs = clock.monotonicMs()
    const place = placeOf(one.priority, nowMs, callId)
    if (bucket.tryStart(nowMs, one.cost)) return send(one, callId)
    const controller = new AbortController()
    const ticket = bucket.join({ place, cost: one.cost, latestMs: Infinity }, nowMs, controller.signal)
    if (one.does === 'call and abort') controller.abort()
    if ((await ticket.result.catch(() => 'refused')) === 'started') return send(one, callId)
  })
  await clock.runUntil(Promise.all(calls))
  return { counted, started, bucket, clock }
}

describe('LimitBucket, whatever happens', () => {
  it('never lets more through than was declared, in any window, whenever the provider counts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 3, max: 10 }),
        fc.integer({ min: 50, max: 1_000 }),
        fc.nat(),
        async (steps, limit, windowMs, seed) => {
          const { counted, bucket, clock } = await play(steps, limit, windowMs, seed)
          for (const { atMs: fromMs } of counted) {
            const inWindow = counted.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + windowMs)
            expect(inWindow.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(limit)
          }
          expect(bucket.waiting).toBe(0)
          expect(clock.pendingTimers).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('starts those who wait by their places, and each of them in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ priority: fc.constantFrom<Priority>('high', 'auto', 'low'), beganMs: fc.nat(30_000) }), {
          minLength: 2,
          maxLength: 40,
        }),
        fc.nat(),
        async (waiters, seed) => {
          const clock = fakeClock()
          const bucket = new LimitBucket(10, clock, seededRandom(seed))
          bucket.tryStart(0)
          bucket.finish(
            {
              startedAtMs: 0,
              isSuccess: false,
              readings: [],
              hit: { wait: { kind: 'told', ms: 50_000 }, isExhausted: false },
            },
            0,
          )
          const started: number[] = []
          const places = waiters.map(({ priority, beganMs }, callId) => placeOf(priority, beganMs, callId))
          const all = places.map((place) =>
            bucket.join({ place, cost: undefined, latestMs: Infinity }, 0, undefined).result.then(() => {
              started.push(place.callId)
              bucket.finish({ startedAtMs: clock.monotonicMs(), isSuccess: true, readings: [] }, clock.monotonicMs())
            }),
          )
          await clock.runUntil(Promise.all(all))
          const wanted = places.toSorted((left, right) => left.rankMs - right.rankMs || left.callId - right.callId)
          expect(started).toEqual(wanted.map(({ callId }) => callId))
        },
      ),
      { numRuns: 200 },
    )
  })
})
