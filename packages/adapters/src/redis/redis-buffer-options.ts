import {
  checkOptions,
  type Clock,
  durationMs,
  integer,
  InvalidOptionsError,
  nonEmptyString,
  number,
  oneOf,
  plainObject,
  systemClock,
} from '@holdfast/core'
import type { BufferDurability } from '@holdfast/webhook-receiver'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
// Stands in a hash tag, so without braces.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Options of `redisBuffer`. */
export interface RedisBufferOptions {
  /** Names the buffer: processes that give the same name share it. 1 to 64 letters, digits, `.`, `_` or `-`. */
  readonly name: string
  /** What every key begins with. @defaultValue 'holdfast:' */
  readonly prefix?: string
  /**
   * Number of partitions, 1 to 1,024: so many processes can drain at once, and events keep their order within one. Fixed for the life of the
   * buffer. In a cluster they are spread over its nodes.
   *
   * @defaultValue `16`
   */
  readonly partitions?: number
  /**
   * What a resolved `append` means. Absent: the server is asked, and one without an append-only file is refused. Given: it is not, which is for
   * services that do not tell, and for whoever can lose events.
   */
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
   * Bytes of a partition that are sent at once, at most. One call's events are never split. 4 KiB to 64 MiB.
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
  /**
   * What of the events that every consumer is through with is kept, for replay. Somewhat more is kept. Without a consumer nothing is deleted.
   */
  readonly retention?: RedisRetention
  /**
   * How often a drain that has nothing to do looks whether another process has stored something, in ms. What this process stores wakes it at once.
   * From 1.
   *
   * @defaultValue `100`
   */
  readonly pollMs?: number
  /** Where waits take the time from; leases and ages go by the server's clock. @defaultValue `systemClock` */
  readonly clock?: Clock
}

/** What is kept of events that every consumer is through with. */
export interface RedisRetention {
  /**
   * How long they are kept, in ms after they were stored.
   *
   * @defaultValue `0`: they are deleted at once
   */
  readonly minAgeMs?: number
  /**
   * How much of them is kept at most in each partition, in bytes; the oldest go first, before their time.
   *
   * @defaultValue `Infinity`
   */
  readonly maxBytes?: number
}

/** Options with every default filled in. */
export type ResolvedRedisBufferOptions = Required<Omit<RedisBufferOptions, 'retention' | 'durability'>> & {
  readonly retention: Required<RedisRetention>
  readonly durability: BufferDurability | undefined
}

/** Defaults of `redisBuffer` that are plain values. */
export const defaultRedisBufferOptions: Readonly<
  Pick<
    ResolvedRedisBufferOptions,
    | 'prefix'
    | 'partitions'
    | 'maxEventBytes'
    | 'maxBatchBytes'
    | 'timeoutMs'
    | 'dedupeWindowMs'
    | 'retention'
    | 'pollMs'
  >
> = Object.freeze({
  prefix: 'holdfast:',
  partitions: 16,
  maxEventBytes: 32 * MIB,
  maxBatchBytes: MIB,
  timeoutMs: 10_000,
  dedupeWindowMs: 72 * HOUR_MS,
  retention: Object.freeze({ minAgeMs: 0, maxBytes: Infinity }),
  pollMs: 100,
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolveRedisBufferOptions(options: RedisBufferOptions): ResolvedRedisBufferOptions {
  checkOptions('', options, {
    name: bufferName,
    prefix: nonEmptyString,
    partitions: integer({ min: 1, max: 1024 }),
    durability: oneOf('fsync', 'replicated', 'os', 'memory'),
    maxEventBytes: integer({ min: 1, max: 256 * MIB }),
    maxQueuedBytes: integer({ min: 1 }),
    maxBatchBytes: integer({ min: 4096, max: 64 * MIB }),
    timeoutMs: durationMs({ min: 1 }),
    dedupeWindowMs: durationMs(),
    retention: plainObject,
    pollMs: durationMs({ min: 1 }),
    clock: plainObject,
  })
  checkOptions('retention', options.retention ?? {}, {
    minAgeMs: durationMs({ infinity: true }),
    maxBytes: number({ min: 0, infinity: true }),
  })
  if (options.name === undefined)
    throw new InvalidOptionsError({ path: 'name', expected: 'a name for the buffer', received: undefined })
  const defaults = defaultRedisBufferOptions
  const maxEventBytes = options.maxEventBytes ?? defaults.maxEventBytes
  return Object.freeze({
    name: options.name,
    prefix: options.prefix ?? defaults.prefix,
    partitions: options.partitions ?? defaults.partitions,
    durability: options.durability,
    maxEventBytes,
    maxQueuedBytes: options.maxQueuedBytes ?? Math.max(8 * MIB, maxEventBytes + 64 * 1024),
    maxBatchBytes: options.maxBatchBytes ?? defaults.maxBatchBytes,
    timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
    dedupeWindowMs: options.dedupeWindowMs ?? defaults.dedupeWindowMs,
    retention: Object.freeze({ ...defaults.retention, ...options.retention }),
    pollMs: options.pollMs ?? defaults.pollMs,
    clock: options.clock ?? systemClock,
  })
}

function bufferName(value: unknown): string | undefined {
  return typeof value === 'string' && NAME.test(value)
    ? undefined
    : 'a name of 1 to 64 letters, digits, `.`, `_` or `-` that starts with a letter or digit'
}
