import { describe, expect, it } from 'vitest'
import { defaultRetryOptions, resolveRetryOptions } from '../../src/retry/retry-options.ts'

describe('resolveRetryOptions', () => {
  it('fills in the defaults and cannot be changed afterwards', () => {
    const resolved = resolveRetryOptions({ maxAttempts: undefined } as never)
    expect(resolved).toEqual(defaultRetryOptions)
    expect(Object.isFrozen(resolved)).toBe(true)
  })

  it('completes a budget of which a part is given', () => {
    expect(resolveRetryOptions({ budget: { maxTokens: 10 } }).budget).toMatchObject({ maxTokens: 10, throttleCost: 5 })
    expect(resolveRetryOptions({ budget: false }).budget).toBe(false)
  })

  it('raises the longest delay to a base delay that is above its default', () => {
    expect(resolveRetryOptions({ baseDelayMs: 30_000 }).maxDelayMs).toBe(30_000)
  })

  it.each([
    [{ maxAttempts: 0 }, 'Expected `retry.maxAttempts` to be an integer from 1 to 100, got `0` (number).'],
    [{ baseDelayMs: -1 }, '`retry.baseDelayMs`'],
    [{ baseDelayMs: 100, maxDelayMs: 50 }, '`retry.maxDelayMs` to be at least baseDelayMs (100), got `50`'],
    [{ budget: true }, '`retry.budget`'],
    [{ budget: { maxToken: 3 } }, 'Did you mean `maxTokens`?'],
  ])('refuses %o', (options, message) => {
    expect(() => resolveRetryOptions(options as never)).toThrow(message)
  })
})
