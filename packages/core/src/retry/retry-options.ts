import { headerName } from '../connectors/check-shape.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { checkOptions, durationMs, either, integer, number, oneOf, plainObject } from '../options/check.ts'
import { withDefaults } from '../options/with-defaults.ts'

/**
 * What stops retries from multiplying the load on an API that is in trouble, per host and connection: a token bucket, with the design
 * and the numbers of the AWS SDKs' standard retry mode of 2026, and a share of the calls of the last minute, as in "Site
 * Reliability Engineering", chapter 21. A retry needs both. A hedge counts as a retry that never brings its cost back.
 */
export interface RetryBudgetOptions {
  /** Tokens in a full bucket. An integer >= 1. @defaultValue 500 */
  readonly maxTokens?: number
  /** Cost of a retry after a failure of the network or the server. @defaultValue 14 */
  readonly transientCost?: number
  /**
   * Cost of a retry after a rate limit that holds nobody back, as with `rateLimit: false`. Less, because such retries are paced by
   * the server. A retry that waits in the line of a limit costs nothing. @defaultValue 5
   */
  readonly throttleCost?: number
  /** Tokens that a call brings back when it succeeds at once. A retry that succeeds brings back its cost. @defaultValue 1 */
  readonly successRefund?: number
  /**
   * Retries per call of the last minute, also when they succeed. From 0 to 1; 1 is no limit as long as there are two attempts.
   * Retries after a rate limit are paced by it, and neither counted nor held back here. @defaultValue 0.2
   */
  readonly maxRatio?: number
  /** Retries per minute that are allowed however few calls there are. An integer >= 0. @defaultValue 30 */
  readonly minRetriesPerMinute?: number
}

/** When and how a failed attempt is repeated. */
export interface RetryOptions {
  /** Attempts per call, the first one included. 1 never retries. An integer from 1 to 100. @defaultValue 3 */
  readonly maxAttempts?: number
  /**
   * Upper bound of the wait before the first retry; it doubles with each one. The wait itself is drawn evenly from 0 to the
   * bound (full jitter). @defaultValue 250
   */
  readonly baseDelayMs?: number
  /**
   * The bound grows no further than this; at least `baseDelayMs`, which is the default where it is longer. A longer wait that the
   * server asks for is not cut. @defaultValue 20_000
   */
  readonly maxDelayMs?: number
  /**
   * Bytes of a stream, or of the body of a Request, that are read into memory before the first attempt so that it can be sent
   * again. A longer one is sent once, as the stream that it is; what was read of it goes in front. An integer >= 0; 0 reads
   * nothing. A `replayableBody` needs no memory. @defaultValue 0
   */
  readonly bufferBodyBytes?: number
  /**
   * Request header that carries the number of the attempt, 1 for the first, for example `x-retry-attempt`. A header that the
   * caller sets is left alone. Default: none is sent.
   */
  readonly attemptHeader?: string
  /**
   * What to do about a call that somebody else repeats by itself, a client above or another function of `createFetch` below:
   * `yield` leaves the repeats to it, so that three attempts do not become nine; `retry` repeats all the same. Either way
   * `retry:nested` tells who it seems to be. @defaultValue 'yield'
   */
  readonly whenNested?: 'yield' | 'retry'
  /** Limits the retries per host and connection; `false` switches the limit off. */
  readonly budget?: RetryBudgetOptions | false
}

export type ResolvedRetryBudgetOptions = Required<RetryBudgetOptions>

export interface ResolvedRetryOptions {
  readonly maxAttempts: number
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  readonly bufferBodyBytes: number
  readonly attemptHeader: string | undefined
  readonly whenNested: 'yield' | 'retry'
  readonly budget: ResolvedRetryBudgetOptions | false
}

/** The defaults of `RetryBudgetOptions`. */
export const defaultRetryBudgetOptions: ResolvedRetryBudgetOptions = Object.freeze({
  maxTokens: 500,
  transientCost: 14,
  throttleCost: 5,
  successRefund: 1,
  maxRatio: 0.2,
  minRetriesPerMinute: 30,
})

/** The defaults of `RetryOptions`. */
export const defaultRetryOptions: ResolvedRetryOptions = Object.freeze({
  maxAttempts: 3,
  baseDelayMs: 250,
  maxDelayMs: 20_000,
  bufferBodyBytes: 0,
  attemptHeader: undefined,
  whenNested: 'yield',
  budget: defaultRetryBudgetOptions,
})

/** @throws InvalidOptionsError when an option is wrong. */
export function resolveRetryOptions(options: RetryOptions = {}): ResolvedRetryOptions {
  checkOptions('retry', options, {
    maxAttempts: integer({ min: 1, max: 100 }),
    baseDelayMs: durationMs(),
    maxDelayMs: durationMs(),
    bufferBodyBytes: integer({ min: 0 }),
    attemptHeader: headerName,
    whenNested: oneOf('yield', 'retry'),
    budget: either(oneOf(false), plainObject),
  })
  const { baseDelayMs = defaultRetryOptions.baseDelayMs, maxDelayMs } = options
  if (maxDelayMs !== undefined && maxDelayMs < baseDelayMs)
    throw new InvalidOptionsError({
      path: 'retry.maxDelayMs',
      expected: `at least baseDelayMs (${baseDelayMs})`,
      received: maxDelayMs,
    })
  return withDefaults(defaultRetryOptions, {
    ...options,
    maxDelayMs: maxDelayMs ?? Math.max(defaultRetryOptions.maxDelayMs, baseDelayMs),
    budget: resolveBudget(options.budget),
  })
}

function resolveBudget(budget: RetryBudgetOptions | false = {}): ResolvedRetryBudgetOptions | false {
  if (budget === false) return false
  checkOptions('retry.budget', budget, {
    maxTokens: integer({ min: 1 }),
    transientCost: number({ min: 0 }),
    throttleCost: number({ min: 0 }),
    successRefund: number({ min: 0 }),
    maxRatio: number({ min: 0, max: 1 }),
    minRetriesPerMinute: integer({ min: 0 }),
  })
  return withDefaults(defaultRetryBudgetOptions, budget)
}
