import type { Clock, Connector, EventSource, Random } from '@holdfast/core'
import type { EventBuffer, HeaderPairs, StoredEvent } from '../buffer/event-buffer.ts'
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts'
import type { HandshakeOptions } from '../handshake/handshake-options.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { KeyFetcher } from '../verify/keys/key-fetcher.ts'
import type { SecretsOption } from '../verify/secret-resolver.ts'
import type { PublicUrl } from './public-url.ts'

/** A verified, stored event as a destination gets it. */
export interface WebhookEvent extends Omit<StoredEvent, 'headers'> {
  readonly headers: Headers
  /** The headers as they came. */
  readonly rawHeaders: HeaderPairs
  /** The bytes as they came. Copy them before changing them: a repeat and the dead letter share them. */
  readonly body: StoredEvent['body']
  /** The body decoded as UTF-8. */
  text(): string
  /**
   * The body parsed as JSON; parsed once.
   *
   * @throws SyntaxError when it is not JSON.
   */
  json(): unknown
}

/** What a handler gets beside the event. */
export interface DeliveryContext {
  /** Name of the destination. */
  readonly destination: string
  /** 1 for the first delivery of this event to this destination, also across restarts. */
  readonly attempt: number
  /** Aborts when `timeoutMs` has passed or the receiver stops. */
  readonly signal: AbortSignal
  /** When `signal` aborts at the latest, ms since the epoch; `Infinity` with `timeoutMs: Infinity`. */
  readonly deadline: number
  /**
   * Grows each time the partition of the event changes hands. A resource that remembers the highest one it saw can refuse a process
   * that was paused, lost the partition and goes on without knowing.
   */
  readonly fencingToken: number
  /**
   * Does something once for this event and destination, however often the event is tried: `run` is called unless it has succeeded before, and
   * what it returned then is returned again. It must be JSON, or nothing. `effectId` tells several effects of an event apart.
   * Needs the option `idempotency`. It is once as far as the store knows: what a process did that died before it could say so is done again.
   *
   * @throws IntegrationError `overloaded`, reason `effect_busy`, while somebody else runs it; `internal_error`, reason `effect_lost`, when
   * somebody else may have begun it meanwhile; `configuration_error` without a store, or when the result is no JSON. What `run` and the
   * store throw.
   */
  readonly once: {
    <Result>(run: (effect: Effect) => Promise<Result> | Result): Promise<Result>
    <Result>(effectId: string, run: (effect: Effect) => Promise<Result> | Result): Promise<Result>
  }
}

/** What an effect gets. */
export interface Effect {
  /** Grows with each holder of the effect: a resource that remembers the highest one can refuse one that was taken for dead. */
  readonly token: number
  /** That of the attempt. */
  readonly signal: AbortSignal
}

/** Who sends webhooks here, and how they are verified. */
export interface SourceOptions {
  readonly connector: Connector
  /**
   * Every secret that is accepted now, several while one is being rotated, or a function that looks them up. `undefined` is
   * refused at construction with the index, so that a missing environment variable is found at once. May be absent only with
   * `allowUnverified`, and for providers that publish their keys and share no secret.
   */
  readonly secrets?: SecretsOption
  /**
   * Accepts what nothing proves: everything where no secret is given, and what a scheme `none` of the connector is for.
   * Default: false.
   */
  readonly allowUnverified?: boolean
  /** Gets the keys of a provider that publishes them, for example `createKeyFetcher()`. Required for such providers. */
  readonly keys?: KeyFetcher
  /**
   * Where the provider publishes its keys, for one that has no URL for all of its customers, or another environment than the
   * connector's; `{keyId}` in it stands for the key's id. An https URL.
   */
  readonly keyUrl?: string
  /**
   * Allowed distance of the time of signing from the arrival time, both ways, in milliseconds. Default: what the connector says.
   */
  readonly toleranceMs?: number
  /**
   * Where the provider reaches this source, for providers that sign the URL or want its hash: the part in front of the path and
   * query that requests come with, such as `https://example.com` or, behind a proxy that cuts off a prefix,
   * `https://example.com/api`. `'as_received'`: the adapter hands over whole URLs, as web platforms do, and nothing between makes
   * up the host. A function gives the whole URL of a request. Required where the connector signs it. Default: none.
   */
  readonly publicUrl?: PublicUrl
  /** What the provider's handshakes need: texts that you set at the provider, and where secrets are stored that it hands over. */
  readonly handshake?: HandshakeOptions
  /** Largest body taken, in bytes, enforced while reading. Default: `26_214_400` (25 MiB, what GitHub may send). */
  readonly maxBodyBytes?: number
}

/**
 * What becomes of an event that failed for the last time, and of its key. `deadLetter`: the event becomes a dead letter and its key goes on.
 * `blockKey`: it is kept, and its key waits until somebody resumes it. `deadLetterKey`: it becomes a dead letter, and so does everything later
 * of its key, until its dead letters are redriven or purged. An event without a key becomes a dead letter with each of them.
 */
export type ExhaustionPolicy = 'deadLetter' | 'blockKey' | 'deadLetterKey'

