import type { Random } from '../random/random.ts'

// A server's wait is prolonged by up to a tenth, at most a second, so that its clients do not all come back in the same instant.
const SERVER_WAIT_JITTER = 0.1
const MAX_SERVER_WAIT_JITTER_MS = 1_000

/** What a backoff is computed from. */
export interface Backoff {
  readonly baseDelayMs: number
  readonly maxDelayMs: number
}

/**
 * Full jitter: evenly from 0 to `min(maxDelayMs, baseDelayMs · 2^retry)`, where `retry` is 0 for the first one.
 * A wait that the server asked for is a lower bound.
 */
export function backoffMs(backoff: Backoff, retry: number, serverWaitMs: number | undefined, random: Random): number {
  const jittered = random.next() * Math.min(backoff.maxDelayMs, backoff.baseDelayMs * 2 ** retry)
  if (serverWaitMs === undefined) return jittered
  const spread = Math.min(serverWaitMs * SERVER_WAIT_JITTER, MAX_SERVER_WAIT_JITTER_MS)
  return Math.max(jittered, serverWaitMs + random.next() * spread)
}
