import {
  boolean,
  checkOptions,
  clockObject,
  durationMs,
  integer,
  InvalidOptionsError,
  nonEmptyString,
  number,
  oneOf,
  plainObject,
  randomObject,
  systemClock,
  systemRandom,
  withMethods,
} from '@holdfast/core'
import { loopUtilization } from '../buffer-kit/loop-utilization.ts'
import { type CompressionMethod, hasCompression } from './body/body-compression.ts'
import type { EncryptionOptions } from './body/key-ring.ts'
import type { DiskBufferOptions, Retention } from './disk-buffer-options.ts'
import { nodeFileSystem } from './node-file-system.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000

export type ResolvedRetention = Required<Retention>

/** Options with every default filled in. */
export type ResolvedDiskBufferOptions = Required<
  Omit<DiskBufferOptions, 'retention' | 'minFreeBytes' | 'encryption' | 'compression' | 'shards'>
> & {
  readonly retention: ResolvedRetention
  readonly minFreeBytes: number | undefined
  readonly encryption: EncryptionOptions | undefined
  readonly compression: CompressionMethod | undefined
  readonly shards: 'auto' | undefined
  /** See `LogWriterOptions`. */
  readonly utilization: () => number
}

/** Defaults of `diskBuffer` that are plain values. */
export const defaultDiskBufferOptions: Readonly<
  Pick<
    ResolvedDiskBufferOptions,
    | 'durability'
    | 'syncIntervalMs'
    | 'preallocateBytes'
    | 'segmentBytes'
    | 'segmentMaxAgeMs'
    | 'maxEventBytes'
    | 'maxBatchBytes'
    | 'dedupeWindowMs'
    | 'maxBytes'
    | 'retention'
    | 'recovery'
    | 'allowNetworkFileSystem'
  >
> = Object.freeze({
  durability: 'fsync',
  syncIntervalMs: 100,
  preallocateBytes: 0,
  segmentBytes: 64 * MIB,
  segmentMaxAgeMs: 24 * HOUR_MS,
  maxEventBytes: 32 * MIB,
  maxBatchBytes: MIB,
  dedupeWindowMs: 72 * HOUR_MS,
  maxBytes: Infinity,
  retention: Object.freeze({ minAgeMs: 0, maxBytes: Infinity }),
  recovery: 'resync',
  allowNetworkFileSystem: false,
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolveDiskBufferOptions(options: DiskBufferOptions): ResolvedDiskBufferOptions {
  checkOptions('', options, {
    directory: nonEmptyString,
    shards: oneOf('auto'),
    durability: oneOf('fsync', 'interval', 'memory'),
    syncIntervalMs: durationMs({ min: 1, max: 60_000 }),
    preallocateBytes: integer({ min: 0, max: 64 * MIB }),
    segmentBytes: integer({ min: 4096, max: 1024 * MIB }),
    segmentMaxAgeMs: durationMs({ min: 1000, max: 24 * HOUR_MS }),
    maxEventBytes: integer({ min: 1, max: 1024 * MIB }),
    maxQueuedBytes: integer({ min: 1 }),
    maxBatchBytes: integer({ min: 4096, max: 64 * MIB }),
    dedupeWindowMs: durationMs(),
    encryption: plainObject,
    compression: oneOf('none', 'auto', 'zstd', 'brotli'),
    maxBytes: number({ min: 64 * 1024, infinity: true }),
    minFreeBytes: number({ min: 0 }),
    retention: plainObject,
    recovery: oneOf('resync', 'strict', 'salvage'),
    allowNetworkFileSystem: boolean,
    fileSystem: withMethods('open', 'list', 'lock', 'volume'),
    clock: clockObject,
    random: randomObject,
  })
  checkOptions('retention', options.retention ?? {}, {
    minAgeMs: durationMs({ infinity: true }),
    maxBytes: number({ min: 0, infinity: true }),
  })
  checkEncryption(options.encryption)
  if (options.directory === undefined)
    throw new InvalidOptionsError({ path: 'directory', expected: 'a non-empty string', received: undefined })
  const defaults = defaultDiskBufferOptions
  const maxEventBytes = options.maxEventBytes ?? defaults.maxEventBytes
  return Object.freeze({
    directory: options.directory,
    shards: options.shards,
    durability: options.durability ?? defaults.durability,
    syncIntervalMs: options.syncIntervalMs ?? defaults.syncIntervalMs,
    preallocateBytes: options.preallocateBytes ?? defaults.preallocateBytes,
    segmentBytes: options.segmentBytes ?? defaults.segmentBytes,
    segmentMaxAgeMs: options.segmentMaxAgeMs ?? defaults.segmentMaxAgeMs,
    maxEventBytes,
    // A meta takes 64 KiB at most, a record header and its padding less than 64 bytes.
    maxQueuedBytes: options.maxQueuedBytes ?? Math.max(8 * MIB, maxEventBytes + 65_600),
    maxBatchBytes: options.maxBatchBytes ?? defaults.maxBatchBytes,
    dedupeWindowMs: options.dedupeWindowMs ?? defaults.dedupeWindowMs,
    encryption: options.encryption,
    compression: compressionOf(options.compression ?? 'none'),
    maxBytes: options.maxBytes ?? defaults.maxBytes,
    minFreeBytes: options.minFreeBytes,
    retention: Object.freeze({
      minAgeMs: options.retention?.minAgeMs ?? defaults.retention.minAgeMs,
      maxBytes: options.retention?.maxBytes ?? defaults.retention.maxBytes,
    }),
    recovery: options.recovery ?? defaults.recovery,
    allowNetworkFileSystem: options.allowNetworkFileSystem ?? defaults.allowNetworkFileSystem,
    fileSystem: options.fileSystem ?? nodeFileSystem(),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    // What a file system of one's own plays has to go the same way each time.
    utilization: options.fileSystem === undefined ? loopUtilization() : () => 0,
  })
}

function checkEncryption(encryption: EncryptionOptions | undefined): void {
  if (encryption === undefined) return
  const { keyId, key } = encryption
  if ((typeof keyId !== 'string' || keyId === '') && typeof keyId !== 'function')
    throw new InvalidOptionsError({
      path: 'encryption.keyId',
      expected: 'a non-empty string or a function that gives one',
      received: keyId,
    })
  if (typeof key !== 'function')
    // It may be the key itself.
    throw new InvalidOptionsError({ path: 'encryption.key', expected: 'a function', received: typeof key })
}

function compressionOf(asked: NonNullable<DiskBufferOptions['compression']>): CompressionMethod | undefined {
  switch (asked) {
    case 'none':
      return undefined
    case 'auto':
      return hasCompression('zstd') ? 'zstd' : 'brotli'
    case 'zstd':
    case 'brotli':
      if (hasCompression(asked)) return asked
      throw new InvalidOptionsError({
        path: 'compression',
        expected: '`auto` or `brotli`: this Node.js has no zstd, which came with 22.15',
        received: asked,
      })
  }
}
