import { InvalidOptionsError } from '../../errors/invalid-options-error.ts'
import { callback, type Check, checkOptions, durationMs, number, oneOf, plainObject } from '../../options/check.ts'
import type { LimitDialect } from './limit-dialect.ts'
import { type LimitDialectName, limitDialects } from './limit-dialects.ts'
import type { UpstreamRequest } from './upstream-request.ts'

/**
 * How a limit counts. `fixed_window`: so many until the window ends, which began with its first request.
 * `sliding_window`: so many in any stretch of that length. `token_bucket`: what was taken comes back evenly, all of it
 * within the window. `concurrency`: so many at a time.
 */
export type LimitModel = 'fixed_window' | 'sliding_window' | 'token_bucket' | 'concurrency'

/** A rate limit of an upstream: how it counts, and how it tells. */
export interface UpstreamLimit {
  /** @defaultValue 'fixed_window' */
  readonly model?: LimitModel
  /** How many requests, or units of `costOf`. At least 1. */
  readonly limit: number
  /** Length of the window in milliseconds. A day makes it a daily quota. @defaultValue 60_000 */
  readonly windowMs?: number
  /** Whose headers and bodies it speaks: a name of `limitDialects`, or your own. @defaultValue 'retry_after' */
  readonly dialect?: LimitDialectName | LimitDialect
  /** Units that a request takes, for example the cost of a GraphQL query. Default: 1. */
  readonly costOf?: (request: UpstreamRequest) => number
  /** Who is counted together, for example by the token in `request.headers.authorization`. Default: all. */
  readonly keyOf?: (request: UpstreamRequest) => string
}

/** A limit with everything filled in. */
export interface ResolvedUpstreamLimit extends Required<Omit<UpstreamLimit, 'dialect'>> {
  readonly dialect: LimitDialect
}

const dialect: Check = (value) =>
  typeof value === 'string'
    ? Object.hasOwn(limitDialects, value)
      ? undefined
      : 'the name of a dialect'
    : plainObject(value) === undefined && plainObject((value as LimitDialect).refused) === undefined
      ? undefined
      : 'the name of a dialect or one with `refused`'

const checks: Readonly<Record<keyof UpstreamLimit, Check>> = {
  model: oneOf('fixed_window', 'sliding_window', 'token_bucket', 'concurrency'),
  limit: number({ min: 1 }),
  windowMs: durationMs({ min: 1 }),
  dialect,
  costOf: callback,
  keyOf: callback,
}

/** @throws InvalidOptionsError when an option is wrong or unknown. */
export function resolveUpstreamLimit(limit: UpstreamLimit): ResolvedUpstreamLimit {
  checkOptions('limit', limit, checks)
  if ((limit as Partial<UpstreamLimit>).limit === undefined)
    throw new InvalidOptionsError({ path: 'limit.limit', expected: 'a number >= 1', received: undefined })
  const { model = 'fixed_window', windowMs = 60_000, dialect: spoken = 'retry_after' } = limit
  return Object.freeze({
    model,
    limit: limit.limit,
    windowMs,
    dialect: typeof spoken === 'string' ? limitDialects[spoken] : spoken,
    costOf: limit.costOf ?? (() => 1),
    keyOf: limit.keyOf ?? (() => ''),
  })
}
