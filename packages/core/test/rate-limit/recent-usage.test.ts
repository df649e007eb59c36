import { describe, expect, it } from 'vitest'
import { RecentUsage } from '../../src/rate-limit/recent-usage.ts'

describe('RecentUsage', () => {
  it('knows the most that started in this quarter of a second or in the one before', () => {
    const usage = new RecentUsage()
    usage.started(2, 0)
    usage.started(3, 249)
    expect(usage.mostUnits(249)).toBe(5)
    usage.started(1, 250)
    expect(usage.mostUnits(499)).toBe(5)
    expect(usage.mostUnits(500)).toBe(1)
    expect(usage.mostUnits(1_000)).toBe(0)
  })
})
