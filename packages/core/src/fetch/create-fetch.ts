import { initOfBody } from '../body/body-kinds.ts'
import { type BodyFactory, bodyFactoryOf, madeBody } from '../body/replayable-body.ts'
import { type CoreEventMap, coreEvents } from '../events/core-event-map.ts'
import { createEmitter, type EventSource } from '../events/emitter.ts'
import { IntegrationError } from '../errors/integration-error.ts'
import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { nearestName } from '../options/check.ts'
import type { Priority } from '../policy/place.ts'
import { abortable } from '../timeout/abortable.ts'
import { type FetchOptions, type ResolvedFetchOptions, resolveFetchOptions } from './fetch-options.ts'
import type { FetchSnapshot } from './fetch-snapshot.ts'
import { Pipeline } from './pipeline.ts'
import { hostOf } from './request-facts.ts'
import { allowNesting } from './send-nested.ts'

/** The circuits of the breaker, by hand. `host` is written as in events: with the port, where it is not the default. */
export interface CircuitControl {
  /**
   * Refuses every call to the host, or to all hosts, also to those that are not known yet, until `close`. For an upstream
   * that does harm, or during its maintenance.
   *
   * @throws InvalidOptionsError when `host` is not a host, or when the breaker is off.
   */
  isolate(host?: string): void
  /**
   * Ends `isolate`, and closes the circuits that opened by themselves.
   *
   * @throws InvalidOptionsError when `host` is not a host, or when the breaker is off.
   */
  close(host?: string): void
}

/** `fetch` as it is called with `priority` (WHATWG Fetch), which the types of some runtimes lack. */
type PrioritizedFetch = (
  input: string | URL | Request,
  init?: RequestInit & { readonly priority?: Priority },
) => Promise<Response>

/** `fetch` with policies around it. */
export type ResilientFetch = PrioritizedFetch &
  typeof globalThis.fetch &
  EventSource<CoreEventMap> &
  AsyncDisposable & {
    readonly circuits: CircuitControl
    /** The state of every policy now. Can be stored as JSON and given to another function as `restore`. */
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

  // oxlint-disable-next-line typescript/no-useless-default-assignment -- so it has the length of the function that it stands for
  const fetch: typeof globalThis.fetch = (input, init = undefined) => {
    if (disposed) return Promise.reject(shutDown())
    return passThrough ? sendThrough(transport, input, init) : pipeline.send(input, init)
  }

  const setIsolated = (host: string | undefined, isIsolated: boolean): void => {
    if (resolved.breaker === false)
      throw new InvalidOptionsError({ path: 'breaker', expected: 'on, for its circuits to be set', received: false })
    pipeline.scopes.setIsolated(host === undefined ? undefined : checkHost(host), isIsolated)
  }

  allowNesting(fetch, (input, init) =>
    disposed || passThrough ? fetch(input, init) : pipeline.send(input, init, true),
  )
  return Object.assign(fetch, {
    circuits: {
      isolate: (host?: string) => setIsolated(host, true),
      close: (host?: string) => setIsolated(host, false),
    },
    on: ((event, listener) => {
      checkEvent(event)
      checkListener(listener)
      return events.on(event, listener)
    }) satisfies typeof events.on,
    snapshot: () => {
      const nowMs = clock.monotonicMs()
      return {
        ...(connector === undefined ? {} : { integration: connector.id }),
        ...(connection === undefined ? {} : { connection }),
        hosts: [...pipeline.scopes.values()].map((scope) => scope.snapshot(nowMs, clock.now())),
      }
    },
    [Symbol.asyncDispose]: async () => {
      disposed = true
      const closed = pipeline.dispose()
      events.clear()
      await closed
    },
  })
}

/** Everything goes on as it is, but a body that has to be made first. */
function sendThrough(
  transport: typeof globalThis.fetch,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  const make = bodyFactoryOf(init?.body)
  return make === undefined ? transport(input, init) : sendMade(transport, make, input, init)
}

async function sendMade(
  transport: typeof globalThis.fetch,
  make: BodyFactory,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  const signal = init?.signal ?? new AbortController().signal
  if (signal.aborted) throw signal.reason
  const body = await abortable(Promise.resolve(make({ attempt: 1, signal })), signal)
  return transport(input, { ...init, ...initOfBody(madeBody(body)) })
}

/** The host as `hostOf` gives it for a URL. */
function checkHost(host: string): string {
  const known = typeof host === 'string' && !/[/?#@\\]/.test(host) ? hostOf(`https://${host}/`) : ''
  if (known !== '') return known
  // What was meant as a host may be a URL with a secret in it.
  const receivedText = typeof host === 'string' ? 'another text' : `a value of type ${typeof host}`
  throw new InvalidOptionsError({
    path: 'host',
    expected: 'a host, such as `api.example.com`',
    received: undefined,
    receivedText,
  })
}

/** Nobody would ever hear of an event whose name is misspelled. */
function checkEvent(name: unknown): void {
  if (typeof name === 'string' && Object.hasOwn(coreEvents, name)) return
  const nearest = nearestName(String(name), Object.keys(coreEvents))
  const hint = nearest === undefined ? 'The names are the keys of `coreEvents`.' : `Did you mean \`${nearest}\`?`
  throw new InvalidOptionsError({ path: 'event', expected: 'the name of an event', received: name, hint })
}

/** Only a call would show that it cannot be called, and only to who listens to `listener:error`. */
function checkListener(listener: unknown): void {
  if (typeof listener === 'function') return
  throw new InvalidOptionsError({ path: 'listener', expected: 'a function', received: listener })
}

function isPassThrough(options: ResolvedFetchOptions): boolean {
  const { retry, hedge, rateLimit, breaker, bulkhead, auth, idempotency, deadlineMs, attemptTimeoutMs } = options
  return (
    retry === false &&
    hedge === false &&
    rateLimit === false &&
    breaker === false &&
    bulkhead === false &&
    auth === undefined &&
    idempotency === undefined &&
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
