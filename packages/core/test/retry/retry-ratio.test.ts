import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryRatio } from '../../src/retry/retry-ratio.ts'

describe('RetryRatio', () => {
  it('allows the minimum when there are few calls', () => {
    const ratio = new RetryRatio({ maxRatio: 0.1, minRetriesPerMinute: 2 })
    ratio.countCall(0)
    ratio.countRetry(0)
    expect(ratio.allowsRetry(0)).toBe(true)
    ratio.countRetry(0)
    expect(ratio.allowsRetry(0)).toBe(false)
  })

  it('forgets what is older than a minute', () => {
    const ratio = new RetryRatio({ maxRatio: 0, minRetriesPerMinute: 1 })
    ratio.countRetry(9_999)
    expect(ratio.allowsRetry(59_999)).toBe(false)
    expect(ratio.allowsRetry(60_000)).toBe(true)
  })

  it('forgets everything after a long silence', () => {
    const ratio = new RetryRatio({ maxRatio: 0, minRetriesPerMinute: 1 })
    ratio.countRetry(0)
    expect(ratio.allowsRetry(1e12)).toBe(true)
  })

  it('is never exceeded in any window, however calls and retries come', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 25_000 }), isCall: fc.boolean(), times: fc.nat(20) })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(5),
        (steps, max, min) => {
          const ratio = new RetryRatio({ maxRatio: max, minRetriesPerMinute: min })
          const calls: number[] = []
          const retries: number[] = []
          let nowMs = 0
          for (const { afterMs, isCall, times } of steps) {
            nowMs += afterMs
            for (let n = 0; n < times; n++) {
              if (isCall) {
                calls.push(nowMs)
                ratio.countCall(nowMs)
              } else if (ratio.allowsRetry(nowMs)) {
                retries.push(nowMs)
                ratio.countRetry(nowMs)
                const sinceMs = (Math.floor(nowMs / 10_000) - 5) * 10_000
                const within = (at: number): boolean => at >= sinceMs
                expect(retries.filter(within).length).toBeLessThanOrEqual(
                  Math.max(min, max * calls.filter(within).length),
                )
              }
            }
          }
        },
      ),
    )
  })
})
