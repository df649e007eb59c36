import {
  checkOptions,
  type Clock,
  clockObject,
  durationMs,
  integer,
  InvalidOptionsError,
  type Random,
  randomObject,
  systemClock,
  systemRandom,
} from '@holdfast/core'
import type { EventBuffer } from '../buffer/event-buffer.ts'
import { type ResolvedDestination, resolveDestination } from '../drain/destination-options.ts'
import { DEFAULT_LEASE_MS } from '../drain/drain.ts'
import type { HashProvider } from '../verify/hash-provider.ts'
import { platformHashes } from '../verify/platform-hashes.ts'
import { defaultDoorLimits } from './door.ts'
import { eventBuffer, idempotencyStore } from './object-checks.ts'
import { checkPartitionKeys } from './partition-key.ts'
import type { ReceiverOptions } from './receiver.ts'
import { type ResolvedSource, resolveSource } from './source-options.ts'

// Names stand in URLs, file names and metric labels.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Checked options of a receiver, defaults filled in. */
export interface ResolvedReceiverOptions {
  readonly buffer: EventBuffer
  /** A Map, so that no name from a URL ever meets a prototype. */
  readonly sources: ReadonlyMap<string, ResolvedSource>
  readonly destinations: ReadonlyMap<string, ResolvedDestination>
  readonly leaseMs: number
  readonly maxInFlightRequests: number
  readonly maxInFlightBytes: number
  readonly clock: Clock
  readonly random: Random
  readonly hashes: HashProvider
}

/**
 * Checks the options of a receiver.
 *
 * @throws InvalidOptionsError for the first that is wrong, with its path. Secrets are never shown.
 */
export function resolveReceiverOptions(options: ReceiverOptions): ResolvedReceiverOptions {
  checkOptions('', options, {
    buffer: eventBuffer,
    sources: namedObjects,
    destinations: namedObjects,
    idempotency: idempotencyStore,
    leaseMs: durationMs({ min: 1000 }),
    maxInFlightRequests: integer({ min: 1 }),
    maxInFlightBytes: integer({ min: 1 }),
    clock: clockObject,
    random: randomObject,
  })
  for (const required of ['buffer', 'sources', 'destinations'] as const) {
    if (options[required] === undefined) {
      throw new InvalidOptionsError({ path: required, expected: 'given', received: undefined })
    }
  }
  checkPartitionKeys(options.buffer, options.sources)
  const hashes = platformHashes()
  const { clock = systemClock, idempotency } = options
  const shared = idempotency === undefined ? {} : { idempotency }
  return Object.freeze({
    buffer: options.buffer,
    sources: mapOf(options.sources, (name, source) => resolveSource(name, source, hashes, clock)),
    destinations: mapOf(options.destinations, (name, destination) =>
      resolveDestination(`destinations.${name}`, destination, shared),
    ),
    leaseMs: options.leaseMs ?? DEFAULT_LEASE_MS,
    maxInFlightRequests: options.maxInFlightRequests ?? defaultDoorLimits.maxInFlightRequests,
    maxInFlightBytes: options.maxInFlightBytes ?? defaultDoorLimits.maxInFlightBytes,
    clock,
    random: options.random ?? systemRandom,
    hashes,
  })
}

function mapOf<In, Out>(
  record: Readonly<Record<string, In>>,
  resolve: (name: string, value: In) => Out,
): ReadonlyMap<string, Out> {
  return new Map(Object.entries(record).map(([name, value]) => [name, resolve(name, value)]))
}

function namedObjects(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'an object'
  const names = Object.keys(value)
  if (names.length === 0) return 'an object with at least one name'
  return names.every((name) => NAME.test(name))
    ? undefined
    : 'an object whose names have 1 to 64 letters, digits, `.`, `_` or `-`, and start with a letter or digit'
}
