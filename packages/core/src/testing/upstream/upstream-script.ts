import type { Random } from '../../random/random.ts'
import type { Clock } from '../../time/clock.ts'
import type { UpstreamLimit } from './upstream-limit.ts'
import type { UpstreamReply, UpstreamStep } from './upstream-reply.ts'
import type { UpstreamRequest } from './upstream-request.ts'

/** What every kind of upstream can be told. */
export interface UpstreamOptions {
  /** What limits and delays run on. Default: `systemClock`; of `flakyFetch` a `fakeClock` makes tests instant. */
  readonly clock?: Clock
  /** What `disturb` draws from. Default: `seededRandom(1)`. */
  readonly random?: Random
}

/** How often what goes wrong. */
export interface UpstreamDisturbance {
  /** The part of the requests that are disturbed, from 0 to 1. */
  readonly ratio: number
  /** What they get; each is as likely as the others. */
  readonly replies: readonly [UpstreamReply, ...UpstreamReply[]]
}

/**
 * What an upstream does, and what it has seen.
 *
 * A route is a path, or a method and a path: `GET /items/:id`, `/v1/**`. `:name` and `*` stand for anything within a segment,
 * `**` for anything. The route that was added last and matches decides; what no route matches gets a 404.
 */
export interface UpstreamScript {
  /**
   * Says what requests to a route get: always the same, or step by step, of which the last repeats.
   * Saying it again for the same route replaces it.
   *
   * @throws InvalidOptionsError when the route or a step is wrong.
   */
  on(route: string, steps: UpstreamStep | readonly [UpstreamStep, ...UpstreamStep[]]): this
  /**
   * Puts a rate limit on a route. All limits that match count; the first that has nothing left refuses, and then none takes
   * anything.
   *
   * @throws InvalidOptionsError when the route or an option is wrong.
   */
  limit(route: string, limit: UpstreamLimit): this
  /**
   * Gives a part of the requests something else than their route says, by chance that repeats itself from run to run.
   * The steps of the route do not move on.
   *
   * @throws InvalidOptionsError when the route or an option is wrong.
   */
  disturb(route: string, disturbance: UpstreamDisturbance): this
  /** Every request, in order of arrival. */
  readonly requests: readonly UpstreamRequest[]
  /** Forgets everything that it was told and has seen. */
  reset(): void
}
