import { LruMap } from '../policy/lru-map.ts'
import type { CallLimit } from './call-limit.ts'

const MAX_BUCKETS = 10_000

/** The state of the rate limits of several functions made by `createFetch`. Only `createLimits` makes one. */
export class Limits {
  readonly #buckets = bucketMap()

  /** @internal */
  get buckets(): LruMap<CallLimit> {
    return this.#buckets
  }
}

/**
 * Makes what functions need that share their rate limits: those of one connection, and, where a connector says `scope: 'app'`,
 * those of all connections of the application. Which they have in common follows from connector and connection.
 *
 * Functions that share limits need the same clock. Disposing one of them leaves the limits to the others.
 */
export function createLimits(): Limits {
  return new Limits()
}

/** A place for buckets. The 10,000 that were used last are kept, and of these rather those that hold something back. */
export function bucketMap(): LruMap<CallLimit> {
  // Whoever waits in a bucket that is forgotten still gets its turn.
  return new LruMap(MAX_BUCKETS, { isNeeded: ({ bucket }) => bucket.isNeeded })
}
