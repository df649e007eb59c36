import {
  checkOptions,
  type Clock,
  durationMs,
  integer,
  InvalidOptionsError,
  nonEmptyString,
  oneOf,
  plainObject,
  type Random,
  systemClock,
  systemRandom,
} from '@holdfast/core'
import type { FileSystem } from './file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000

/** Options of `diskBuffer`. */
export interface DiskBufferOptions {
  /** Where everything is kept; made if it is missing. On a local disk: network file systems have no dependable locks and syncs. */
  readonly directory: string
  /**
   * What a resolved `append` means. `fsync`: the event is on stable storage.
   *
   * @defaultValue `'fsync'`
   */
  readonly durability?: 'fsync'
  /**
   * Size at which a new segment file is begun, in bytes. Smaller frees space sooner, larger makes fewer files. 4 KiB to 1 GiB. An event
   * larger than that gets a segment of its own.
   *
   * @defaultValue `67_108_864` (64 MiB)
   */
  readonly segmentBytes?: number
  /**
   * Age at which a new segment file is begun, in ms. 1 s to 24 h.
   *
   * @defaultValue `86_400_000` (24 h)
   */
  readonly segmentMaxAgeMs?: number
  /**
   * Largest body that is taken, in bytes. 1 to 1 GiB. Keep it above `maxBodyBytes` of the receiver's sources.
   *
   * @defaultValue `33_554_432` (32 MiB)
   */
  readonly maxEventBytes?: number
  /**
   * Bytes that may wait to be written, the batch in flight included; beyond it `append` rejects with `buffer_overloaded`. A single call is taken
   * whatever its size while nothing waits.
   *
   * @defaultValue `8_388_608` (8 MiB), or one event of `maxEventBytes` where that is more
   */
  readonly maxQueuedBytes?: number
  /**
   * Bytes that are written and synced at once, at most. One call's events are never split. 4 KiB to 64 MiB.
   *
   * @defaultValue `1_048_576` (1 MiB)
   */
  readonly maxBatchBytes?: number
  /**
   * How long an event's id is remembered after it was stored, in ms. 0: ids are not compared. Opening reads the segments of that time.
   *
   * @defaultValue `259_200_000` (72 h)
   */
  readonly dedupeWindowMs?: number
  /** Where files are. For tests. @defaultValue `nodeFileSystem()` */
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
  readonly random?: Random
}

/** Options with every default filled in. */
export type ResolvedDiskBufferOptions = Required<DiskBufferOptions>

/** Defaults of `diskBuffer` that are plain values. */
export const defaultDiskBufferOptions: Readonly<
  Pick<
    ResolvedDiskBufferOptions,
    'durability' | 'segmentBytes' | 'segmentMaxAgeMs' | 'maxEventBytes' | 'maxBatchBytes' | 'dedupeWindowMs'
  >
> = Object.freeze({
  durability: 'fsync',
  segmentBytes: 64 * MIB,
  segmentMaxAgeMs: 24 * HOUR_MS,
  maxEventBytes: 32 * MIB,
  maxBatchBytes: MIB,
  dedupeWindowMs: 72 * HOUR_MS,
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolveDiskBufferOptions(options: DiskBufferOptions): ResolvedDiskBufferOptions {
  checkOptions('', options, {
    directory: nonEmptyString,
    durability: oneOf('fsync'),
    segmentBytes: integer({ min: 4096, max: 1024 * MIB }),
    segmentMaxAgeMs: durationMs({ min: 1000, max: 24 * HOUR_MS }),
    maxEventBytes: integer({ min: 1, max: 1024 * MIB }),
    maxQueuedBytes: integer({ min: 1 }),
    maxBatchBytes: integer({ min: 4096, max: 64 * MIB }),
    dedupeWindowMs: durationMs(),
    fileSystem: plainObject,
    clock: plainObject,
    random: plainObject,
  })
  if (options.directory === undefined)
    throw new InvalidOptionsError({ path: 'directory', expected: 'a non-empty string', received: undefined })
  const defaults = defaultDiskBufferOptions
  const maxEventBytes = options.maxEventBytes ?? defaults.maxEventBytes
  return Object.freeze({
    directory: options.directory,
    durability: options.durability ?? defaults.durability,
    segmentBytes: options.segmentBytes ?? defaults.segmentBytes,
    segmentMaxAgeMs: options.segmentMaxAgeMs ?? defaults.segmentMaxAgeMs,
    maxEventBytes,
    // A meta takes 64 KiB at most, a record header and its padding less than 64 bytes.
    maxQueuedBytes: options.maxQueuedBytes ?? Math.max(8 * MIB, maxEventBytes + 65_600),
    maxBatchBytes: options.maxBatchBytes ?? defaults.maxBatchBytes,
    dedupeWindowMs: options.dedupeWindowMs ?? defaults.dedupeWindowMs,
    fileSystem: options.fileSystem ?? nodeFileSystem(),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
  })
}
