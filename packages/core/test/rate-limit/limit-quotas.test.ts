import { describe, expect, it } from 'vitest'
import type { RateLimitReading } from '../../src/index.ts'
import { LimitQuotas } from '../../src/rate-limit/limit-quotas.ts'

const nobody = { calls: 0, units: 0, unpriced: 0 }

/** An answer tells of limits with these names that nothing is left until a second from now. */
function tell(quotas: LimitQuotas, names: readonly string[], nowMs: number): void {
  const readings = names.map(
    (policy): RateLimitReading => ({ policy, source: 'ratelimit', remaining: 0, resetMs: 1_000 }),
  )
  for (const { policy } of readings) quotas.add(policy, readings, 0, { next: () => 0, uuid: () => '' }, nowMs)
  quotas.finished({ startedAtMs: nowMs, isSuccess: true, readings }, nobody, nowMs)
}

describe('LimitQuotas', () => {
  it('keeps sixteen limits that answers tell, those that they go on to tell, whatever names come and go', () => {
    const quotas = new LimitQuotas([])
    for (let day = 0; day < 100; day++) {
      tell(quotas, ['all', `day-${day}`], day * 10_000)
      expect(quotas.size).toBe(Math.min(day + 2, 16))
      expect(quotas.startMs(nobody, nobody, 1, day * 10_000)).toBe(day * 10_000 + 1_000)
    }
    // Both of the last answer still hold: only one of them is told to be over.
    const nowMs = 99 * 10_000
    const readings = [{ policy: 'all', source: 'ratelimit', remaining: 5, resetMs: 1_000 }]
    quotas.finished({ startedAtMs: nowMs + 1, isSuccess: true, readings }, nobody, nowMs + 1)
    expect(quotas.startMs(nobody, nobody, 1, nowMs + 2)).toBe(nowMs + 1_000)
  })

  it('keeps those that it has when one answer tells of more', () => {
    const quotas = new LimitQuotas([])
    tell(
      quotas,
      Array.from({ length: 40 }, (_, index) => `limit-${index}`),
      0,
    )
    expect(quotas.size).toBe(16)
  })
})
