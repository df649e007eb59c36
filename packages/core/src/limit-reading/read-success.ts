import { parseWaitValue, sentAtOf } from '../time/wait-value.ts'
import { finishReading, type RateLimitReading, readCount } from './rate-limit-reading.ts'
import { readLimitHeaders } from './read-headers.ts'

const PREFIXES: readonly (readonly [prefix: string, remaining: string])[] = [
  'ratelimit',
  'x-ratelimit',
  'x-rate-limit',
  'rate-limit',
].map((prefix) => [prefix, `${prefix}-remaining`])
// With those above and below, one of these is in every dialect that tells what is left.
const OTHERS = ['ratelimit', 'x-ratelimit-remaining-requests', 'anthropic-ratelimit-requests-remaining']
// Looked for last, so that only those who tell nothing pay for it.
const RARE = [
  'x-ratelimit-remaining-minute',
  'x-ratelimit-remaining-second',
  'x-ratelimit-requests-remaining',
  'x-hubspot-ratelimit-remaining',
  'x-sib-ratelimit-remaining',
]

// Longer than three numbers or dates are together.
const MAX_TRIPLE_LENGTH = 300

const nothing: readonly RateLimitReading[] = Object.freeze([])

/**
 * As `readLimitHeaders`, for answers that come often: looks for a few names before it reads every header, and reads the
 * plain triple by its names.
 */
export function readSuccessHeaders(headers: Headers, now: number): readonly RateLimitReading[] {
  for (const name of OTHERS) if (headers.get(name) !== null) return readLimitHeaders(headers, now)
  for (const [prefix, name] of PREFIXES) {
    const remaining = headers.get(name)
    if (remaining !== null) return readTriple(headers, prefix, remaining, now) ?? readLimitHeaders(headers, now)
  }
  for (const name of RARE) if (headers.get(name) !== null) return readLimitHeaders(headers, now)
  return nothing
}

/** `undefined` when there is more to it than three numbers. */
function readTriple(
  headers: Headers,
  prefix: string,
  remaining: string,
  now: number,
): readonly RateLimitReading[] | undefined {
  const reset = headers.get(`${prefix}-reset`)
  const limit = headers.get(`${prefix}-limit`)
  if (reset === null || limit?.includes(';') || headers.get('ratelimit-policy') !== null || headers.get('age') !== null)
    return undefined
  const count = readCount(remaining)
  if (count === undefined || remaining.length + reset.length + (limit?.length ?? 0) > MAX_TRIPLE_LENGTH)
    return undefined
  const resetMs = /^\d{1,8}$/.test(reset) ? Number(reset) * 1_000 : parseWaitValue(reset, sentAtOf(headers, now))
  const total = readCount(limit)
  const reading = finishReading({
    policy: 'default',
    source: `${prefix}-remaining`,
    ...(total === undefined ? {} : { limit: total }),
    remaining: count,
    ...(resetMs === undefined ? {} : { resetMs }),
  })
  return reading === undefined ? nothing : [reading]
}
