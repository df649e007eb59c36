import { describe, expect, it } from 'vitest'
import { LimitBucket } from '../../src/rate-limit/limit-bucket.ts'

const middle = { next: () => 0.5, uuid: () => '' }

describe('LimitBucket', () => {
  it('lets everybody start while it is not paused', () => {
    expect(new LimitBucket(10, middle).expectedWaitMs(5)).toBe(0)
  })

  it('gives places one after the other behind the end of the pause', () => {
    const bucket = new LimitBucket(10, middle)
    expect(bucket.pause(1_000, 0)).toBe(1_000)
    expect([1, 2, 3].map(() => bucket.takePlace(400, Infinity))).toEqual([610, 620, 630])
    expect(bucket.expectedWaitMs(1_025)).toBe(5)
    expect(bucket.expectedWaitMs(1_030)).toBe(0)
  })

  it('gives no place to whom it would come too late', () => {
    const bucket = new LimitBucket(10, middle)
    bucket.pause(1_000, 0)
    expect(bucket.takePlace(0, 1_010)).toBeUndefined()
    expect(bucket.takePlace(0, 1_011)).toBe(1_010)
  })

  it('prolongs a pause but never shortens one', () => {
    const bucket = new LimitBucket(10, middle)
    bucket.pause(1_000, 0)
    expect(bucket.pause(500, 100)).toBe(0)
    expect(bucket.pausedMs(100)).toBe(900)
    expect(bucket.pause(2_000, 100)).toBe(2_000)
    expect(bucket.pausedMs(100)).toBe(2_000)
  })

  it('pauses for an hour at most', () => {
    expect(new LimitBucket(10, middle).pause(1e12, 0)).toBe(3_600_000)
  })

  it('is not paused by a wait of nothing', () => {
    expect(new LimitBucket(10, middle).pause(0, 0)).toBe(0)
  })
})
