import { describe, expect, it } from 'vitest'
import { SuccessLog } from '../../src/rate-limit/success-log.ts'

describe('SuccessLog', () => {
  it('knows nothing before the first success, and after it was cleared', () => {
    const log = new SuccessLog()
    expect(log.densest(0, 1_000)).toBeUndefined()
    log.add(1, 0)
    log.clear()
    expect(log.densest(0, 1_000)).toBeUndefined()
  })

  it('finds the stretch that speaks for the highest rate', () => {
    const log = new SuccessLog()
    for (const atMs of [0, 10_000, 20_000]) log.add(1, atMs)
    for (let n = 0; n < 8; n++) log.add(1, 30_000 + n)
    expect(log.densest(30_010, 1_000)).toEqual({ count: 8, beganMs: 30_000 })
  })

  it('keeps the count of a long time, the older the coarser', () => {
    const log = new SuccessLog()
    for (let n = 0; n < 10_000; n++) log.add(1, n * 10)
    const burst = log.densest(100_000, 1_000)
    expect(burst?.count).toBeGreaterThan(9_900)
    expect((100_000 - (burst?.beganMs ?? 0)) / (burst?.count ?? 1)).toBeCloseTo(10, 0)
  })

  it('forgets what is an hour ago', () => {
    const log = new SuccessLog()
    log.add(1_000, 0)
    for (let n = 0; n < 100; n++) log.add(1, 7_200_000 + n * 1_000)
    expect(log.densest(7_300_000, 10_000_000)?.count).toBe(100)
  })
})
