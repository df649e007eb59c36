import type { Delivery, ErrorCode, Fault, Retryable } from '../errors/codes.ts'
import type { ErrorCondition, ExampleAnswer } from './condition.ts'
import type { Endpoint } from './endpoint.ts'
import type { IdempotencyKeyFormat } from './idempotency-key.ts'
import type { RateLimitRule } from './rate-limit-rule.ts'

export type * from './condition.ts'
export type * from './endpoint.ts'
export type { IdempotencyKeyFormat } from './idempotency-key.ts'
export type * from './rate-limit-rule.ts'

/**
 * A provider's behaviour as data: plain JSON, no code, no expression language. Both halves of Holdfast read it.
 * `checkConnector` checks one at run time; every part is optional except `id`, `name` and `sources`.
 */
export interface Connector {
  /** Stable id in kebab-case, for example `github`. Appears in errors and events. */
  readonly id: string
  /** Name for people. */
  readonly name: string
  /** Where the facts come from. */
  readonly sources: readonly ConnectorSource[]
  readonly http?: ConnectorHttp
  /** How the provider's failures differ from what their status says. First match wins. */
  readonly errors?: readonly ErrorRule[]
  /** The limits that the provider sets, and how its answers tell them. Without, headers are read by their looks. */
  readonly rateLimits?: readonly RateLimitRule[]
  /** Requests by name, for `createClient`. Keys are the names, for example `issues.list`. */
  readonly endpoints?: Readonly<Record<string, Endpoint>>
  readonly webhook?: WebhookDescription
}

/** A document or package that a fact was read from. */
export interface ConnectorSource {
  readonly url: string
  /** ISO 8601 date on which it was read. */
  readonly verifiedAt: string
}

/** How the provider's HTTP API is spoken to. */
export interface ConnectorHttp {
  /** Where the API is, without the version where its paths begin with one. */
  readonly baseUrl?: string
  /** Hosts that the API answers on. */
  readonly hosts?: readonly string[]
  /** Response header that carries the provider's request id. */
  readonly requestIdHeader?: string
  /** Request header that makes a write idempotent, where the provider has one. */
  readonly idempotencyHeader?: string
  /** Paths whose writes take that header, where not all do; patterns as in `failuresInBody`. Default: all. */
  readonly idempotencyPaths?: readonly string[]
  /** How that header is written. Default: `raw`. */
  readonly idempotencyKeyFormat?: IdempotencyKeyFormat
  /** Methods for which it is sent, in upper case. Default: POST and PATCH. */
  readonly idempotencyMethods?: readonly string[]
  /**
   * Paths that answer 200 to what failed, as GraphQL does, so that the JSON of a 200 is read for the error rules too, up to
   * 64 KiB; `*` stands for anything within a segment, `**` for anything. Default: none.
   */
  readonly failuresInBody?: readonly string[]
}

/** What a matching rule says. */
export interface ErrorVerdict {
  readonly code: ErrorCode
  readonly reason?: string
  readonly fault?: Fault
  readonly retryable?: Retryable
  /** Where the answer does not settle whether the request took effect. Default: what the status says, mostly `answered`. */
  readonly delivery?: Delivery
  /** Wait before a repeat, where the provider documents one and sends none. */
  readonly waitMs?: number
}

/** One line of the classification table, with an answer that it must match. */
export interface ErrorRule {
  readonly when: ErrorCondition
  readonly then: ErrorVerdict
  readonly example: ExampleAnswer
}

/** How the provider's webhooks are verified and read. */
export interface WebhookDescription {
  /**
   * Ways to verify. The first whose `select` header is present is used; without `select` it is always applicable.
   * There is no fall-through: a scheme that applies and fails refuses the request.
   */
  readonly verify: readonly VerificationScheme[]
  readonly eventId?: WebhookField
  readonly eventType?: WebhookField
  /** Provider-side tenant (account, shop, organisation). */
  readonly tenant?: WebhookField
  /** Answer to an accepted event. Default: 200. */
  readonly ack?: { readonly status: number }
  /** What the provider does about deliveries, as documented. */
  readonly delivery?: WebhookDelivery
}

