import type { CoreEventMap } from '../events/core-event-map.ts'
import { createEmitter, type EventSource } from '../events/emitter.ts'
import { IntegrationError } from '../errors/integration-error.ts'
import { type FetchOptions, type ResolvedFetchOptions, resolveFetchOptions } from './fetch-options.ts'
import type { HostSnapshot } from './host-scope.ts'
import { Pipeline } from './pipeline.ts'

/** The state of a function made by `createFetch`. */
export interface FetchSnapshot {
  readonly integration?: string
  readonly connection?: string
  /** Hosts that were called, the least recently used first; at most 1,000 are kept. */
  readonly hosts: readonly HostSnapshot[]
}

/** `fetch` with policies around it. */
export type ResilientFetch = typeof globalThis.fetch &
  EventSource<CoreEventMap> &
  AsyncDisposable & {
    /** The state of every policy now. */
    snapshot(): FetchSnapshot
  }

/**
 * Makes a function with the signature and the behaviour of `fetch` that survives rate limits, resets, slow and dead hosts.
 * It returns the very Response of the transport and throws the very error; what it did is told by events and by `explain`.
 * What it refuses to send throws an `IntegrationError` (or see `refusals`). With every policy `false`, `deadlineMs` and
 * `attemptTimeoutMs` included, it passes its arguments straight on.
 *
 * Disposing refuses further calls with `canceled`, forgets all state and removes the listeners; calls under way go on.
 *
 * @throws InvalidOptionsError when an option is wrong or unknown.
 */
export function createFetch(options?: FetchOptions): ResilientFetch {
  const resolved = resolveFetchOptions(options)
  const events = createEmitter<CoreEventMap>()
  const pipeline = new Pipeline(resolved, events)
  const { transport, clock, connector, connection } = resolved
  const passThrough = isPassThrough(resolved)
  let disposed = false

  const resilientFetch: typeof globalThis.fetch = (input, init) => {
    if (disposed) return Promise.reject(shutDown())
    return passThrough ? transport(input, init) : pipeline.send(input, init)
  }

  return Object.assign(resilientFetch, {
    on: events.on.bind(events),
    snapshot: () => {
      const nowMs = clock.monotonicMs()
      return {
        ...(connector === undefined ? {} : { integration: connector.id }),
        ...(connection === undefined ? {} : { connection }),
        hosts: [...pipeline.scopes()].map((scope) => scope.snapshot(nowMs)),
      }
    },
    [Symbol.asyncDispose]: () => {
      disposed = true
      pipeline.dispose()
      events.clear()
      return Promise.resolve()
    },
  })
}

function isPassThrough(options: ResolvedFetchOptions): boolean {
  const { retry, rateLimit, breaker, bulkhead, auth, idempotencyHeader, deadlineMs, attemptTimeoutMs } = options
  return (
    retry === false &&
    rateLimit === false &&
    breaker === false &&
    bulkhead === false &&
    auth === undefined &&
    idempotencyHeader === undefined &&
    deadlineMs === Infinity &&
    attemptTimeoutMs === Infinity
  )
}

function shutDown(): IntegrationError {
  return new IntegrationError({
    code: 'canceled',
    reason: 'shutdown',
    delivery: 'not_sent',
    phase: 'local',
    message: 'Not sent: this fetch function was disposed.',
  })
}
