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
