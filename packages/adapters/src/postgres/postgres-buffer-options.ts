import {
  checkOptions,
  type Clock,
  durationMs,
  integer,
  InvalidOptionsError,
  oneOf,
  plainObject,
  systemClock,
} from '@holdfast/core'
import type { BufferDurability } from '@holdfast/webhook-receiver'
import { isListenable, type PostgresListener } from './notifications.ts'
import { defaultPostgresStoreOptions, type PostgresStoreOptions, storeChecks } from './store-options.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000

/** Options of `postgresBuffer`. */
export interface PostgresBufferOptions extends PostgresStoreOptions {
  /** Names the buffer: processes that give the same name share it. 1 to 64 characters. */
  readonly name: string
  /**
   * Number of partitions, 1 to 1,024: so many processes can drain at once, and events keep their order within one. Fixed for the life of the
   * buffer.
   *
   * @defaultValue `16`
   */
  readonly partitions?: number
  /** What a resolved `append` means. Absent: the server is asked at `open`. Given: it is not. */
  readonly durability?: BufferDurability
  /**
   * Largest body that is taken, in bytes. 1 to 256 MiB. Keep it above `maxBodyBytes` of the receiver's sources.
   *
   * @defaultValue `33_554_432` (32 MiB)
   */
  readonly maxEventBytes?: number
  /**
   * Bytes that may wait for the server's answer; beyond it `append` rejects with `buffer_overloaded`. A single call is taken whatever its size while
   * nothing waits.
   *
   * @defaultValue `8_388_608` (8 MiB), or one event of `maxEventBytes` where that is more
   */
  readonly maxQueuedBytes?: number
  /**
   * Bytes that are sent at once, at most. One call's events are never split. 4 KiB to 64 MiB.
   *
   * @defaultValue `1_048_576` (1 MiB)
   */
  readonly maxBatchBytes?: number
  /**
   * How long the server may take to answer before a call rejects with `buffer_failed`, in ms from when it was sent. It may have been done then.
   * From 1.
   *
   * @defaultValue `10_000`
   */
  readonly timeoutMs?: number
  /**
   * How long an event's id is remembered after it was stored, in ms. 0: ids are not compared.
   *
   * @defaultValue `259_200_000` (72 h)
   */
  readonly dedupeWindowMs?: number
  /** What of the events that every consumer is through with is kept, for replay. Without a consumer nothing is deleted. */
  readonly retention?: PostgresRetention
  /**
   * How often a drain that has nothing to do looks whether another process has stored something, in ms: one statement for all partitions. What
   * this process stores wakes it at once. From 1.
   *
   * @defaultValue `250`
   */
  readonly pollMs?: number
  /**
   * A connection on which notifications arrive, so that drains learn at once of what other processes store: a connected `Client` of pg that is used
   * for nothing else, postgres.js or PGlite. Not behind pgbouncer in transaction mode. Polling goes on beside it.
   */
  readonly listener?: PostgresListener
  /**
   * Whether who listens is told of what is stored here. Commits that tell take turns in the whole server. @defaultValue whether there is a `listener`
   */
  readonly notify?: boolean
  /** Where waits take the time from; leases and ages go by the server's clock. @defaultValue `systemClock` */
  readonly clock?: Clock
}

/** What is kept of events that every consumer is through with. */
export interface PostgresRetention {
  /**
   * How long they are kept, in ms after they were stored.
   *
   * @defaultValue `0`: they are deleted at the next look, within a minute
   */
  readonly minAgeMs?: number
}

/** Options with every default filled in. */
export type ResolvedPostgresBufferOptions = Required<
  Omit<PostgresBufferOptions, 'retention' | 'durability' | 'listener'>
> & {
  readonly retention: Required<PostgresRetention>
  readonly durability: BufferDurability | undefined
  readonly listener: PostgresListener | undefined
}

/** Defaults of `postgresBuffer` that are plain values. */
export const defaultPostgresBufferOptions: Readonly<
  Pick<
    ResolvedPostgresBufferOptions,
    | 'schema'
    | 'migrate'
    | 'partitions'
    | 'maxEventBytes'
    | 'maxBatchBytes'
    | 'timeoutMs'
    | 'dedupeWindowMs'
    | 'retention'
    | 'pollMs'
  >
> = Object.freeze({
  ...defaultPostgresStoreOptions,
  partitions: 16,
  maxEventBytes: 32 * MIB,
  maxBatchBytes: MIB,
  timeoutMs: 10_000,
  dedupeWindowMs: 72 * HOUR_MS,
  retention: Object.freeze({ minAgeMs: 0 }),
  pollMs: 250,
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolvePostgresBufferOptions(options: PostgresBufferOptions): ResolvedPostgresBufferOptions {
  checkOptions('', options, {
    ...storeChecks,
    name: bufferName,
    partitions: integer({ min: 1, max: 1024 }),
    durability: oneOf('fsync', 'replicated', 'os', 'memory'),
    maxEventBytes: integer({ min: 1, max: 256 * MIB }),
    maxQueuedBytes: integer({ min: 1 }),
    maxBatchBytes: integer({ min: 4096, max: 64 * MIB }),
    timeoutMs: durationMs({ min: 1 }),
    dedupeWindowMs: durationMs(),
    retention: plainObject,
    pollMs: durationMs({ min: 1 }),
    listener: (value) =>
      isListenable(value) ? undefined : 'a connected Client of pg that nothing else uses, a postgres.js or a PGlite',
    notify: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
    clock: plainObject,
  })
  checkOptions('retention', options.retention ?? {}, { minAgeMs: durationMs() })
  if (options.name === undefined)
    throw new InvalidOptionsError({ path: 'name', expected: 'a name for the buffer', received: undefined })
  const maxEventBytes = options.maxEventBytes ?? defaultPostgresBufferOptions.maxEventBytes
  return Object.freeze({
    ...defaultPostgresBufferOptions,
    maxQueuedBytes: Math.max(8 * MIB, maxEventBytes + 64 * 1024),
    notify: options.listener !== undefined,
    clock: systemClock,
    durability: undefined,
    listener: undefined,
    ...withoutUndefined(options),
    retention: Object.freeze({ ...defaultPostgresBufferOptions.retention, ...options.retention }),
  })
}

function withoutUndefined(options: PostgresBufferOptions): PostgresBufferOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as unknown as PostgresBufferOptions
}

function bufferName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[^\0]{1,64}$/.test(value) ? undefined : 'a name of 1 to 64 characters'
}
