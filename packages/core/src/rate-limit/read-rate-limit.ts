import { parseRetryAfter } from '../time/retry-after.ts'

/** What a response says of a rate limit, whatever the provider calls its headers. */
export interface RateLimit {
  /** Requests (or units) allowed in the window. */
  readonly limit?: number
  /** How many are left. */
  readonly remaining?: number
  /** How long to wait, or until the window ends, in milliseconds from the arrival of the response. */
  readonly resetMs?: number
}

/**
 * Reads `ratelimit-limit`, `ratelimit-remaining` and `ratelimit-reset`, their `x-` forms, and `retry-after`. `undefined`
 * when the response has none of them.
 */
export function readRateLimit(headers: Headers, now: number): RateLimit | undefined {
  const limit = readCount(headers, 'limit')
  const remaining = readCount(headers, 'remaining')
  const resetMs = parseRetryAfter(headers, now)
  if (limit === undefined && remaining === undefined && resetMs === undefined) return undefined
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(resetMs === undefined ? {} : { resetMs }),
  }
}

/** The first number of the field: drafts 00 to 02 let policies follow the limit (`100, 100;w=60`). */
function readCount(headers: Headers, name: 'limit' | 'remaining'): number | undefined {
  const field = headers.get(`ratelimit-${name}`) ?? headers.get(`x-ratelimit-${name}`)
  const text = field === null ? undefined : /^\s*(\d{1,15}(?:\.\d+)?)\s*(?:[,;]|$)/.exec(field)?.[1]
  return text === undefined ? undefined : Number(text)
}