/** Where events go. Each destination has its own cursor, pace, retries and dead letters. */
export interface DestinationOptions {
  /** Called once per event and attempt. Resolve to acknowledge; throw or reject to have it repeated. */
  readonly handle: (event: WebhookEvent, context: DeliveryContext) => Promise<void> | void
  /**
   * Events with the same key are delivered one after the other, in the order of arrival, retries included; keys run
   * concurrently. `undefined` or `null` from the function: this event is not ordered. Default: one key for all events, which is total order.
   */
  readonly orderingKey?: (event: WebhookEvent) => string | null | undefined
  /** Handlers at work at once, across keys. 1 to 10,000. Default: `1`; `8` when `orderingKey` is given. */
  readonly concurrency?: number
  /** Events started per second, spread evenly. Default: `Infinity`. */
  readonly ratePerSecond?: number
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

export interface ReceiverOptions {
  readonly buffer: EventBuffer
  readonly sources: Readonly<Record<string, SourceOptions>>
  readonly destinations: Readonly<Record<string, DestinationOptions>>
  /** Where `once` of the destinations keeps what was done. Default: none. */
  readonly idempotency?: IdempotencyStore
  readonly clock?: Clock
  readonly random?: Random
}

/** An incoming request in the form that a framework adapter has it: nothing parsed, header case and order kept. */
export interface IncomingWebhook {
  readonly method: string
  /** Absolute, or path and query, as it came. */
  readonly url: string
  readonly headers: HeaderPairs
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
  readonly remoteAddress?: string
}

/** The answer to an incoming request. */
export interface WebhookReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** How one destination is doing. */
export interface DestinationSnapshot {
  readonly state: 'stopped' | 'draining' | 'idle'
  /** Events read and not yet done. */
  readonly inWindow: number
  readonly inFlight: number
  /** Events that wait beside the log, because their key is in trouble. */
  readonly parked: number
  /** Keys that wait until somebody resumes them. */
  readonly blockedKeys: number
  readonly delivered: number
  readonly retried: number
  readonly deadLettered: number
}

export interface ReceiverSnapshot {
  readonly state: 'created' | 'running' | 'stopped'
  readonly accepted: number
  readonly duplicates: number
  readonly refused: number
  readonly destinations: Readonly<Record<string, DestinationSnapshot>>
}

/** How a receiver starts. */
export interface StartOptions {
  /**
   * Whether events are delivered from now on. `false` takes webhooks and leaves their delivery to `drainOnce`, or to another
   * process on the same buffer. Default: `true`.
   */
  readonly drain?: boolean
}

/** How long `drainOnce` goes on. */
export interface DrainOnceOptions {
  /** When it has to be over, in milliseconds from the call: a little less than what the platform allows. From 1; `Infinity`: no end. */
  readonly deadlineMs: number
  /**
   * The last part of that time, in which no handler is started any more and those at work may finish; then they are aborted. In
   * milliseconds, at most `deadlineMs`. Default: a quarter of `deadlineMs`, at most `5_000`.
   */
  readonly graceMs?: number
  /** Ends it at once; handlers at work are aborted. */
  readonly signal?: AbortSignal
}

/** What a call of `drainOnce` did for one destination. */
export interface DrainedDestination {
  readonly delivered: number
  readonly retried: number
  readonly deadLettered: number
  /** Events that are left, also those that came meanwhile or are in the hands of another process. */
  readonly backlog: number
}

/** What a call of `drainOnce` did, summed over all destinations and for each. */
export interface DrainReport extends DrainedDestination {
  /** `empty`: everything that was there is delivered or among the dead letters. `deadline`: the time was over first. */
  readonly endedBy: 'empty' | 'deadline'
  readonly durationMs: number
  readonly destinations: Readonly<Record<string, DrainedDestination>>
}

/** The inbound half: verify, deduplicate, write, answer, drain. */
export interface Receiver extends EventSource<ReceiverEventMap>, AsyncDisposable {
  /**
   * Opens the buffer and starts draining. Requests before it are answered 503. When it fails it can be called again. After
   * `start({ drain: false })` another call starts draining.
   *
   * @throws BufferError when the buffer cannot be opened; IntegrationError `configuration_error` after `stop`.
   */
  start(options?: StartOptions): Promise<void>
  /**
   * Handles one webhook: 2xx only when the event is durable in the buffer, 401 for a bad signature, 404 for an unknown source,
   * 413 for a body that is too large, 503 with `Retry-After` when it cannot be stored now. Never throws.
   */
  handle(source: string, request: Request): Promise<Response>
  /** The same for framework adapters, without the cost of a `Request` and with the headers as they came. */
  accept(source: string, incoming: IncomingWebhook): Promise<WebhookReply>
  snapshot(): ReceiverSnapshot
  /**
   * Resolves when every destination is through with everything that is in the buffer now: delivered, or among the dead letters.
   *
   * @throws IntegrationError `configuration_error` while the receiver does not run, `canceled` when it stops first; the signal's
   * reason, untouched, as soon as `signal` aborts.
   */
  drained(options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * For cron jobs and serverless functions: delivers what is in the buffer until it is empty or the time is over, writes the
   * acks, and leaves nothing running. Needs no `start`; the buffer is opened and closed again then. While the receiver drains anyway, it
   * waits along. A call while another one is under way shares its end and its report, and its `signal` ends only its own wait.
   *
   * @throws InvalidOptionsError when an option is wrong; BufferError when the buffer cannot be opened, for example because
   * another process has it; IntegrationError `configuration_error` after `stop`, `canceled` when the receiver stops first; the
   * signal's reason, untouched, when `signal` aborts, once everything has ended.
   */
  drainOnce(options: DrainOnceOptions): Promise<DrainReport>
  /**
   * Stops taking events (503), lets handlers finish for up to `timeoutMs` (default: `10_000`), then aborts them, and closes the
   * buffer. What was not acknowledged is delivered after the next start, of another receiver. Further calls wait for the first.
   *
   * @throws InvalidOptionsError when `timeoutMs` is not a number of milliseconds >= 0; what closing the buffer throws.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>
}
