import type { IdempotencyStore } from '../idempotency/idempotency-store.ts'
import type { DeliveryContext } from './delivery-context.ts'
import type { WebhookEvent } from './webhook-event.ts'

/**
 * A rate that adapts: it rises slowly while attempts succeed and it is what bounds them, and falls at once when the destination is slow, fails or
 * asks for less. Errors that blame the event change nothing. Rates are events started per second, from 0.001 to 1,000,000.
 */
export interface PaceOptions {
  /** It does not fall below. */
  readonly min: number
  /** It does not rise above. */
  readonly max: number
  /** Where it begins. Default: `min`. */
  readonly start?: number
  /** How much it rises in a second. Default: from `min` to `max` in a minute. */
  readonly risePerSecond?: number
  /** What is left of it when it falls, at most once a second. From 0.01 to 0.99. Default: `0.5`. */
  readonly fallTo?: number
  /** An attempt that takes as long is a sign of overload, even if it succeeds, in milliseconds. From 1. Default: `Infinity`. */
  readonly slowMs?: number
}

/** When a destination is taken to be out of order, and for how long nothing is tried then. */
export interface BreakerOptions {
  /** Failed attempts in a row, of whatever events, that open it. Errors that blame the event are none. From 1. Default: `5`. */
  readonly failures?: number
  /**
   * How long nothing is started then, in milliseconds, give or take a tenth; afterwards one attempt says whether it goes on. Doubles each time that
   * fails. A longer wait that the destination asked for counts. From 1. Default: `5_000`.
   */
  readonly breakMs?: number
  /** Longest break, in milliseconds. At least `breakMs`. Default: `60_000`. */
  readonly maxBreakMs?: number
}

/** Takes an event. */
export type Handler = (event: WebhookEvent, context: DeliveryContext) => Promise<void> | void

/**
 * Sends events to a URL, with the original body, and waits for the answer. 2xx acknowledges. Answers that no repeat can help, by the taxonomy of
 * errors (such as 400, 404 and 422), give the event up at once; others, and failures of the transport, have it repeated. Redirects are not
 * followed.
 */
export interface UrlOptions {
  /** Where to, http or https and without credentials; a function is asked before each attempt. */
  readonly url?: string | URL | ((event: WebhookEvent) => string | URL | Promise<string | URL>)
  /** Default: `'POST'`. */
  readonly method?: string
  /** Headers to be added, or a function that makes them for each attempt. They replace forwarded ones. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | ((
        event: WebhookEvent,
        context: DeliveryContext,
      ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
  /**
   * Names of original headers that go on; `*` stands for any text. Default: what describes the body and what providers of webhooks add, see
   * docs/destinations.md. Never: credentials, cookies, what proxies added, and what belongs to a connection.
   */
  readonly forwardHeaders?: readonly string[]
  /** Sends the request. One of `createFetch` brings authentication, a connector's rules and more; let it not retry. Default: plain. */
  readonly fetch?: typeof globalThis.fetch
  /** Signs the request of each attempt; what it returns is set as headers. */
  readonly sign?: (
    request: SignableRequest,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
}

/** A request to a destination that is to be signed. */
export interface SignableRequest {
  readonly method: string
  readonly url: string
  /** All that are set so far. */
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
  readonly event: WebhookEvent
}

/** When events go over to a backup, and when they come back. */
export interface FailoverOptions {
  /** Failed attempts in a row at the first place that lead to the backup, or at the backup that lead back. From 1. Default: `3`. */
  readonly failures?: number
  /** How often the first place is tried again meanwhile, with one event, in milliseconds. From 1. Default: `30_000`. */
  readonly probeEveryMs?: number
  /** How many of these in a row must succeed before events come back. From 1. Default: `3`. */
  readonly successes?: number
}

/** The second place: a handler or a URL, and when it is used. */
export interface BackupOptions extends UrlOptions, FailoverOptions {
  readonly handle?: Handler
}

/**
 * What becomes of an event that failed for the last time, and of its key. `deadLetter`: the event becomes a dead letter and its key goes on.
 * `blockKey`: it is kept, and its key waits until somebody resumes it. `deadLetterKey`: it becomes a dead letter, and so does everything later
 * of its key, until its dead letters are redriven or purged. An event without a key becomes a dead letter with each of them.
 */
export type ExhaustionPolicy = 'deadLetter' | 'blockKey' | 'deadLetterKey'

/** Where events go. Each destination has its own cursor, pace, retries and dead letters. */
export interface DestinationOptions extends UrlOptions {
  /** Called once per event and attempt. Resolve to acknowledge; throw or reject to have it repeated. This or `url`. */
  readonly handle?: Handler
  /** A second place that events go to while the first one is out of order. Default: none. */
  readonly backup?: BackupOptions
  /**
   * Events with the same key are delivered one after the other, in the order of arrival, retries included; keys run
   * concurrently. `undefined` or `null` from the function: this event is not ordered. Default: one key for all events, which is total order.
   */
  readonly orderingKey?: (event: WebhookEvent) => string | null | undefined
  /** Handlers at work at once, across keys. 1 to 10,000. Default: `1`; `8` when `orderingKey` is given. */
  readonly concurrency?: number
  /** Events started per second, spread evenly. Not with `pace`. Default: `Infinity`. */
  readonly ratePerSecond?: number
  /** A rate that adapts to what the destination can take. Default: none. */
  readonly pace?: PaceOptions
  /** Stops starting events while none of them succeeds, instead of using up their attempts. `true`: with its defaults. Default: `false`. */
  readonly breaker?: BreakerOptions | boolean
  /** A handler that takes longer is aborted and counted as failed, in milliseconds. Default: `30_000`. */
  readonly timeoutMs?: number
  /** Deliveries of one event, the first included, before it becomes a dead letter; `Infinity`: never. Default: `10`. */
  readonly maxAttempts?: number
  /** Bound of the wait before the first repeat, in milliseconds; doubles with each. The wait is between half of it and all. Default: `500`. */
  readonly baseDelayMs?: number
  /** Longest wait before a repeat, in milliseconds. Default: `60_000`. */
  readonly maxDelayMs?: number
  /** What becomes of an event after `maxAttempts`, and of its key. Default: `'deadLetter'`. */
  readonly onExhausted?: ExhaustionPolicy
  /**
   * How many events of keys in trouble are kept beside the log at most, so that other keys can go on. Each takes some 200 bytes of memory. When so
   * many are there and the window is full, the other keys wait, too. 0 to 10,000,000. Default: `100_000`.
   */
  readonly maxParkedEvents?: number
  /** How many bytes of bodies they have at most; `Infinity`: no bound. Default: `268_435_456` (256 MiB). */
  readonly maxParkedBytes?: number
  /** Where `once` keeps what was done. Default: that of the receiver. */
  readonly idempotency?: IdempotencyStore
  /** How long that is kept, in milliseconds; `Infinity`: for good. From 1. Default: `604_800_000` (7 days). */
  readonly idempotencyTtlMs?: number
}
