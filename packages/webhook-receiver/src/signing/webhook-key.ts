import type { KeyFetcher } from '../verify/keys/key-fetcher.ts'

/** What a request is signed with. */
export interface SigningKey {
  /**
   * The shared secret, as the application has it in `secrets`. Beside a private key: what the provider signs as well, the id of
   * the webhook or whom the event is for.
   */
  readonly secret?: string
  /** PEM, PKCS #8 (`PRIVATE KEY`). */
  readonly privateKey?: string
  /** Named in the request, where a provider names its keys. */
  readonly keyId?: string
  /** Where the key is published, for requests that say it. */
  readonly keyUrl?: string
  /** Which of the scheme's algorithms, where it has several. Default: the first. */
  readonly algorithm?: string
  /** Index of the scheme in the connector's `verify`. */
  readonly scheme?: number
}

/** A key that was made for a test. */
export interface WebhookKey extends SigningKey {
  readonly scheme: number
  /** What belongs into the options of the source, or of `createVerifier`, that is to accept the key. */
  readonly source: WebhookKeySource
}

/** The options of a source that accept a key. */
export interface WebhookKeySource {
  /** The shared secret or the public key; empty where the provider publishes its keys and shares no secret. */
  readonly secrets: readonly string[]
  /** Answers with the public key, for a provider that publishes its keys. Makes no network call. */
  readonly keys?: KeyFetcher
  readonly keyUrl?: string
}
