/** A document with public keys that verification needs. */
export interface KeyRequest {
  /** `id` of the connector. */
  readonly connector: string
  /** Where it is. A URL that the request named was checked against the connector's hosts and path. */
  readonly url: string
  readonly method: 'GET' | 'POST'
  /** Id of the key, where the request names one. It is letters, digits, `.`, `_`, `~`, `+`, `/`, `=`, `:` and `-`. */
  readonly keyId?: string
  /** Whether the provider wants to know who asks. */
  readonly authorized: boolean
}

/** What was found. */
export interface KeyDocument {
  /** The body of the answer: PEM, a certificate or JSON, as the connector says. */
  readonly text: string
  /** How long it may be used, in milliseconds, where the answer says it. */
  readonly maxAgeMs?: number
}

/**
 * Gets the documents that hold a provider's keys; `createKeyFetcher` makes one. The engine makes no network call of its own,
 * and does everything else itself: it keeps documents, joins calls for the same one, limits how many are asked for, and
 * goes on with an old one where a new one cannot be had.
 */
export interface KeyFetcher {
  /**
   * Resolves with the document, or with `undefined` when the provider says that there is none, which refuses the request.
   *
   * @throws anything when the document cannot be had now; the provider is then asked to deliver again later.
   */
  fetchKey(request: KeyRequest): Promise<KeyDocument | undefined>
  /** Certificates in PEM, to one of which the chain of a fetched certificate must lead. Default: the chain is not judged. */
  readonly trustedCertificates?: readonly string[]
}