/** Where a value of an incoming webhook is found. */
export interface WebhookField {
  readonly from: 'header' | 'body'
  /** Lower-case header name, for `from: 'header'`. */
  readonly name?: string
  /** JSON Pointer (RFC 6901), for `from: 'body'`. */
  readonly pointer?: string
  /** Whether the signature covers it. An unsigned id is never the whole dedupe key. */
  readonly signed: boolean
}

/** One way to verify an incoming webhook. */
export type VerificationScheme = HmacScheme | TokenScheme

/** Where the timestamp of a signature is and how it is judged. */
export interface SignatureTimestamp {
  /** Lower-case header name. */
  readonly header: string
  /** Key inside a `keyValue` header, for example `t` in `t=1,v1=…`. Without it the whole header is the timestamp. */
  readonly key?: string
  readonly unit: 's' | 'ms'
  /** Allowed distance from the arrival time, both ways, in milliseconds. */
  readonly toleranceMs: number
}

/** How the signature stands in its header. */
export type SignatureFormat =
  /** The whole header, after an optional fixed prefix such as `sha256=`. */
  | { readonly kind: 'plain'; readonly prefix?: string }
  /** `k=v` pairs; every value of `key` is a candidate. */
  | { readonly kind: 'keyValue'; readonly separator: string; readonly key: string }
  /** Tagged items, for example `v1,AAAA v1,BBBB`; every item with `tag` is a candidate. */
  | { readonly kind: 'taggedList'; readonly separator: string; readonly tagSeparator: string; readonly tag: string }

/** A piece of the signed message; the message is the pieces in order, as bytes. */
export type MessagePart =
  | { readonly part: 'literal'; readonly value: string }
  | { readonly part: 'body' }
  | { readonly part: 'timestamp' }
  | { readonly part: 'header'; readonly name: string }

/** A keyed hash over the raw bytes. */
export interface HmacScheme {
  readonly scheme: 'hmac'
  /** Applies only when this lower-case header is present. */
  readonly select?: string
  readonly hash: 'sha1' | 'sha256' | 'sha512'
  readonly encoding: 'hex' | 'base64'
  /** How the key is written: as it is, or base64 after an optional prefix such as `whsec_`. */
  readonly secret: { readonly encoding: 'utf8' | 'base64' | 'hex'; readonly prefix?: string }
  /** Lower-case name of the header that holds the signature. */
  readonly header: string
  readonly format: SignatureFormat
  readonly message: readonly MessagePart[]
  readonly timestamp?: SignatureTimestamp
  /** Where the event id is under this scheme, when that differs from the description's `eventId`. */
  readonly eventId?: WebhookField
  readonly vectors?: readonly SignatureVector[]
}

/** A shared secret that comes with the request. It authenticates the sender but binds nothing of the request. */
export interface TokenScheme {
  readonly scheme: 'token'
  readonly select?: string
  /** Lower-case header that holds the token. Looked at first. */
  readonly header?: string
  /** JSON Pointer to the token in the body, when the header is absent. */
  readonly bodyPointer?: string
  /** Where the event id is under this scheme, when that differs from the description's `eventId`. */
  readonly eventId?: WebhookField
  readonly vectors?: readonly SignatureVector[]
}

/** A published or independently made example that the test suite verifies. */
export interface SignatureVector {
  /** Where it was published, or which independent package made it. */
  readonly source: string
  readonly secret: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Arrival time at which it verifies, ms since the epoch. */
  readonly receivedAt?: number
}

/** How a provider delivers, as documented on `sources`. */
export interface WebhookDelivery {
  /** The provider gives up waiting for the answer after this many milliseconds. */
  readonly timeoutMs?: number
  /** For people: how often and how long it tries again. */
  readonly retries?: string
  /** For people: what switches the endpoint off. */
  readonly disables?: string
}
