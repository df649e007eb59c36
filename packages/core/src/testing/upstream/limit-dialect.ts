/** JSON in whose texts names in braces stand for numbers and moments; a text that is one number alone becomes one. */
export type LimitTemplate =
  | string
  | number
  | boolean
  | null
  | readonly LimitTemplate[]
  | { readonly [key: string]: LimitTemplate }

/**
 * How a provider tells of a limit, as data. In texts stand for what a limit knows: `{limit}`, `{remaining}`, `{used}`,
 * `{cost}`, `{restore_per_second}`, `{window_s}`, `{window_ms}`; for the end of the window `{reset_…}` and for the time
 * until the request would go through `{wait_…}`, each with `s`, `s_float`, `ms`, `epoch_s`, `epoch_s_float`, `epoch_ms`,
 * `iso`, `http_date` or `go`, for example `{reset_epoch_s}`. Whole numbers of seconds are rounded up.
 */
export interface LimitDialect {
  /** What every answer carries. The body is merged into those that are JSON objects. */
  readonly told?: LimitTelling
  /** What a request gets that the limit refuses. */
  readonly refused: LimitTelling & { readonly status: number }
}

/** Headers and a body, with names in braces. */
export interface LimitTelling {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: LimitTemplate
}

/** What a dialect can tell of a limit. */
export interface LimitState {
  readonly limit: number
  readonly remaining: number
  readonly cost: number
  readonly windowMs: number
  readonly resetMs: number
  readonly waitMs: number
  /** Wall-clock time in milliseconds since the epoch. */
  readonly now: number
}

/** The words of a dialect for a state. */
export type LimitWords = Readonly<Record<string, string | number>>

/** Everything that a template may name. */
export function limitWords({ limit, remaining, cost, windowMs, resetMs, waitMs, now }: LimitState): LimitWords {
  return {
    limit,
    remaining,
    used: limit - remaining,
    cost,
    restore_per_second: (limit * 1_000) / windowMs,
    window_s: Math.ceil(windowMs / 1_000),
    window_ms: windowMs,
    ...timeWords('reset', resetMs, now),
    ...timeWords('wait', waitMs, now),
  }
}

/** The template with its words filled in. A name that nobody knows stays as it is. */
export function fillTemplate(template: LimitTemplate, words: LimitWords): LimitTemplate {
  if (typeof template === 'string') {
    const only = /^\{(\w+)\}$/.exec(template)?.[1]
    const filled = fillText(template, words)
    return only !== undefined && /^\d+(?:\.\d+)?$/.test(filled) ? Number(filled) : filled
  }
  if (Array.isArray(template)) return template.map((item: LimitTemplate) => fillTemplate(item, words))
  if (typeof template !== 'object' || template === null) return template
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [key, fillTemplate(item, words)]))
}

/** The headers with their words filled in. */
export function fillHeaders(
  headers: Readonly<Record<string, string>> | undefined,
  words: LimitWords,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, fillText(text, words)]))
}

function fillText(text: string, words: LimitWords): string {
  return text.replace(/\{(\w+)\}/g, (found, name: string) => String(words[name] ?? found))
}

function timeWords(name: string, ms: number, now: number): Record<string, string | number> {
  const atMs = now + ms
  const atWholeMs = Math.ceil(atMs / 1_000) * 1_000
  return {
    [`${name}_s`]: Math.ceil(ms / 1_000),
    [`${name}_s_float`]: (Math.ceil(ms) / 1_000).toFixed(3).replace(/0{1,2}$/, ''),
    [`${name}_ms`]: Math.ceil(ms),
    [`${name}_epoch_s`]: atWholeMs / 1_000,
    [`${name}_epoch_s_float`]: (Math.ceil(atMs) / 1_000).toFixed(3),
    [`${name}_epoch_ms`]: Math.ceil(atMs),
    [`${name}_iso`]: new Date(atWholeMs).toISOString().replace('.000Z', 'Z'),
    [`${name}_http_date`]: new Date(atWholeMs).toUTCString(),
    [`${name}_go`]: goDuration(Math.ceil(ms)),
  }
}

/** As `time.Duration` of Go prints it: `6m0s`, `1.5s`, `12ms`. */
function goDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1_000) return `${ms}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor(ms / 60_000) % 60
  const seconds = `${(ms % 60_000) / 1_000}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}
