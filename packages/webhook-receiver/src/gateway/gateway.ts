import type { EventSource, IntegrationError } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import type { IncomingWebhook } from '../receiver/receiver.ts'
import type { GatewayEventMap } from './gateway-event-map.ts'
import type { GatewayMode } from './gateway-mode.ts'

/** The answer to a request: the target's own, as it comes, or that of the gateway. */
export interface GatewayReply {
  readonly status: number
  readonly headers: HeaderPairs
  /** Must be read to its end, or left early with `return()`, so that the target's connection is freed. */
  readonly body: AsyncIterable<Uint8Array> | Uint8Array | null
}

/** How a gateway is doing. Counts are since `start`. */
export interface GatewaySnapshot {
  readonly state: 'created' | 'running' | 'stopped'
  readonly mode: GatewayMode
  readonly healthy: boolean
  /** Why the last probe failed; `undefined` when it did not. */
  readonly probeError: IntegrationError | undefined
  /** Whether `hold` was called. */
  readonly held: boolean
  /** Stored requests that the target does not have yet. */
  readonly backlog: number
  readonly forwarded: number
  readonly captured: number
  readonly delivered: number
  readonly deadLettered: number
  readonly refused: number
}

/** Stands before a service: passes requests on while it is healthy, keeps them while it is not, delivers them when it is again. */
export interface Gateway extends EventSource<GatewayEventMap>, AsyncDisposable {
  /**
   * Opens the buffer, probes the target, and begins to deliver what an earlier run left. Requests before it are answered 503. When it
   * fails it can be called again.
   *
   * @throws BufferError when the buffer cannot be opened; IntegrationError `configuration_error` after `stop`.
   */
  start(): Promise<void>
  /** Handles a request. The answer is the target's own, or a 2xx when the request is durable in the buffer. Never throws. */
  handle(request: Request): Promise<Response>
  /** The same for servers, with the headers as they came and without the cost of a `Request`. */
  accept(incoming: IncomingWebhook): Promise<GatewayReply>
  /** Treats the target as unhealthy until `release`, for instance during a deploy. */
  hold(): void
  /** Believes the probes again. */
  release(): void
  snapshot(): GatewaySnapshot
  /**
   * Resolves when every stored request is done: delivered, or among the dead letters.
   *
   * @throws IntegrationError `canceled` when the gateway stops first; the signal's reason as soon as `signal` aborts.
   */
  drained(options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * Answers 503 from now on, lets what is under way finish for up to `timeoutMs` (default: `10_000`), and closes the buffer. What is
   * stored is delivered after the next start.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>
}
