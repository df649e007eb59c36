import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { retryDelayMs } from '../../src/drain/retry-delay.ts'

const bounds = { baseDelayMs: 500, maxDelayMs: 60_000 }
const fixed = (value: number) => ({ next: () => value, uuid: () => '' })

describe('retryDelayMs', () => {
  test('doubles with each failure up to the longest wait', () => {
    const delays = [1, 2, 3, 7, 8, 100, Number.MAX_SAFE_INTEGER].map((attempts) =>
      retryDelayMs(attempts, bounds, fixed(0)),
    )
    expect(delays).toEqual([250, 500, 1000, 16_000, 30_000, 30_000, 30_000])
  })

  test('stays between half of its bound and the bound', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempts, chance) => {
          const bound = Math.min(60_000, 500 * 2 ** (attempts - 1))
          const delayMs = retryDelayMs(attempts, bounds, fixed(chance))
          expect(delayMs).toBeGreaterThanOrEqual(bound / 2)
          expect(delayMs).toBeLessThanOrEqual(bound)
        },
      ),
    )
  })

  test('is 0 with a base of 0', () => {
    expect(retryDelayMs(5, { baseDelayMs: 0, maxDelayMs: 0 }, fixed(0.9))).toBe(0)
  })
})
