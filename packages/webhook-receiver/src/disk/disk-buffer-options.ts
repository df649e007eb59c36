import type { Clock, Random } from '@holdfast/core'
import type { EncryptionOptions } from './body/key-ring.ts'
import type { FileSystem } from './file-system.ts'
import type { RecoveryMode } from './recovery-mode.ts'

/** What a resolved `append` of a disk buffer means. */
export type DiskDurability = 'fsync' | 'interval' | 'memory'

/** Options of `diskBuffer`. */
export interface DiskBufferOptions {
  /** Where everything is kept; made if it is missing. On a local disk: network file systems have no dependable locks and syncs. */
  readonly directory: string
  /**
   * `auto`: several processes of this machine share the directory, as those of `node:cluster` or PM2 do. Each takes the first `shard-<n>` that is free and
   * puts its events there; limits like `maxBytes` count for each. Processes that deliver take over what one has left that ended. Order holds within a
   * shard: events of one key that came to two processes pass each other. Ids are compared within a shard.
   *
   * @defaultValue none: the directory is for one process
   */
  readonly shards?: 'auto'
  /**
   * What a resolved `append` means. `fsync`: the event is on stable storage. `interval`: it is written, and synced within `syncIntervalMs`; it survives
   * the end of the process however that comes, and a power cut may take the last of these intervals. `memory`: nothing is ever synced; for tests.
   *
   * @defaultValue `'fsync'`
   */
  readonly durability?: DiskDurability
  /**
   * How long after it was written an event is synced, in ms, with `durability: 'interval'`. Longer costs the disk less, and a power cut more. 1 ms to
   * 60 s.
   *
   * @defaultValue `100`
   */
  readonly syncIntervalMs?: number
  /**
   * Zeros that are written ahead of the events, in bytes: a sync then has no new size to write, which on a file system with a journal takes half the
   * time, and twice as much is written. 0: none. Up to 64 MiB; 1 MiB is a good value where single events matter more than throughput.
   *
   * @defaultValue `0`
   */
  readonly preallocateBytes?: number
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
  /**
   * Encrypts what is stored of events, parked ones and dead letters included, with AES-256-GCM. What was stored before stays as it is, and is read. In the
   * clear stay sizes, times, numbers, names of consumers and keyed hashes of ids.
   *
   * @defaultValue nothing is encrypted
   */
  readonly encryption?: EncryptionOptions
  /**
   * Makes bodies smaller. `auto` takes zstd where Node.js has it (22.15 and newer) and brotli elsewhere. What was stored otherwise is read all the
   * same. A body that would not become smaller is stored as it is.
   *
   * @defaultValue `'none'`
   */
  readonly compression?: 'none' | 'auto' | 'zstd' | 'brotli'
  /**
   * Largest size of the segments together, in bytes; beyond it `append` rejects with `buffer_full` until a tenth of it is free again. At least
   * twice `segmentBytes` lets intake and deletion overlap. 64 KiB and up.
   *
   * @defaultValue `Infinity`: only the disk is the limit
   */
  readonly maxBytes?: number
  /**
   * Space on the disk that is left to others, in bytes; below it `append` rejects with `buffer_full` until there is a quarter more. Draining and
   * acks go on. 0: only a disk that is really full refuses.
   *
   * @defaultValue 512 MiB, or 5 % of the volume where that is less
   */
  readonly minFreeBytes?: number
  /**
   * What of the events that every consumer is through with is kept, for replay. Whole segments are deleted, so somewhat more is kept.
   * Without a consumer nothing is deleted.
   */
  readonly retention?: Retention
  /**
   * What opening does about damage. `resync` goes on behind it and reports exactly what is lost. `strict` refuses to open and leaves everything as it
   * is, for who wants to look first. What a crash leaves is no damage. `salvage` gets out what can be read: it reads the whole log, puts damaged headers
   * back where checksums prove what they were, keeps records that may never have been acknowledged, and finds consumers whose checkpoint is gone. It is for a
   * directory that is damaged badly, before `resync` has opened it; opening takes as long as reading everything.
   *
   * @defaultValue `'resync'`
   */
  readonly recovery?: RecoveryMode
  /**
   * Takes a directory on a network file system, which is refused otherwise: there locks may be granted twice, and a sync may mean nothing.
   *
   * @defaultValue `false`
   */
  readonly allowNetworkFileSystem?: boolean
  /** Where files are. For tests. @defaultValue `nodeFileSystem()` */
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
  readonly random?: Random
}

/** What is kept of events that every consumer is through with. */
export interface Retention {
  /**
   * How long they are kept, in ms after they were stored.
   *
   * @defaultValue `0`: they are deleted at once
   */
  readonly minAgeMs?: number
  /**
   * How much of them is kept at most, in bytes; the oldest go first, before their time.
   *
   * @defaultValue `Infinity`
   */
  readonly maxBytes?: number
}
