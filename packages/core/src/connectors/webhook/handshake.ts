import type { RequestCondition, ValueSource } from './value-source.ts'

/**
 * A request by which the provider makes sure that the endpoint is there, or that it knows the secret, before it sends events.
 * It is answered as `respond` says and is no event.
 */
export interface Handshake {
  /** In snake_case, for example `url_verification`. Appears in events. */
  readonly name: string
  /** All hold. Without a condition on the method: POST. */
  readonly when: readonly HandshakeCondition[]
  /** Whether the request must pass `verify` first. Absent: the provider signs nothing here, and it is answered as it comes. */
  readonly verified?: true
  /** What the sender wants back, or hashed. */
  readonly challenge?: HandshakeChallenge
  /** The request shows the text that the application set as `verifyToken`. Any other is refused. */
  readonly verifyToken?: ValueSource
  /** The request hands over the secret that will sign events. It is answered only after the application has stored it. */
  readonly secret?: ValueSource
  readonly respond: HandshakeResponse
  /** Also stored as an event, for the application to act on. Needs `verified`. */
  readonly store?: true
  /** Link that the application has to open before events come. */
  readonly confirm?: ConfirmationLink
  /** Requests with their answers, as documented; the test suite runs them. */
  readonly examples: readonly HandshakeExample[]
}

/** What must hold of a request for a handshake to be one. */
export type HandshakeCondition =
  | RequestCondition
  | { readonly method: HandshakeMethod }
  /** The body is a JSON object or a form with exactly these members. */
  | { readonly onlyMembers: readonly string[] }

export type HandshakeMethod = 'GET' | 'HEAD' | 'POST' | 'OPTIONS'

/**
 * A text of the sender's choice. It is checked before anything is made of it: where the answer is an HMAC with the key that
 * signs events, the alphabet is what keeps whoever asks from having an event signed.
 */
export interface HandshakeChallenge extends ValueSource {
  /** The characters that it may have: letters, ranges such as `A-Z`, and at the end a `-`. Printable ASCII only. */
  readonly alphabet: string
  /** At most this many characters. At least one is needed. */
  readonly maxLength: number
}

/** The answer to a handshake. */
export interface HandshakeResponse {
  /** 200 to 299. */
  readonly status: number
  /** Absent: `application/json` for a body of JSON, else `text/plain`. */
  readonly contentType?: string
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, HandshakeValue>>
  /** Absent: empty. */
  readonly body?: HandshakeValue | { readonly json: Readonly<Record<string, HandshakeValue | HandshakeLiteral>> }
}

/** A piece of the answer, as text. */
export type HandshakeValue =
  /** As it came; `publicKey` is what the application set. */
  | { readonly value: 'challenge' | 'secret' | 'publicKey' }
  | { readonly literal: string }
  /** HMAC of the challenge, with the key of the scheme that signs events with this hash. */
  | {
      readonly hmac: {
        readonly hash: 'sha1' | 'sha256' | 'sha512'
        readonly encoding: 'hex' | 'base64'
        /** Stands before it. */
        readonly prefix?: string
      }
    }
  /** Plain hash of texts one after the other. `url` is the public URL without its query. */
  | {
      readonly digest: {
        readonly hash: 'sha256'
        readonly encoding: 'hex'
        readonly of: readonly ('challenge' | 'verifyToken' | 'url')[]
      }
    }
  /** One after the other. */
  | { readonly concat: readonly HandshakeValue[] }

/** A value of JSON that is no text. */
export interface HandshakeLiteral {
  readonly literal: number | boolean
}

/** Where in the stored event a link to be opened is, and where it may lead. */
export interface ConfirmationLink {
  /** JSON Pointer to it. */
  readonly pointer: string
  /** Hosts that it may name; `*` stands for anything within a label. Always over HTTPS, on port 443. */
  readonly hosts: readonly string[]
}

/** A request of a handshake with the answer that it must get. */
export interface HandshakeExample {
  /** Where it was published. */
  readonly source: string
  readonly request: {
    /** Default: POST. */
    readonly method?: HandshakeMethod
    /** The public URL. */
    readonly url: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }
  /** What the application configured. */
  readonly secret?: string
  readonly verifyToken?: string
  readonly publicKey?: string
  /** What a key fetcher would return: text by URL or key id. */
  readonly keys?: Readonly<Record<string, string>>
  /** Arrival time at which it verifies, ms since the epoch. */
  readonly receivedAt?: number
  readonly response: {
    readonly status: number
    readonly headers?: Readonly<Record<string, string>>
    readonly body: string
  }
}
