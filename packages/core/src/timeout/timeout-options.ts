/** Time limits of a call. Both cover the way to the response headers; a body that is being read is the caller's own. */
export interface TimeoutOptions {
  /** Total time of the call, waits and retries included, in milliseconds. More than 0, or `false`: none. @defaultValue 60_000 */
  readonly deadlineMs?: number | false
  /** Time of one attempt, in milliseconds. More than 0, or `false`: only the deadline counts. @defaultValue 30_000 */
  readonly attemptTimeoutMs?: number | false
}

export type ResolvedTimeoutOptions = Required<TimeoutOptions>

/** The defaults of `deadlineMs` and `attemptTimeoutMs`. */
export const defaultTimeoutOptions: ResolvedTimeoutOptions = Object.freeze({
  deadlineMs: 60_000,
  attemptTimeoutMs: 30_000,
})
