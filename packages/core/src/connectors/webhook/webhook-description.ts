import type { Handshake } from './handshake.ts'
import type { TimeFormat } from './signature-source.ts'
import type { WebhookField, WebhookId } from './value-source.ts'
import type { VerificationScheme } from './verification-scheme.ts'
import type { WebhookBatch } from './webhook-batch.ts'

export type * from './handshake.ts'
export type * from './http-signature-scheme.ts'
export type * from './jwt-scheme.ts'
export type * from './key-source.ts'
export type * from './message-part.ts'
export type * from './scheme-base.ts'
export type * from './signature-scheme.ts'
export type * from './signature-source.ts'
export type * from './value-source.ts'
export type * from './verification-scheme.ts'
export type * from './webhook-batch.ts'

/** How the provider's webhooks are verified and read. */
export interface WebhookDescription {
  /**
   * Ways to verify. The first whose `select` holds and for which a secret is configured is used. There is no fall-through: a
   * scheme that applies and fails refuses the request.
   */
  readonly verify: readonly VerificationScheme[]
  /** Requests that are no events, and their answers. The first that fits is answered. */
  readonly handshakes?: readonly Handshake[]
  /** Where one request brings several events. */
  readonly batch?: WebhookBatch
  readonly eventId?: WebhookId
  readonly eventType?: WebhookField
  /** Provider-side tenant (account, shop, organisation). */
  readonly tenant?: WebhookField
  /** When the event happened. */
  readonly occurredAt?: WebhookTime
  readonly ack?: WebhookAck
  readonly refuse?: WebhookRefusal
  /** What the provider does about deliveries, as documented. */
  readonly delivery?: WebhookDelivery
}

/** How a provider delivers, as documented on `sources`. */
export interface WebhookDelivery {
  /** The provider gives up waiting for the answer after this many milliseconds. */
  readonly timeoutMs?: number
  /** For people: how often and how long it tries again. */
  readonly retries?: string
  /** For people: what switches the endpoint off. */
  readonly disables?: string
  /** For people: how events that were missed are had again. */
  readonly redelivery?: string
}

/** When an event happened, as the provider says. */
export interface WebhookTime extends WebhookField {
  readonly format: TimeFormat
}

/** The answer to an accepted event. Default: 200 with a short JSON body. */
export interface WebhookAck {
  /** 200 to 299. */
  readonly status: number
  /** Default: `text/plain` with a body of one's own. */
  readonly contentType?: string
  /** `''` where the provider wants an empty one. */
  readonly body?: string
  /** Lower-case names of request headers that are sent back as they came. */
  readonly echo?: readonly string[]
}

/** The answer to a request that is not authentic, where the provider wants it to be special. Default: 401 with problem details. */
export interface WebhookRefusal {
  /** 400 to 499. */
  readonly status: number
  /** `''` where the provider wants an empty one. */
  readonly body?: ''
}
