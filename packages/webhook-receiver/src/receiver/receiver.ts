import type { Clock, Connector, EventSource, Random } from '@holdfast/core'
import type { EventBuffer, HeaderPairs } from '../buffer/event-buffer.ts'
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts'
import type { HandshakeOptions } from '../handshake/handshake-options.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { KeyFetcher } from '../verify/keys/key-fetcher.ts'
import type { SecretsOption } from '../verify/secret-resolver.ts'
import type { DestinationControl } from './destination-control.ts'
import type { DestinationSnapshot } from './destination-snapshot.ts'
import type { DestinationOptions } from './destination-options.ts'
import type { PublicUrl } from './public-url.ts'
import type { WebhookEvent } from './webhook-event.ts'

/**
 * What events must keep their order with: those with the same key share a partition. Has to depend on nothing but the event, so that a repeat has
 * the same key. `undefined` or `null`: the event is in any partition.
 */
export type PartitionKey = (event: Omit<WebhookEvent, 'key' | 'partition' | 'position'>) => string | null | undefined

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
  /**
   * Chooses the partition of an event, before it is stored. Required where the buffer has several, which keep their order each for itself: return at
   * least as wide a key as the `orderingKey` of every destination, such as the customer.
   */
  readonly partitionKey?: PartitionKey
  /** Largest body taken, in bytes, enforced while reading. Default: `26_214_400` (25 MiB, what GitHub may send). */
  readonly maxBodyBytes?: number
}

export interface ReceiverOptions {
  readonly buffer: EventBuffer
  readonly sources: Readonly<Record<string, SourceOptions>>
  readonly destinations: Readonly<Record<string, DestinationOptions>>
  /** Where `once` of the destinations keeps what was done. Default: none. */
  readonly idempotency?: IdempotencyStore
  /**
   * With a buffer that several processes share: how long partitions stay with a process that is not heard of, in milliseconds. A process says every third
   * of it that it is there, and learns then who else is. Shorter gives the partitions of one that died to the others sooner; longer survives longer pauses.
   * From 1,000. Default: `30_000`.
   */
  readonly leaseMs?: number
  /** Requests that are taken in at once; more are answered 503 with `Retry-After`. From 1. Default: `1_000`. */
  readonly maxInFlightRequests?: number
  /** Bytes of bodies that requests under way hold in memory; more are answered 503. From 1. Default: `134_217_728` (128 MiB). */
  readonly maxInFlightBytes?: number
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
   * The control of one destination: pause, resume, disable, detach, dead letters, replay.
   *
   * @throws InvalidOptionsError when there is none of this name.
   */
  destination(name: string): DestinationControl
  /**
   * Stops taking events (503), lets handlers finish for up to `timeoutMs` (default: `10_000`), then aborts them, and closes the
   * buffer. What was not acknowledged is delivered after the next start, of another receiver. Further calls wait for the first.
   *
   * @throws InvalidOptionsError when `timeoutMs` is not a number of milliseconds >= 0; what closing the buffer throws.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>
}
