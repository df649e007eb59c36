import { describe, expect, it } from 'vitest'
import { RetryBudget } from '../../src/retry/retry-budget.ts'

const options = {
  maxTokens: 20,
  transientCost: 10,
  throttleCost: 5,
  successRefund: 1,
  maxRatio: 0.2,
  minRetriesPerMinute: 30,
}

describe('RetryBudget', () => {
  it('pays for retries until the tokens are spent', () => {
    const budget = new RetryBudget(options)
    expect([budget.pay(false, 0), budget.pay(true, 0), budget.pay(false, 0)]).toEqual([10, 5, undefined])
    expect(budget.tokens).toBe(5)
  })

  it('takes back the price of a retry that succeeded', () => {
    const budget = new RetryBudget(options)
    budget.succeeded(budget.pay(false, 0) ?? 0)
    expect(budget.tokens).toBe(20)
  })

  it('earns a little with each call that needs no retry, up to the brim', () => {
    const budget = new RetryBudget(options)
    budget.pay(true, 0)
    for (let n = 0; n < 3; n++) budget.succeeded(0)
    expect(budget.tokens).toBe(18)
    for (let n = 0; n < 9; n++) budget.succeeded(0)
    expect(budget.tokens).toBe(20)
  })

  it('allows no more retries than the share of the calls, whatever the tokens', () => {
    const budget = new RetryBudget({ ...options, maxTokens: 1_000, minRetriesPerMinute: 2 })
    for (let n = 0; n < 15; n++) budget.countCall(0)
    expect([1, 2, 3, 4].map(() => budget.pay(false, 0))).toEqual([10, 10, 10, undefined])
    expect(budget.tokens).toBe(970)
  })

  it('does not hold back what a rate limit paces', () => {
    const budget = new RetryBudget({ ...options, maxRatio: 0, minRetriesPerMinute: 0 })
    expect([budget.pay(false, 0), budget.pay(true, 0)]).toEqual([undefined, 5])
  })
})
