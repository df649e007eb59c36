/** What an answer says of one rate limit, whatever the provider calls it. */
export interface RateLimitReading {
  /** The provider's name of the limit or, under a connector, the `id` of the rule; `default` when it has none. */
  readonly policy: string
  /** Requests (or units) allowed in the window. */
  readonly limit?: number
  /** How many are left. */
  readonly remaining?: number
  /** How long until the window ends, in milliseconds from the arrival of the answer. */
  readonly resetMs?: number
  /** How long a window is, in milliseconds. */
  readonly windowMs?: number
  /** What comes back continuously, in units per second, where there is no window. */
  readonly restorePerSecond?: number
  /** What the answered request took, where the answer tells it. */
  readonly cost?: number
  /** What is counted, where it is not requests, for example `tokens`. */
  readonly unit?: string
  /** Whether the answer names it as what refused the request. */
  readonly violated?: true
  /** The header that it was read from, or `body`. */
  readonly source: string
}

/** A reading while it is put together. */
export type Draft = { -readonly [Key in keyof RateLimitReading]: RateLimitReading[Key] }

/** A reset that is further away was misread: no provider closes a window for longer than a month. */
export const MAX_RESET_MS: number = 31 * 86_400_000

/** The number at the start of a value, alone or before a list or parameters; not negative. */
export function readCount(value: string | null | undefined): number | undefined {
  const digits = /^\s*(\d{1,15}(?:\.\d{1,9})?)\s*(?:[,;]|$)/.exec(value ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Whether the answer comes out of a cache (RFC 9111 section 5.1): what it says of limits was said to somebody else. */
export function isFromCache(headers: Headers): boolean {
  return (readCount(headers.get('age')) ?? 0) > 0
}

/** Leaves out what cannot be meant; `undefined` when nothing is left that says something. */
export function finishReading(draft: Draft): RateLimitReading | undefined {
  if (draft.resetMs !== undefined && !(draft.resetMs <= MAX_RESET_MS)) delete draft.resetMs
  if (draft.windowMs !== undefined && !(draft.windowMs > 0 && draft.windowMs <= MAX_RESET_MS)) delete draft.windowMs
  const { limit, remaining, resetMs } = draft
  return limit === undefined && remaining === undefined && resetMs === undefined ? undefined : draft
}
