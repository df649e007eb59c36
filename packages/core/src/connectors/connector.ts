import type { Delivery, ErrorCode, Fault, Retryable } from '../errors/codes.ts'
import type { ErrorCondition, ExampleAnswer } from './condition.ts'
import type { Endpoint } from './endpoint.ts'
import type { IdempotencyKeyFormat } from './idempotency-key.ts'
import type { RateLimitRule } from './rate-limit-rule.ts'
import type { WebhookDescription } from './webhook/webhook-description.ts'

export type * from './condition.ts'
export type * from './endpoint.ts'
export type { IdempotencyKeyFormat } from './idempotency-key.ts'
export type * from './rate-limit-rule.ts'
export type * from './webhook/webhook-description.ts'

/**
 * A provider's behaviour as data: plain JSON, no code, no expression language. Both halves of Holdfast read it.
 * `checkConnector` checks one at run time; every part is optional except `id`, `name` and `sources`.
 */
export interface Connector {
  /** The JSON Schema of the file that it comes from, for editors. Published as `@holdfast/core/connector.schema.json`. */
  readonly $schema?: string
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
  /** Wait before a repeat, where the provider documents one and sends none; twice as long each time that a limit goes on. */
  readonly waitMs?: number
}

/** One line of the classification table, with an answer that it must match. */
export interface ErrorRule {
  readonly when: ErrorCondition
  readonly then: ErrorVerdict
  readonly example: ExampleAnswer
}
