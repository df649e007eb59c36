import {
  checkOptions,
  durationMs,
  integer,
  InvalidOptionsError,
  nonEmptyString,
  number,
  plainObject,
} from '@holdfast/core'
import type { BufferDurability } from '@holdfast/webhook-receiver'
import {
  defaultServerBufferOptions,
  type ResolvedServerBufferOptions,
  resolveServerBufferOptions,
  serverBufferChecks,
  type ServerBufferOptions,
} from '@holdfast/webhook-receiver/buffer-kit'
import { checkedClient, type ClusterRedisLike, type SingleRedisLike } from './client.ts'

// Stands in a hash tag, so without braces.
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Options of `redisBuffer`. */
export interface RedisBufferOptions extends ServerBufferOptions {
  /** Names the buffer: processes that give the same name share it. 1 to 64 letters, digits, `.`, `_` or `-`. */
  readonly name: string
  /** What every key begins with. @defaultValue 'holdfast:' */
  readonly prefix?: string
  /**
   * What a resolved `append` means. Absent: the server is asked, and one without an append-only file is refused. Given: it is not, which is for
   * services that do not tell, and for whoever can lose events.
   */
  readonly durability?: BufferDurability
  /**
   * Has `append` wait until what it stored is on the disk of the server, and on those of replicas: for a server with `appendfsync everysec`, or with
   * replicas. Absent: what the server does by itself is enough. Needs `WAITAOF`, which Redis 7.2 and Valkey have.
   */
  readonly waitAof?: RedisWaitAof
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
}

/** How `append` waits for disks. */
export interface RedisWaitAof {
  /**
   * A connection of its own to the same server, or a client of its own to the same cluster, used for nothing else: most of the time it waits. Connected and
   * closed by the application.
   */
  readonly client: SingleRedisLike | ClusterRedisLike
  /** So many replicas have to have it on their disks, too. From 0. @defaultValue `0` */
  readonly replicas?: number
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
export type ResolvedRedisBufferOptions = ResolvedServerBufferOptions &
  Required<Pick<RedisBufferOptions, 'name' | 'prefix' | 'pollMs'>> & {
    readonly retention: Required<RedisRetention>
    readonly waitAof: Required<RedisWaitAof> | undefined
  }

/** Defaults of `redisBuffer` that are plain values. */
export const defaultRedisBufferOptions: typeof defaultServerBufferOptions &
  Readonly<Pick<ResolvedRedisBufferOptions, 'prefix' | 'retention' | 'pollMs'>> = Object.freeze({
  ...defaultServerBufferOptions,
  prefix: 'holdfast:',
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
    ...serverBufferChecks,
    waitAof: plainObject,
    retention: plainObject,
    pollMs: durationMs({ min: 1 }),
  })
  checkOptions('waitAof', options.waitAof ?? {}, { client: plainObject, replicas: integer({ min: 0 }) })
  checkOptions('retention', options.retention ?? {}, {
    minAgeMs: durationMs({ infinity: true }),
    maxBytes: number({ min: 0, infinity: true }),
  })
  if (options.name === undefined)
    throw new InvalidOptionsError({ path: 'name', expected: 'a name for the buffer', received: undefined })
  const defaults = defaultRedisBufferOptions
  return Object.freeze({
    ...resolveServerBufferOptions(options),
    name: options.name,
    prefix: options.prefix ?? defaults.prefix,
    waitAof: options.waitAof && {
      client: checkedClient(options.waitAof.client, { bytes: true, path: 'waitAof.client' }),
      replicas: options.waitAof.replicas ?? 0,
    },
    retention: Object.freeze({ ...defaults.retention, ...options.retention }),
    pollMs: options.pollMs ?? defaults.pollMs,
  })
}

/** What is kept, as arguments of scripts: -1 for everything. */
export function retentionArguments({
  minAgeMs,
  maxBytes,
}: Required<RedisRetention>): readonly [minAgeMs: string, maxBytes: string] {
  const amountOf = (amount: number): string => (amount === Infinity ? '-1' : String(Math.ceil(amount)))
  return [amountOf(minAgeMs), amountOf(maxBytes)]
}

function bufferName(value: unknown): string | undefined {
  return typeof value === 'string' && NAME.test(value)
    ? undefined
    : 'a name of 1 to 64 letters, digits, `.`, `_` or `-` that starts with a letter or digit'
}
