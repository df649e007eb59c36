import { describe, expect, it } from 'vitest'
import { LimitBucket } from '../../src/rate-limit/limit-bucket.ts'

const exact = { next: () => 0, uuid: () => '' }

describe('LimitBucket', () => {
  it('lets everybody start while it is not paused', () => {
    expect(new LimitBucket(10, exact).expectedWaitMs(5)).toBe(0)
  })

  it('gives places one after the other behind the end of the pause', () => {
    const bucket = new LimitBucket(10, exact)
    expect(bucket.pause(1_000, 0)).toBe(1_000)
    expect([1, 2, 3].map(() => bucket.takePlace(400, Infinity))).toEqual([610, 620, 630])
    expect(bucket.expectedWaitMs(1_025)).toBe(5)
    expect(bucket.expectedWaitMs(1_030)).toBe(0)
  })

  it('gives no place to whom it would come too late', () => {
    const bucket = new LimitBucket(10, exact)
    bucket.pause(1_000, 0)
    expect(bucket.takePlace(0, 1_010)).toBeUndefined()
    expect(bucket.takePlace(0, 1_011)).toBe(1_010)
  })

  it('spreads the places by up to a fifth', () => {
    const bucket = new LimitBucket(10, { next: () => 0.999, uuid: () => '' })
    bucket.pause(1_000, 0)
    expect(bucket.takePlace(0, Infinity)).toBeCloseTo(1_012, 1)
  })

  it('learns from what went through how fast the line may move', () => {
    const bucket = new LimitBucket(25, exact)
    for (const atMs of [0, 10, 20, 30, 40]) bucket.succeeded(atMs)
    bucket.pause(900, 100)
    expect([1, 2, 3].map(() => bucket.takePlace(100, Infinity))).toEqual([1_100, 1_300, 1_500])
  })

  it.each([
    ['never faster than the interval it was given', Array.from({ length: 200 }, () => 0), 25],
    ['never slower than ten times that', [0], 250],
  ])('moves the line %s', (_, successes, intervalMs) => {
    const bucket = new LimitBucket(25, exact)
    for (const atMs of successes) bucket.succeeded(atMs)
    bucket.pause(1_000, 0)
    expect(bucket.takePlace(0, Infinity)).toBe(1_000 + intervalMs)
  })

  it('prolongs a pause but never shortens one', () => {
    const bucket = new LimitBucket(10, exact)
    bucket.pause(1_000, 0)
    expect(bucket.pause(500, 100)).toBe(0)
    expect(bucket.pausedMs(100)).toBe(900)
    expect(bucket.pause(2_000, 100)).toBe(2_000)
    expect(bucket.pausedMs(100)).toBe(2_000)
  })

  it('follows a slightly later answer without calling it news', () => {
    const bucket = new LimitBucket(10, exact)
    bucket.pause(1_000, 0)
    expect(bucket.pause(1_000, 50)).toBe(0)
    expect(bucket.pausedMs(50)).toBe(1_000)
    expect(bucket.pause(10, 2_000)).toBe(10)
  })

  it('pauses for an hour at most', () => {
    expect(new LimitBucket(10, exact).pause(1e12, 0)).toBe(3_600_000)
  })

  it('is not paused by a wait of nothing', () => {
    expect(new LimitBucket(10, exact).pause(0, 0)).toBe(0)
  })
})
