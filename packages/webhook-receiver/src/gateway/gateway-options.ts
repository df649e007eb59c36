import {
  arrayOf,
  callback,
  checkOptions,
  type Clock,
  clockObject,
  durationMs,
  integer,
  InvalidOptionsError,
  nonEmptyString,
  number,
  plainObject,
  type Random,
  randomObject,
  systemClock,
  systemRandom,
} from '@holdfast/core'
import type { EventBuffer } from '../buffer/event-buffer.ts'
import { eventBuffer } from '../receiver/object-checks.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import { type HealthOptions, type ResolvedHealthOptions, resolveHealthOptions } from './health-options.ts'

/** A request at the gateway, before it has a place in the buffer. */
export type GatewayRequest = Omit<WebhookEvent, 'partition' | 'position'>

/** Options of `createGateway`. */
export interface GatewayOptions {
  /** Where the service is: `http://` or `https://` with a host. A path is put before that of each request. */
  readonly target: string
  /** Where requests are kept while the service cannot take them. */
  readonly buffer: EventBuffer
  readonly health?: HealthOptions
  /**
   * Requests with the same key reach the target in the order of arrival once one of them had to be stored. `undefined` or `null` from the
   * function: this request is not ordered, and never waits behind another one. Default: one key for all, so that nothing passes
   * a backlog.
   */
  readonly orderingKey?: (request: GatewayRequest) => string | null | undefined
  /** Methods whose requests are stored when the target cannot take them; others are answered 503. @defaultValue `['POST', 'PUT', 'PATCH', 'DELETE']` */
  readonly captureMethods?: readonly string[]
  /** Statuses of the target that mean that it cannot take requests now. All others go back to the sender. @defaultValue `[429, 502, 503, 504]` */
  readonly captureStatuses?: readonly number[]
  /** A target that has not begun to answer by then has failed, in ms. Keep it below the senders' own limits. @defaultValue `8_000` */
  readonly timeoutMs?: number
  /** Answer to a request that was stored. 200 to 299. @defaultValue `200` */
  readonly captureStatus?: number
  /** Largest body taken, in bytes. @defaultValue `26_214_400` (25 MiB) */
  readonly maxBodyBytes?: number
  /** Bytes of bodies that are held in memory at once; beyond it requests are answered 503. @defaultValue `134_217_728` (128 MiB) */
  readonly maxInFlightBytes?: number
  /** Stored requests delivered at once, across keys. 1 to 10,000. @defaultValue `8`; `1` without `orderingKey` */
  readonly concurrency?: number
  /** Stored requests delivered per second, spread evenly. @defaultValue `50` */
  readonly ratePerSecond?: number
  /** Deliveries of one stored request, the first included, before it becomes a dead letter; `Infinity`: never. @defaultValue `50` */
  readonly maxAttempts?: number
  /** Bound of the wait before the first repeat of a stored request, in ms; doubles with each. @defaultValue `500` */
  readonly baseDelayMs?: number
  /** Longest wait before a repeat, in ms. @defaultValue `30_000` */
  readonly maxDelayMs?: number
  /** Ordering keys with waiting requests that are told apart; beyond it every new request waits. @defaultValue `100_000` */
  readonly maxTrackedKeys?: number
  /** What requests are sent with. Default: `node:http`, which changes nothing about them, or `fetch` where there is none. */
  readonly fetch?: typeof globalThis.fetch
  readonly clock?: Clock
  readonly random?: Random
}

/** Defaults of a gateway that are plain values. */
export const defaultGatewayOptions: Readonly<{
  captureMethods: readonly string[]
  captureStatuses: readonly number[]
  timeoutMs: number
  captureStatus: number
  maxBodyBytes: number
  maxInFlightBytes: number
  concurrency: number
  ratePerSecond: number
  maxAttempts: number
  baseDelayMs: number
  maxDelayMs: number
  maxTrackedKeys: number
}> = Object.freeze({
  captureMethods: Object.freeze(['POST', 'PUT', 'PATCH', 'DELETE']),
  captureStatuses: Object.freeze([429, 502, 503, 504]),
  timeoutMs: 8_000,
  captureStatus: 200,
  maxBodyBytes: 26_214_400,
  maxInFlightBytes: 134_217_728,
  concurrency: 8,
  ratePerSecond: 50,
  maxAttempts: 50,
  baseDelayMs: 500,
  maxDelayMs: 30_000,
  maxTrackedKeys: 100_000,
})

