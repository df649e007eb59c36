/** A limit of a provider, as an answer that says that it is used up, and one that says that something is left. */
export interface LimitCase {
  readonly provider: string
  readonly title: string
  readonly url: string
  readonly exhausted: Answer
  readonly code: string
  readonly reason?: string
  /** How long the second attempt waits; `never`: there is none. */
  readonly waitMs: number | 'never'
  readonly success?: Partial<Answer>
  /** What `rateLimitOf` says of the success. */
  readonly tells?: { readonly limit?: number; readonly remaining?: number; readonly resetMs?: number }
}

export interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** What `inSeconds` counts from. */
export const date = 'Mon, 24 Nov 2025 16:00:00 GMT'

/** Epoch seconds. */
export const inSeconds = (seconds: number) => String(1_764_000_000 + seconds)
