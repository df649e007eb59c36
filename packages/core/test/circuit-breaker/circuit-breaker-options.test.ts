import { describe, expect, it } from 'vitest'
import {
  type CircuitBreakerOptions,
  resolveCircuitBreakerOptions,
} from '../../src/circuit-breaker/circuit-breaker-options.ts'

describe('resolveCircuitBreakerOptions', () => {
  it.each<[CircuitBreakerOptions, number]>([
    [{}, 120_000],
    [{ breakMs: 1_000 }, 120_000],
    [{ breakMs: 300_000 }, 300_000],
    [{ breakMs: 1_000, maxBreakMs: 1_000 }, 1_000],
  ])('takes %j for a longest break of %d ms', (options, maxBreakMs) => {
    expect(resolveCircuitBreakerOptions(options).maxBreakMs).toBe(maxBreakMs)
  })

  it.each<[CircuitBreakerOptions, string]>([
    [{ maxBreakMs: 10_000 }, 'Expected `breaker.maxBreakMs` to be at least `breaker.breakMs`, 30000, got `10000`'],
    [{ halfOpenCalls: 0 }, 'Expected `breaker.halfOpenCalls` to be an integer >= 1'],
    [{ slowCallRatio: 0 }, 'Expected `breaker.slowCallRatio` to be a number from 0.01 to 1'],
    [{ slowCallMs: 0 }, 'Expected `breaker.slowCallMs` to be a number of milliseconds >= 1 (or Infinity)'],
    [{ groupOf: 'path' as never }, 'Expected `breaker.groupOf` to be a function'],
  ])('refuses %j', (options, message) => {
    expect(() => resolveCircuitBreakerOptions(options)).toThrow(message)
  })
})