/** A gateway's options, checked and complete. */
export interface ResolvedGatewayOptions
  extends Readonly<Omit<typeof defaultGatewayOptions, 'captureMethods' | 'captureStatuses'>> {
  readonly target: URL
  readonly buffer: EventBuffer
  readonly health: ResolvedHealthOptions
  /** `undefined`: one key for all requests. */
  readonly orderingKey: GatewayOptions['orderingKey'] | undefined
  readonly captureMethods: ReadonlySet<string>
  readonly captureStatuses: ReadonlySet<number>
  readonly fetch: typeof globalThis.fetch | undefined
  readonly clock: Clock
  readonly random: Random
}

/**
 * Checks the options of a gateway and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong, with its path.
 */
export function resolveGatewayOptions(options: GatewayOptions): ResolvedGatewayOptions {
  checkOptions('', options, {
    target: nonEmptyString,
    buffer: eventBuffer,
    health: plainObject,
    orderingKey: callback,
    captureMethods: arrayOf(nonEmptyString),
    captureStatuses: arrayOf(integer({ min: 400, max: 599 })),
    timeoutMs: durationMs({ min: 1 }),
    captureStatus: integer({ min: 200, max: 299 }),
    maxBodyBytes: integer({ min: 1 }),
    maxInFlightBytes: integer({ min: 1 }),
    concurrency: integer({ min: 1, max: 10_000 }),
    ratePerSecond: number({ min: 0.001, max: 1_000_000, infinity: true }),
    maxAttempts: integer({ min: 1, infinity: true }),
    baseDelayMs: durationMs(),
    maxDelayMs: durationMs(),
    maxTrackedKeys: integer({ min: 1 }),
    fetch: callback,
    clock: clockObject,
    random: randomObject,
  })
  const defaults = defaultGatewayOptions
  const { buffer, orderingKey } = options
  if (buffer === undefined)
    throw new InvalidOptionsError({
      path: 'buffer',
      expected: 'an event buffer such as `diskBuffer(…)`',
      received: undefined,
    })
  // A shard that is taken over has requests of another gateway, which has let others of the same key pass.
  if (buffer.caps.adopts === true)
    throw new InvalidOptionsError({ path: 'buffer', expected: 'a buffer without shards', received: 'one with shards' })
  return Object.freeze({
    target: targetOf(options.target),
    buffer,
    health: resolveHealthOptions(options.health),
    orderingKey,
    captureMethods: new Set((options.captureMethods ?? defaults.captureMethods).map((method) => method.toUpperCase())),
    captureStatuses: new Set(options.captureStatuses ?? defaults.captureStatuses),
    timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
    captureStatus: options.captureStatus ?? defaults.captureStatus,
    maxBodyBytes: options.maxBodyBytes ?? defaults.maxBodyBytes,
    maxInFlightBytes: options.maxInFlightBytes ?? defaults.maxInFlightBytes,
    concurrency: options.concurrency ?? (orderingKey === undefined ? 1 : defaults.concurrency),
    ratePerSecond: options.ratePerSecond ?? defaults.ratePerSecond,
    maxAttempts: options.maxAttempts ?? defaults.maxAttempts,
    baseDelayMs: options.baseDelayMs ?? defaults.baseDelayMs,
    maxDelayMs: options.maxDelayMs ?? Math.max(defaults.maxDelayMs, options.baseDelayMs ?? 0),
    maxTrackedKeys: options.maxTrackedKeys ?? defaults.maxTrackedKeys,
    fetch: options.fetch,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  })
}

function targetOf(text: string | undefined): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
  const isTarget =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    [url.search, url.hash, url.username, url.password].every((part) => part === '')
  if (isTarget) return url
  throw new InvalidOptionsError({
    path: 'target',
    expected: 'an http:// or https:// URL without query, fragment and credentials',
    received: undefined,
    // It may hold credentials.
    receivedText: text === undefined ? 'undefined' : 'another text',
  })
}
