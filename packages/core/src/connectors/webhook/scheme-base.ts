import type { MessagePart } from './message-part.ts'
import type { SignatureEncoding, SignatureSource, SignatureTimestamp } from './signature-source.ts'
import type { SchemeSelect, ValueSource, WebhookId } from './value-source.ts'

/** What every scheme may say. */
export interface SchemeBase {
  /** When it applies. Default: always. */
  readonly select?: SchemeSelect
  /**
   * JSON Pointer to an array, to every item of which the scheme applies: signature, token, time and fields are then found
   * relative to the item. All items must pass; an array that is empty or not there fails.
   */
  readonly each?: string
  /** Where the event id is under this scheme, when that differs from the description's `eventId`. */
  readonly eventId?: WebhookId
  readonly vectors?: readonly SignatureVector[]
}

/** A signature over a message that is put together from the request. */
export interface SignedMessage extends SchemeBase {
  readonly signature: SignatureSource
  readonly encoding: SignatureEncoding
  readonly message: readonly MessagePart[]
  readonly timestamp?: SignatureTimestamp
  /** A hash of the body that stands in what is signed, for example in the URL, and must fit. It binds the body. */
  readonly bodyHash?: BodyHash
}

/** How a key is written. */
export interface SecretFormat {
  readonly encoding: 'utf8' | 'base64' | 'hex'
  /** Stripped where it is there. One `*` in it stands for any text up to the first of what follows it. */
  readonly prefix?: string
  /** How a secret without the prefix is written, where that differs. */
  readonly unprefixed?: 'utf8'
  /** What every secret of the provider begins with, as a part of the key: a secret without it is another one, or an API key. */
  readonly startsWith?: string
  /** The key is this hash of the decoded secret. */
  readonly derive?: 'sha1' | 'sha256'
}

/** Where a request carries a hash of its body, and how it is made. */
export interface BodyHash extends ValueSource {
  readonly hash: 'sha256' | 'sha512'
  readonly encoding: SignatureEncoding
}

/** A published or independently made example that the test suite verifies. */
export interface SignatureVector {
  /** Where it was published, or which independent package made it. */
  readonly source: string
  /** Absent where the provider publishes its keys and shares no secret. */
  readonly secret?: string
  readonly headers: Readonly<Record<string, string>>
  /** The body as text, or in base64 where it is none. Without both: empty. */
  readonly body?: string
  readonly bodyBase64?: string
  /** Default: POST. */
  readonly method?: string
  /** The public URL. */
  readonly url?: string
  /** What a key fetcher would return: text by key id or URL; the first URL is the `keyUrl` of a scheme that has none. */
  readonly keys?: Readonly<Record<string, string>>
  /** Arrival time at which it verifies, ms since the epoch. */
  readonly receivedAt?: number
}
