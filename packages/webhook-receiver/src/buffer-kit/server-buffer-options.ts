import { type Check, type Clock, clockObject, durationMs, integer, oneOf, systemClock } from '@holdfast/core'
import type { BufferDurability } from '../buffer/event-buffer.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
// Beside a body, for what else belongs to an event.
const MAX_META_ROOM_BYTES = 64 * 1024

/** Options that every buffer on a server has. */
export interface ServerBufferOptions {
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
  /** Where waits take the time from; leases and ages go by the server's clock. @defaultValue `systemClock` */
  readonly clock?: Clock
}

/** The same with every default filled in. */
export type ResolvedServerBufferOptions = Required<Omit<ServerBufferOptions, 'durability'>> & {
  readonly durability: BufferDurability | undefined
}

/** Defaults that are plain values. */
export const defaultServerBufferOptions: Readonly<
  Pick<ResolvedServerBufferOptions, 'partitions' | 'maxEventBytes' | 'maxBatchBytes' | 'timeoutMs' | 'dedupeWindowMs'>
> = Object.freeze({
  partitions: 16,
  maxEventBytes: 32 * MIB,
  maxBatchBytes: MIB,
  timeoutMs: 10_000,
  dedupeWindowMs: 72 * HOUR_MS,
})

/** Their checks, for `checkOptions`. */
export const serverBufferChecks: Readonly<Record<keyof ServerBufferOptions, Check>> = Object.freeze({
  partitions: integer({ min: 1, max: 1024 }),
  durability: oneOf('fsync', 'replicated', 'os', 'memory'),
  maxEventBytes: integer({ min: 1, max: 256 * MIB }),
  maxQueuedBytes: integer({ min: 1 }),
  maxBatchBytes: integer({ min: 4096, max: 64 * MIB }),
  timeoutMs: durationMs({ min: 1 }),
  dedupeWindowMs: durationMs(),
  clock: clockObject,
})

/** Fills in the defaults of options that were checked. */
export function resolveServerBufferOptions(options: ServerBufferOptions): ResolvedServerBufferOptions {
  const defaults = defaultServerBufferOptions
  const maxEventBytes = options.maxEventBytes ?? defaults.maxEventBytes
  return {
    partitions: options.partitions ?? defaults.partitions,
    durability: options.durability,
    maxEventBytes,
    maxQueuedBytes: options.maxQueuedBytes ?? Math.max(8 * MIB, maxEventBytes + MAX_META_ROOM_BYTES),
    maxBatchBytes: options.maxBatchBytes ?? defaults.maxBatchBytes,
    timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
    dedupeWindowMs: options.dedupeWindowMs ?? defaults.dedupeWindowMs,
    clock: options.clock ?? systemClock,
  }
}
