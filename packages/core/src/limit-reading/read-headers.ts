import { parseWaitValue, sentAtOf } from '../time/wait-value.ts'
import { type Draft, finishReading, isFromCache, type RateLimitReading, readCount } from './rate-limit-reading.ts'
import { readLimitWindowMs, readStructuredFields } from './structured-fields.ts'

const FIELD = /^(?:x-)?(?:([a-z\d-]+)-)?rate-?limit(?:-([a-z\d-]+))?$/
const MAX_READINGS = 16
const MAX_VALUE_LENGTH = 1_000

type Part = 'limit' | 'remaining' | 'used' | 'reset' | 'window_s' | 'window_ms'

// The words of header names that say what the value is; every other word belongs to the name of the limit.
const PARTS: ReadonlyMap<string, Part> = new Map<string, Part>(
  Object.entries({
    limit: 'limit',
    max: 'limit',
    total: 'limit',
    remaining: 'remaining',
    left: 'remaining',
    used: 'used',
    reset: 'reset',
    resets: 'reset',
    next: 'reset',
    'reset-after': 'reset',
    'retry-after': 'reset',
    'interval-seconds': 'window_s',
    'interval-milliseconds': 'window_ms',
  } as const),
)
const TWO_WORD_PARTS: readonly string[] = ['reset-after', 'retry-after', 'interval-seconds', 'interval-milliseconds']

const PERIODS_MS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    second: 1_000,
    secondly: 1_000,
    minute: 60_000,
    minutely: 60_000,
    hour: 3_600_000,
    hourly: 3_600_000,
    day: 86_400_000,
    daily: 86_400_000,
  }),
)

/**
 * Reads what the headers of an answer say of rate limits, by their names and the look of their values: the fields of the
 * IETF drafts, their `x-` forms, and the vendors' own (`x-ratelimit-limit-requests`, `anthropic-ratelimit-tokens-reset`, …).
 * One reading per limit, at most 16. Never throws; what cannot be read is left out. An answer out of a cache says nothing.
 */
export function readLimitHeaders(headers: Headers, now: number): readonly RateLimitReading[] {
  if (isFromCache(headers)) return []
  const sentAt = sentAtOf(headers, now)
  const drafts = new Map<string, Draft>()
  for (const [name, value] of headers) {
    if (drafts.size >= MAX_READINGS) break
    const match = FIELD.exec(name)
    if (match !== null && value.length <= MAX_VALUE_LENGTH) readField(drafts, name, match, value, sentAt)
  }
  const [state, policy] = [shortOf(headers, 'ratelimit'), shortOf(headers, 'ratelimit-policy')]
  const readings = [...readStructuredFields(state, policy, drafts.get('default')?.limit)]
  for (const draft of drafts.values()) if (!isToldAlready(draft, readings)) readings.push(draft)
  return readings.slice(0, MAX_READINGS).flatMap((draft) => finishReading(draft) ?? [])
}

function shortOf(headers: Headers, name: string): string | null {
  const field = headers.get(name)
  return field === null || field.length > MAX_VALUE_LENGTH ? null : field
}

/** The triple beside structured fields repeats one of them, and often the only one; of several policies it tells of the one with its limit. */
function isToldAlready(draft: Draft, structured: readonly Draft[]): boolean {
  if (draft.policy !== 'default') return false
  const own =
    structured.length === 1
      ? structured[0]
      : structured.find(
          ({ limit, remaining = draft.remaining }) => limit === draft.limit && remaining === draft.remaining,
        )
  if (own === undefined) return false
  for (const key of ['limit', 'remaining', 'resetMs', 'windowMs'] as const) {
    const value = draft[key]
    if (own[key] === undefined && value !== undefined) own[key] = value
  }
  return true
}

function readField(
  drafts: Map<string, Draft>,
  name: string,
  [, prefix = '', rest = '']: RegExpExecArray,
  value: string,
  sentAt: number,
): void {
  // What is announced as beta binds nobody yet, as with Atlassian.
  if (name === 'ratelimit' || name === 'ratelimit-policy' || prefix === 'beta') return
  const { part, words } = partOf(rest)
  const policy = [prefix, ...words].filter((word) => word !== '').join('-') || 'default'
  if (part === undefined && value.includes('=')) return readPairs(drafts, policy, name, value, sentAt)
  const period = words.map((word) => PERIODS_MS.get(word)).find((ms) => ms !== undefined)
  // `x-rate-limit: 700` and `x-hubspot-ratelimit-daily: 250000` are limits; any other word without a part is unknown.
  const meant = part ?? (rest === '' || period !== undefined ? 'limit' : undefined)
  if (meant === undefined) return
  const draft: Draft = drafts.get(policy) ?? { policy, source: name }
  if (!readPart(draft, meant, value, sentAt)) return
  if (period !== undefined) draft.windowMs ??= period
  if (words.some((word) => word === 'tokens' || word === 'complexity')) draft.unit = words.join('-')
  drafts.set(policy, draft)
}

/** `zendesk-ratelimit-tickets: total=100; remaining=99; resets=41` */
function readPairs(drafts: Map<string, Draft>, policy: string, name: string, value: string, sentAt: number): void {
  const draft: Draft = { policy, source: name }
  let found = false
  for (const pair of value.split(/[;,]/)) {
    const [key = '', text = ''] = pair.split('=')
    const part = PARTS.get(key.trim().toLowerCase())
    if (part !== undefined) found = readPart(draft, part, text, sentAt) || found
  }
  if (found) drafts.set(policy, draft)
}

function partOf(rest: string): { readonly part: Part | undefined; readonly words: readonly string[] } {
  for (const pair of TWO_WORD_PARTS) {
    if (`-${rest}-`.includes(`-${pair}-`)) {
      const words = `-${rest}-`.replace(`-${pair}-`, '-').split('-')
      return { part: PARTS.get(pair), words: words.filter((word) => word !== '') }
    }
  }
  const words = rest === '' ? [] : rest.split('-')
  const index = words.findIndex((word) => PARTS.has(word))
  return { part: PARTS.get(words[index] ?? ''), words: words.filter((_, at) => at !== index) }
}

function readPart(draft: Draft, part: Part, value: string, sentAt: number): boolean {
  if (part === 'reset') {
    const resetMs = parseWaitValue(value, sentAt)
    if (resetMs !== undefined) draft.resetMs = Math.max(resetMs, draft.resetMs ?? 0)
    return resetMs !== undefined
  }
  const count = readCount(value)
  if (count === undefined) return false
  switch (part) {
    case 'limit': {
      draft.limit = count
      const windowMs = readLimitWindowMs(value)
      if (windowMs !== undefined) draft.windowMs = windowMs
      return true
    }
    case 'remaining':
      draft.remaining = count
      return true
    case 'used':
      if (draft.remaining === undefined && draft.limit !== undefined) draft.remaining = Math.max(0, draft.limit - count)
      return draft.limit !== undefined
    case 'window_s':
      draft.windowMs = count * 1_000
      return true
    case 'window_ms':
      draft.windowMs = count
      return true
  }
}
