import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMs } from '../../src/retry/backoff.ts'
import { RetryBudget } from '../../src/retry/retry-budget.ts'
import { seededRandom } from '../../src/testing/index.ts'

const delayMs = fc.double({ min: 0, max: 1e9, noNaN: true })
const random = fc.nat().map(seededRandom)

it('a backoff never exceeds its cap, nor the doubling of its base', () => {
  fc.assert(
    fc.property(delayMs, delayMs, fc.nat(98), random, (baseDelayMs, maxDelayMs, retry, source) => {
      const backoff = backoffMs({ baseDelayMs, maxDelayMs }, retry, undefined, source)
      expect(backoff).toBeGreaterThanOrEqual(0)
      expect(backoff).toBeLessThanOrEqual(Math.min(maxDelayMs, baseDelayMs * 2 ** retry))
    }),
  )
})

it('a backoff never ends before the time that the server asked for, and at most a second after it', () => {
  fc.assert(
    fc.property(delayMs, fc.nat(20), delayMs, random, (baseDelayMs, retry, serverWaitMs, source) => {
      const backoff = backoffMs({ baseDelayMs, maxDelayMs: 10_000 }, retry, serverWaitMs, source)
      expect(backoff).toBeGreaterThanOrEqual(serverWaitMs)
      expect(backoff).toBeLessThanOrEqual(Math.max(10_000, serverWaitMs + Math.min(1_000, serverWaitMs / 10)))
    }),
  )
})

it('a retry budget holds between nothing and its maximum, and pays only what it holds', () => {
  const amount = fc.integer({ min: 0, max: 50 })
  const options = fc.record({
    maxTokens: fc.integer({ min: 1, max: 100 }),
    transientCost: amount,
    throttleCost: amount,
    successRefund: amount,
  })
  const step = fc.constantFrom('transient', 'throttled', 'success', 'retried')
  fc.assert(
    fc.property(options, fc.array(step, { maxLength: 100 }), (settings, steps) => {
      const budget = new RetryBudget({ ...settings, maxRatio: 1, minRetriesPerMinute: 100 })
      let paid = 0
      for (const next of steps) {
        const before = budget.tokens
        if (next === 'success' || next === 'retried') {
          budget.succeeded(next === 'retried' ? paid : 0)
          expect(budget.tokens).toBeGreaterThanOrEqual(before)
        } else {
          const cost = next === 'throttled' ? settings.throttleCost : settings.transientCost
          const price = budget.pay(next === 'throttled', 0)
          expect(price).toBe(cost <= before ? cost : undefined)
          expect(budget.tokens).toBe(before - (price ?? 0))
          paid = price ?? paid
        }
        expect(budget.tokens).toBeGreaterThanOrEqual(0)
        expect(budget.tokens).toBeLessThanOrEqual(settings.maxTokens)
      }
    }),
  )
})
