import { callback, type Check, checkOptions, durationMs, oneOf } from '../options/check.ts'
import { withDefaults } from '../options/with-defaults.ts'
import type { Priority } from '../policy/place.ts'
import { Limits } from './limits.ts'

/** A request, as far as its cost and its priority follow from it. */
export interface LimitedRequest {
  /** In upper case. */
  readonly method: string
  /** As the caller gave it, query included. */
  readonly url: string
}

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
   * Calls that waited for the same pause start at least this far apart, in the order of their priority and then of their
   * begin; less, where it is known how many are allowed in which time. 0: all at once. @defaultValue 25
   */
  readonly releaseIntervalMs?: number
  /**
   * How urgent a call is that waits, here or for the bulkhead, where `priority` in its `init` does not say `high` or `low`:
   * for clients that do not let an `init` through. @defaultValue undefined (`auto`)
   */
  readonly priorityOf?: (request: LimitedRequest) => Priority
  /**
   * What a call takes of limits that count something else than calls, such as points or tokens, and of the limit of a host
   * of which no connector says more. A finite number; 0: nothing. It is reserved before sending; what an answer tells then
   * counts. The connector's own `costs` win. @defaultValue undefined (1 of what counts calls, nothing reserved of the rest)
   */
  readonly costOf?: (request: LimitedRequest) => number
  /** What several functions share, made by `createLimits`. @defaultValue undefined (each function has its own) */
  readonly limits?: Limits
}

type Optional = 'priorityOf' | 'costOf' | 'limits'

export interface ResolvedRateLimitOptions extends Required<Omit<RateLimitOptions, Optional>> {
  readonly priorityOf: RateLimitOptions['priorityOf'] | undefined
  readonly costOf: RateLimitOptions['costOf'] | undefined
  readonly limits: Limits | undefined
}

const limitsCheck: Check = (value) => (value instanceof Limits ? undefined : 'made by `createLimits`')

/** The defaults of `RateLimitOptions`. */
export const defaultRateLimitOptions: ResolvedRateLimitOptions = Object.freeze({
  onLimit: 'wait',
  maxWaitMs: Infinity,
  releaseIntervalMs: 25,
  priorityOf: undefined,
  costOf: undefined,
  limits: undefined,
})

/** @throws InvalidOptionsError when an option is wrong. */
export function resolveRateLimitOptions(options: RateLimitOptions = {}): ResolvedRateLimitOptions {
  checkOptions('rateLimit', options, {
    onLimit: oneOf('wait', 'surface', 'fail'),
    maxWaitMs: durationMs({ infinity: true }),
    releaseIntervalMs: durationMs(),
    priorityOf: callback,
    costOf: callback,
    limits: limitsCheck,
  })
  return withDefaults(defaultRateLimitOptions, options)
}
