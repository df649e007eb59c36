import type { Random } from '@holdfast/core'

/** Bounds of the wait before a repeat, in milliseconds. */
export interface RetryDelay {
  readonly baseDelayMs: number
  readonly maxDelayMs: number
}

/**
 * The wait before the repeat that follows failed attempt number `attempts`, in milliseconds: exponential with equal jitter.
 * The bound starts at `baseDelayMs`, doubles with each failure up to `maxDelayMs`, and the wait is half of it plus a random
 * part of the other half. Half is fixed because a lane must not hammer a destination that has just failed.
 */
export function retryDelayMs(attempts: number, { baseDelayMs, maxDelayMs }: RetryDelay, random: Random): number {
  const bound = Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(attempts - 1, 1023))
  return bound / 2 + (bound / 2) * random.next()
}
