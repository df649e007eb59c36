import { checkOptions, durationMs, oneOf } from '../options/check.ts'
import { withDefaults } from '../options/with-defaults.ts'

/** What happens when an API says that a rate limit was hit. */
export interface RateLimitOptions {
  /**
   * `wait`: a 429 pauses every call under the same limit; they go on one by one after it. What is left is reserved before
   * sending, so that a limit that answers foretell is not hit.
   * `fail`: the same, but nobody waits: a call that could not be sent now is refused, and a 429 is returned.
   * `surface`: nothing is paused or refused, and a 429 is returned.
   * @defaultValue 'wait'
   */
  readonly onLimit?: 'wait' | 'surface' | 'fail'
  /**
   * A call that would have to wait longer fails now. The deadline bounds the wait in any case, and nobody waits for longer
   * than an hour. @defaultValue Infinity
   */
  readonly maxWaitMs?: number
  /**
   * Calls that waited for the same pause start this far apart, in the order in which they came: less, where answers say
   * that more is allowed, and up to ten times this, where the calls before the limit show that the provider takes fewer.
   * 0: all at once. @defaultValue 25
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
    onLimit: oneOf('wait', 'surface', 'fail'),
    maxWaitMs: durationMs({ infinity: true }),
    releaseIntervalMs: durationMs(),
  })
  return withDefaults(defaultRateLimitOptions, options)
}
