/** What a token provider is told. */
export interface TokenRequest {
  /** URL of the request that the token is for, without user, password, query and fragment. */
  readonly url: string
  /** The token that was just answered with 401; absent on the first request. Refresh only if it is still the current one. */
  readonly rejectedToken?: string
  /** Aborts when the caller aborts or the deadline passes. */
  readonly signal: AbortSignal
}

/** Gives the token to send. Called once per call, and once more after a 401. */
export type TokenProvider = (request: TokenRequest) => string | Promise<string>

/**
 * A bearer token, or where to get one. Sent as `Authorization: Bearer …` unless the caller sets the header. After a 401
 * the provider is asked again with `rejectedToken`; if it gives another token, the request is sent once more.
 */
export type Auth = string | TokenProvider

// RFC 6750 section 2.1 allows less; white space at the ends, as of a token read from a file, is left out by `Headers`.
const TOKEN = /^[\t\n\r ]*[\x21-\x7e]+[\t\n\r ]*$/

/** Whether `token` is text that fits into a header. `Headers` would refuse any other with the token in its message. */
export function isToken(token: unknown): token is string {
  return typeof token === 'string' && TOKEN.test(token)
}
