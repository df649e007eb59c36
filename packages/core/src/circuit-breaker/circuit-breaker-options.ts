import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { callback, checkOptions, durationMs, integer, number } from '../options/check.ts'
import { withDefaults } from '../options/with-defaults.ts'

/** When calls to a failing host are stopped, and for how long. */
export interface CircuitBreakerOptions {
  /** The circuit opens when this share of the completed calls in the window failed, or more. From 0.01 to 1. @defaultValue 0.5 */
  readonly failureRatio?: number
  /** The circuit never opens on fewer completed calls in the window. An integer >= 1. @defaultValue 10 */
  readonly minimumCalls?: number
  /** How far back calls count, in milliseconds, in steps of a tenth. At least 10. @defaultValue 10_000 */
  readonly windowMs?: number
  /**
   * A call that takes as long as this until its response headers, in milliseconds, is slow, whether it succeeds or not; so
   * is one in flight that has taken as long already. At least 1. `Infinity`: slowness does not matter. @defaultValue Infinity
   */
  readonly slowCallMs?: number
  /** The circuit opens when this share of the calls in the window was slow, or more. From 0.01 to 1. @defaultValue 1 */
  readonly slowCallRatio?: number
  /**
   * How long an open circuit refuses calls before it lets some through to try, in milliseconds, give or take a tenth so that
   * not everybody comes back at once. At least 1. A `Retry-After` of the host that is longer counts. @defaultValue 30_000
   */
  readonly breakMs?: number
  /**
   * The break doubles each time the circuit opens again without having closed, up to this, in milliseconds. `Retry-After`
   * does not prolong it further. At least `breakMs`, which also is the default when it is longer. @defaultValue 120_000
   */
  readonly maxBreakMs?: number
  /**
   * How many calls a half-open circuit lets through. It opens again when `failureRatio` of them failed, and closes as soon
   * as that cannot happen any more. An integer >= 1. @defaultValue 3
   */
  readonly halfOpenCalls?: number
  /**
   * Names the group of endpoints that a request belongs to; each group of a host has a circuit of its own, so that one bad
   * endpoint does not stop the others. `undefined` or an empty name: the circuit for all the rest of the host. Called for
   * each call; what it throws, the call throws. `method` is in upper case, `url` is as the caller gave it. The name appears
   * in events and snapshots. 100 groups per host are kept. Default: the groups of the connector's `endpoints`, where it has
   * any.
   */
  readonly groupOf?: (request: { readonly method: string; readonly url: string }) => string | undefined
}

export interface ResolvedCircuitBreakerOptions extends Required<Omit<CircuitBreakerOptions, 'groupOf'>> {
  readonly groupOf: CircuitBreakerOptions['groupOf'] | undefined
}

/** The defaults of `CircuitBreakerOptions`. */
export const defaultCircuitBreakerOptions: ResolvedCircuitBreakerOptions = Object.freeze({
  failureRatio: 0.5,
  minimumCalls: 10,
  windowMs: 10_000,
  slowCallMs: Infinity,
  slowCallRatio: 1,
  breakMs: 30_000,
  maxBreakMs: 120_000,
  halfOpenCalls: 3,
  groupOf: undefined,
})

/** @throws InvalidOptionsError when an option is wrong. */
export function resolveCircuitBreakerOptions(options: CircuitBreakerOptions = {}): ResolvedCircuitBreakerOptions {
  checkOptions('breaker', options, {
    failureRatio: number({ min: 0.01, max: 1 }),
    minimumCalls: integer({ min: 1 }),
    windowMs: durationMs({ min: 10 }),
    slowCallMs: durationMs({ min: 1, infinity: true }),
    slowCallRatio: number({ min: 0.01, max: 1 }),
    breakMs: durationMs({ min: 1 }),
    maxBreakMs: durationMs({ min: 1 }),
    halfOpenCalls: integer({ min: 1 }),
    groupOf: callback,
  })
  const { breakMs = defaultCircuitBreakerOptions.breakMs, maxBreakMs } = options
  if (maxBreakMs !== undefined && maxBreakMs < breakMs)
    throw new InvalidOptionsError({
      path: 'breaker.maxBreakMs',
      expected: `at least \`breaker.breakMs\`, ${breakMs}`,
      received: maxBreakMs,
    })
  return withDefaults(defaultCircuitBreakerOptions, {
    ...options,
    maxBreakMs: maxBreakMs ?? Math.max(breakMs, defaultCircuitBreakerOptions.maxBreakMs),
  })
}
