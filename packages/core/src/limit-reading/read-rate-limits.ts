import type { Connector } from '../connectors/connector.ts'
import type { MatchableAnswer } from '../connectors/match-condition.ts'
import { parseRetryAfterField } from '../time/retry-after.ts'
import { limitProblemOf } from './limit-problem.ts'
import type { RateLimitReading } from './rate-limit-reading.ts'
import { readLimitHeaders } from './read-headers.ts'
import { readRule, readsAnswers } from './read-rule.ts'

/** What a response says of rate limits, whatever the provider calls its headers. */
export interface RateLimit {
  /** Requests (or units) allowed in the window, of the limit that is closest to being hit. */
  readonly limit?: number
  /** How many of them are left. */
  readonly remaining?: number
  /** How long to wait, or until the window ends, in milliseconds from the arrival of the response. */
  readonly resetMs?: number
  /** The same as the fields that many clients know, to be passed on: counts, and the reset in whole seconds from now. */
  readonly headers: NormalizedHeaders
  /** Everything that was said, one reading per limit. Empty when there is only a `retry-after`. */
  readonly readings: readonly RateLimitReading[]
}

/** Fields of draft-ietf-httpapi-ratelimit-headers, 03 to 06. What is not known is absent. */
export interface NormalizedHeaders {
  readonly 'ratelimit-limit'?: string
  readonly 'ratelimit-remaining'?: string
  readonly 'ratelimit-reset'?: string
}

/**
 * What an answer says of each rate limit: by the rules of the connector, where one reads anything from answers, and else by
 * the names and the look of the headers. Those that the body of a refusal names as violated are marked.
 */
export function readRateLimits(
  answer: MatchableAnswer,
  now: number,
  connector?: Connector,
): readonly RateLimitReading[] {
  const rules = connector?.rateLimits?.filter(readsAnswers)
  const readings =
    rules === undefined || rules.length === 0
      ? readLimitHeaders(answer.headers, now)
      : rules.flatMap((rule) => readRule(rule, answer, now) ?? [])
  const violated = limitProblemOf(answer.body)?.violatedPolicies ?? []
  if (violated.length === 0) return readings
  return readings.map((reading) => (violated.includes(reading.policy) ? { ...reading, violated: true } : reading))
}

/** One limit made of everything that was said. `undefined` when nothing was. */
export function readRateLimit(answer: MatchableAnswer, now: number, connector?: Connector): RateLimit | undefined {
  const readings = readRateLimits(answer, now, connector)
  const [tightest] = readings.toSorted((left, right) => tightness(left) - tightness(right))
  const resetMs = parseRetryAfterField(answer.headers, now) ?? tightest?.resetMs
  if (tightest === undefined && resetMs === undefined) return undefined
  const { limit, remaining } = tightest ?? {}
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetMs === undefined ? {} : { resetMs }),
    headers: {
      // What is left of a fraction is not enough for one more.
      ...(limit === undefined ? {} : { 'ratelimit-limit': String(Math.floor(limit)) }),
      ...(remaining === undefined ? {} : { 'ratelimit-remaining': String(Math.floor(remaining)) }),
      ...(resetMs === undefined ? {} : { 'ratelimit-reset': String(Math.ceil(resetMs / 1_000)) }),
    },
    readings,
  }
}

/**
 * How long the limits themselves ask to wait: until the last of those that were hit opens again. When none is said to be,
 * another limit was hit: `documentedMs`, or the longest reset. `Retry-After` is not looked at; it wins over this wherever it
 * is given.
 */
export function limitWaitMs(readings: readonly RateLimitReading[], documentedMs?: number): number | undefined {
  const hit = hitReadings(readings)
  if (hit.length === 0 && documentedMs !== undefined) return documentedMs
  const waits = (hit.length > 0 ? hit : readings).flatMap(({ resetMs }) => resetMs ?? [])
  return waits.length === 0 ? documentedMs : Math.max(...waits)
}

/** The limits that a refusal names as violated, or else those that are used up. */
export function hitReadings(readings: readonly RateLimitReading[]): readonly RateLimitReading[] {
  const violated = readings.filter((reading) => reading.violated)
  return violated.length > 0 ? violated : readings.filter(({ remaining }) => remaining !== undefined && remaining < 1)
}

/** The part that is left; unknown counts as plenty, and what was violated as less than nothing. */
function tightness({ limit, remaining, violated }: RateLimitReading): number {
  if (violated) return -1
  if (remaining === undefined) return 2
  return limit === undefined || limit === 0 ? Math.min(1, remaining) : remaining / limit
}
