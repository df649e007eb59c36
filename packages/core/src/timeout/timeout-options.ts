/**
 * Time limits of a call. Both cover the way to the response headers; a body that is being read is the caller's own, unless
 * `json()` or another shortcut of a client reads it, within the deadline.
 */
export interface TimeoutOptions {
  /** Total time of the call, waits and retries included, in milliseconds. More than 0, or `false`: none. @defaultValue 60_000 */
  readonly deadlineMs?: number | false
  /** Time of one attempt, in milliseconds. More than 0, or `false`: only the deadline counts. @defaultValue 30_000 */
  readonly attemptTimeoutMs?: number | false
  /**
   * Request header that tells the other side how long an attempt is waited for, so that it need not work on an answer that
   * nobody reads: whole milliseconds, what `attemptTimeoutMs` and the deadline leave, told anew with each attempt. Several
   * proxies and frameworks read such a header, each under a name of its own: Envoy `x-envoy-expected-rq-timeout-ms`.
   * A header that the caller sets is left alone. Default: none is sent.
   */
  readonly deadlineHeader?: string
}

export type ResolvedTimeoutOptions = Required<Omit<TimeoutOptions, 'deadlineHeader'>>

/** The defaults of `deadlineMs` and `attemptTimeoutMs`. */
export const defaultTimeoutOptions: ResolvedTimeoutOptions = Object.freeze({
  deadlineMs: 60_000,
  attemptTimeoutMs: 30_000,
})
