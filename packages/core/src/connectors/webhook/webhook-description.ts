import type { WebhookField } from './value-source.ts'
import type { VerificationScheme } from './verification-scheme.ts'

export type * from './message-part.ts'
export type * from './signature-source.ts'
export type * from './value-source.ts'
export type * from './verification-scheme.ts'

/** How the provider's webhooks are verified and read. */
export interface WebhookDescription {
  /**
   * Ways to verify. The first whose `select` holds and for which a secret is configured is used. There is no fall-through: a
   * scheme that applies and fails refuses the request.
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
