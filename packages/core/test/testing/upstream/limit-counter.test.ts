import { describe, expect, it } from 'vitest'
import { createLimitCounter, type LimitCounter } from '../../../src/testing/upstream/limit-counter.ts'

/** Takes one unit where it fits; otherwise says how long it would have to wait. */
function tryTake(counter: LimitCounter, nowMs: number, cost = 1): number | 'taken' {
  const waitMs = counter.waitMs(cost, nowMs)
  if (waitMs > 0) return waitMs
  counter.take(cost, nowMs)
  return 'taken'
}

describe('createLimitCounter', () => {
  it('counts a fixed window from its first request to its end', () => {
    const counter = createLimitCounter('fixed_window', 2, 1_000)
    expect([tryTake(counter, 500), tryTake(counter, 1_400), tryTake(counter, 1_400)]).toEqual(['taken', 'taken', 100])
    expect([counter.remaining(1_499), counter.resetMs(1_499)]).toEqual([0, 1])
    expect([counter.remaining(1_500), counter.resetMs(1_500)]).toEqual([2, 1_000])
    expect(tryTake(counter, 1_500)).toBe('taken')
  })

  it('counts in a sliding window what any stretch of its length holds', () => {
    const counter = createLimitCounter('sliding_window', 2, 1_000)
    expect([tryTake(counter, 0), tryTake(counter, 900), tryTake(counter, 950)]).toEqual(['taken', 'taken', 50])
    expect([counter.remaining(999), counter.remaining(1_000)]).toEqual([0, 1])
    expect([tryTake(counter, 1_000), tryTake(counter, 1_001), counter.remaining(1_001)]).toEqual(['taken', 899, 0])
    expect(tryTake(counter, 1_001, 3)).toBe(1_000)
  })

  it('gives the units of a token bucket back evenly', () => {
    const counter = createLimitCounter('token_bucket', 4, 1_000)
    expect([tryTake(counter, 0, 4), tryTake(counter, 0), counter.resetMs(0)]).toEqual(['taken', 250, 1_000])
    expect([tryTake(counter, 250), tryTake(counter, 400), counter.remaining(900)]).toEqual(['taken', 100, 2])
    expect(counter.remaining(9_000)).toBe(4)
  })

  it('counts what is under way for concurrency', () => {
    const counter = createLimitCounter('concurrency', 1, 1)
    expect([tryTake(counter, 0), tryTake(counter, 5)]).toEqual(['taken', 1_000])
    counter.finished(1)
    expect([counter.remaining(5), tryTake(counter, 5)]).toEqual([1, 'taken'])
  })
})
