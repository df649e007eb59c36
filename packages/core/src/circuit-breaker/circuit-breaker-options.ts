import { checkOptions, durationMs, integer, number } from '../options/check.ts'
import { withDefaults } from '../options/with-defaults.ts'

/** When calls to a failing host are stopped, and for how long. */
export interface CircuitBreakerOptions {
  /** The circuit opens when this share of the completed calls in the window failed, or more. From 0.01 to 1. @defaultValue 0.5 */
  readonly failureRatio?: number
  /** The circuit never opens on fewer completed calls in the window. An integer >= 1. @defaultValue 10 */
  readonly minimumCalls?: number
  /** How far back calls count, in milliseconds, in steps of a tenth. At least 10. @defaultValue 10_000 */
  readonly windowMs?: number
  /** How long an open circuit refuses calls before it lets one through to try, in milliseconds. At least 1. @defaultValue 30_000 */
  readonly breakMs?: number
}

export type ResolvedCircuitBreakerOptions = Required<CircuitBreakerOptions>

/** The defaults of `CircuitBreakerOptions`. */
export const defaultCircuitBreakerOptions: ResolvedCircuitBreakerOptions = Object.freeze({
  failureRatio: 0.5,
  minimumCalls: 10,
  windowMs: 10_000,
  breakMs: 30_000,
})

/** @throws InvalidOptionsError when an option is wrong. */
export function resolveCircuitBreakerOptions(options: CircuitBreakerOptions = {}): ResolvedCircuitBreakerOptions {
  checkOptions('breaker', options, {
    failureRatio: number({ min: 0.01, max: 1 }),
    minimumCalls: integer({ min: 1 }),
    windowMs: durationMs({ min: 10 }),
    breakMs: durationMs({ min: 1 }),
  })
  return withDefaults(defaultCircuitBreakerOptions, options)
}
