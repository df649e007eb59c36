import {
  boolean,
  callback,
  checkOptions,
  durationMs,
  either,
  InvalidOptionsError,
  integer,
  number,
  oneOf,
  plainObject,
} from '@holdfast/core'
import { type ResolvedPace, resolvePace } from './adaptive-pace.ts'
import { type ResolvedBreaker, resolveBreaker } from './breaker.ts'
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts'
import { type ResolvedBackup, resolveBackup, resolveTarget } from './targets.ts'
import { type Target, urlChecks } from './url-target.ts'
import { idempotencyStore } from '../receiver/object-checks.ts'
import type { DestinationOptions, ExhaustionPolicy } from '../receiver/destination-options.ts'

/**
 * Defaults of a destination. `concurrency` is that of a destination with an `orderingKey`; without one there is a single key,
 * and it is `1`.
 */
export const defaultDestinationOptions: Readonly<{
  concurrency: number
  ratePerSecond: number
  timeoutMs: number
  maxAttempts: number
  baseDelayMs: number
  maxDelayMs: number
  onExhausted: ExhaustionPolicy
  maxParkedEvents: number
  maxParkedBytes: number
  idempotencyTtlMs: number
}> = Object.freeze({
  concurrency: 8,
  ratePerSecond: Infinity,
  timeoutMs: 30_000,
  maxAttempts: 10,
  baseDelayMs: 500,
  maxDelayMs: 60_000,
  onExhausted: 'deadLetter',
  maxParkedEvents: 100_000,
  maxParkedBytes: 256 * 1024 * 1024,
  idempotencyTtlMs: 7 * 86_400_000,
})

/** A destination's options, checked and complete. */
export interface ResolvedDestination {
  readonly target: Target
  readonly backup: ResolvedBackup | undefined
  /** `undefined`: one key for all events. */
  readonly orderingKey: DestinationOptions['orderingKey'] | undefined
  readonly concurrency: number
  readonly ratePerSecond: number
  /** `undefined`: the rate does not adapt. */
  readonly pace: ResolvedPace | undefined
  /** `undefined`: none. */
  readonly breaker: ResolvedBreaker | undefined
  readonly timeoutMs: number
  readonly maxAttempts: number
  readonly baseDelayMs: number
  readonly maxDelayMs: number
  readonly onExhausted: ExhaustionPolicy
  readonly maxParkedEvents: number
  readonly maxParkedBytes: number
  readonly idempotency: IdempotencyStore | undefined
  readonly idempotencyTtlMs: number
}

/**
 * Checks a destination's options and fills in the defaults, of which the receiver may have some: `shared`. `path` names them in messages,
 * for example `destinations.orders`.
 *
 * @throws InvalidOptionsError for the first option that is wrong.
 */
export function resolveDestination(
  path: string,
  options: DestinationOptions,
  shared: Pick<DestinationOptions, 'idempotency'> = {},
): ResolvedDestination {
  checkOptions(path, options, {
    handle: callback,
    ...urlChecks,
    backup: plainObject,
    orderingKey: callback,
    concurrency: integer({ min: 1, max: 10_000 }),
    ratePerSecond: number({ min: 0.001, max: 1_000_000, infinity: true }),
    pace: plainObject,
    breaker: either(boolean, plainObject),
    timeoutMs: durationMs({ min: 1, infinity: true }),
    maxAttempts: integer({ min: 1, infinity: true }),
    baseDelayMs: durationMs(),
    maxDelayMs: durationMs(),
    onExhausted: oneOf('deadLetter', 'blockKey', 'deadLetterKey'),
    maxParkedEvents: integer({ min: 0, max: 10_000_000 }),
    maxParkedBytes: integer({ min: 0, infinity: true }),
    idempotency: idempotencyStore,
    idempotencyTtlMs: durationMs({ min: 1, infinity: true }),
  })
  if (options.pace !== undefined && options.ratePerSecond !== undefined)
    throw new InvalidOptionsError({
      path: `${path}.ratePerSecond`,
      expected: 'absent where there is a `pace`',
      received: options.ratePerSecond,
    })
  const defaults = defaultDestinationOptions
  const resolved: ResolvedDestination = {
    target: resolveTarget(path, options),
    backup: options.backup && resolveBackup(`${path}.backup`, options.backup),
    orderingKey: options.orderingKey,
    concurrency: options.concurrency ?? (options.orderingKey === undefined ? 1 : defaults.concurrency),
    ratePerSecond: options.ratePerSecond ?? defaults.ratePerSecond,
    pace: options.pace && resolvePace(`${path}.pace`, options.pace),
    breaker: breakerOf(`${path}.breaker`, options.breaker),
    timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
    maxAttempts: options.maxAttempts ?? defaults.maxAttempts,
    baseDelayMs: options.baseDelayMs ?? defaults.baseDelayMs,
    maxDelayMs: options.maxDelayMs ?? Math.max(defaults.maxDelayMs, options.baseDelayMs ?? 0),
    onExhausted: options.onExhausted ?? defaults.onExhausted,
    maxParkedEvents: options.maxParkedEvents ?? defaults.maxParkedEvents,
    maxParkedBytes: options.maxParkedBytes ?? defaults.maxParkedBytes,
    idempotency: options.idempotency ?? shared.idempotency,
    idempotencyTtlMs: options.idempotencyTtlMs ?? defaults.idempotencyTtlMs,
  }
  if (resolved.maxDelayMs < resolved.baseDelayMs)
    throw new InvalidOptionsError({
      path: `${path}.maxDelayMs`,
      expected: `at least baseDelayMs (${resolved.baseDelayMs})`,
      received: resolved.maxDelayMs,
    })
  return Object.freeze(resolved)
}

function breakerOf(path: string, options: DestinationOptions['breaker']): ResolvedBreaker | undefined {
  if (options === undefined || options === false) return undefined
  return resolveBreaker(path, options === true ? {} : options)
}
