import { describe, expect, it } from 'vitest'
import { RetryBudget } from '../../src/retry/retry-budget.ts'

const options = { maxTokens: 20, transientCost: 10, throttleCost: 5, successRefund: 1 }

describe('RetryBudget', () => {
  it('pays for retries until the tokens are spent', () => {
    const budget = new RetryBudget(options)
    expect([budget.pay(false), budget.pay(true), budget.pay(false)]).toEqual([10, 5, undefined])
    expect(budget.tokens).toBe(5)
  })

  it('takes back the price of a retry that succeeded', () => {
    const budget = new RetryBudget(options)
    budget.succeeded(budget.pay(false) ?? 0)
    expect(budget.tokens).toBe(20)
  })

  it('earns a little with each call that needs no retry, up to the brim', () => {
    const budget = new RetryBudget(options)
    budget.pay(true)
    for (let n = 0; n < 3; n++) budget.succeeded(0)
    expect(budget.tokens).toBe(18)
    for (let n = 0; n < 9; n++) budget.succeeded(0)
    expect(budget.tokens).toBe(20)
  })
})
