import { checkOptions, durationMs, oneOf } from '../options/check.ts'
import { withDefaults } from '../options/with-defaults.ts'

/** What happens when an API says that a rate limit was hit. */
export interface RateLimitOptions {
  /**
   * `wait`: a 429 that says how long to wait pauses every call to the host; they go on one by one after it.
   * `surface`: the 429 is returned at once, nothing is paused and a rate limit is never retried.
   * @defaultValue 'wait'
   */
  readonly onLimit?: 'wait' | 'surface'
  /** A call that would have to wait longer fails now. The deadline bounds the wait in any case. @defaultValue Infinity */
  readonly maxWaitMs?: number
  /**
   * Calls that waited for the same pause start at least this far apart, in the order in which they came; up to ten times
   * this, where the calls before the limit show that the provider takes fewer. 0: all at once. @defaultValue 25
   */
  readonly releaseIntervalMs?: number
}

export type ResolvedRateLimitOptions = Required<RateLimitOptions>

/** The defaults of `RateLimitOptions`. */
export const defaultRateLimitOptions: ResolvedRateLimitOptions = Object.freeze({
  onLimit: 'wait',
  maxWaitMs: Infinity,
  releaseIntervalMs: 25,
})

/** @throws InvalidOptionsError when an option is wrong. */
export function resolveRateLimitOptions(options: RateLimitOptions = {}): ResolvedRateLimitOptions {
  checkOptions('rateLimit', options, {
    onLimit: oneOf('wait', 'surface'),
    maxWaitMs: durationMs({ infinity: true }),
    releaseIntervalMs: durationMs(),
  })
  return withDefaults(defaultRateLimitOptions, options)
}
