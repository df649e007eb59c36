import { resolve } from 'node:path'
import { BufferError } from '../buffer/buffer-error.ts'
import { createLifetime } from '../buffer-kit/lifetime.ts'
import type {
  AppendResult,
  BufferCaps,
  BufferDurability,
  BufferStats,
  Consumer,
  EventBuffer,
  LogEntry,
  NewEvent,
  OpenReport,
  Position,
} from '../buffer/event-buffer.ts'
import { refuseDatabase } from './directory-kind.ts'
import type { DiskBufferOptions, DiskDurability } from './disk-buffer-options.ts'
import { type DiskStore, openDiskStore } from './disk-store.ts'
import { withPulse } from './pulse.ts'
import { findShards, shardsAmong } from './shards/shard-names.ts'
import { ShardedBuffer } from './shards/sharded-buffer.ts'
import { type ResolvedDiskBufferOptions, resolveDiskBufferOptions } from './resolve-disk-buffer-options.ts'
import { unusableDirectory } from './unusable-directory.ts'

/**
 * An `EventBuffer` in a directory: an append-only log with group commit, of one partition, for one process at a time; with `shards: 'auto'`, a
 * directory that several processes share, each with a log of its own.
 * `append` resolves after the event was synced to the disk, unless `durability` says otherwise; opening recovers from any crash and says exactly what is lost.
 *
 * @throws InvalidOptionsError when an option is wrong. Nothing is touched on disk before `open`.
 */
export function diskBuffer(options: DiskBufferOptions): EventBuffer {
  return diskBufferOf(resolveDiskBufferOptions(options))
}

/** The buffer of options that are complete. */
export function diskBufferOf(options: ResolvedDiskBufferOptions): EventBuffer {
  return options.shards === undefined ? new DiskBuffer(options) : new ShardedBuffer(options, makeShard, false)
}

/** The buffer in a directory, with all the shards that are there, for one process at a time. For tools. */
export async function wholeDirectory(options: DiskBufferOptions): Promise<EventBuffer> {
  const resolved = resolveDiskBufferOptions(options)
  const shards = await findShards(resolved.fileSystem, resolve(resolved.directory))
  return shards.length === 0 ? new DiskBuffer(resolved) : new ShardedBuffer(resolved, makeShard, true)
}

function makeShard(options: ResolvedDiskBufferOptions): EventBuffer {
  return new DiskBuffer(options)
}

/** What callers may rely on. */
const CAPS_OF = { fsync: 'fsync', interval: 'os', memory: 'memory' } as const satisfies Record<
  DiskDurability,
  BufferDurability
>

class DiskBuffer implements EventBuffer {
  readonly caps: BufferCaps
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  readonly #lifetime = createLifetime()
  /** While it is open. */
  #opened: DiskStore | undefined

  constructor(options: ResolvedDiskBufferOptions) {
    this.#options = options
    this.#directory = resolve(options.directory)
    this.caps = Object.freeze({
      durability: CAPS_OF[options.durability],
      partitions: 1,
      multiProcess: false,
      maxEventBytes: options.maxEventBytes,
      dedupeWindowMs: options.dedupeWindowMs,
      transactionalAck: false,
    })
  }

  open(): Promise<OpenReport> {
    return this.#lifetime.open(() =>
      this.#withPulse(async () => {
        await this.#refuseOthers()
        const { store, report } = await openDiskStore(this.#options, this.#directory)
        this.#opened = store
        return report
      }),
    )
  }

  // Not async: one promise less for every event.
  append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    return this.#opened === undefined ? Promise.reject(closedError()) : this.#opened.intake.append(events)
  }

  async openConsumer(name: string, options: { readonly from?: 'earliest' | 'latest' } = {}): Promise<Consumer> {
    const { log, consumers } = this.#store()
    return consumers.open(name, options.from ?? 'earliest', log)
  }

  async removeConsumer(name: string): Promise<void> {
    await this.#store().consumers.remove(name)
  }

  async read(
    partition: number,
    after: Position | null,
    { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
  ): Promise<LogEntry[]> {
    const { history } = this.#store()
    return history.read(partition, after, limit, maxBytes)
  }

  async positionBefore(partition: number, at: number): Promise<Position | null> {
    return this.#store().history.positionBefore(partition, at)
  }

  async stats(): Promise<BufferStats> {
    const { log, consumers } = this.#store()
    const held = [...(await consumers.lowWaters())].map(([name, lowWater]) => [name, log.bytesBehind(lowWater)])
    return {
      events: log.count,
      bytes: log.bytes,
      lost: log.lost,
      consumers: await consumers.stats(),
      heldBytes: Object.fromEntries(held) as Record<string, number>,
    }
  }

  close(): Promise<void> {
    return this.#lifetime.close(() => {
      const store = this.#store()
      this.#opened = undefined
      return this.#withPulse(() => store.close())
    })
  }

  #withPulse<Result>(work: () => Promise<Result>): Promise<Result> {
    return withPulse({ ...this.#options, directory: this.#directory }, work)
  }

  /** What is in them would never be delivered. */
  async #refuseOthers(): Promise<void> {
    const names = await this.#options.fileSystem.list(this.#directory).catch((error: unknown) => {
      throw unusableDirectory(this.#directory, error)
    })
    refuseDatabase(this.#directory, names)
    if (shardsAmong(names).length === 0) return
    throw new BufferError(
      'buffer_unusable',
      `${this.#directory} has shards. Open it with \`shards: 'auto'\`, or use another directory.`,
    )
  }

  #store(): DiskStore {
    if (this.#opened === undefined) throw closedError()
    return this.#opened
  }
}

function closedError(): BufferError {
  return new BufferError('buffer_closed', 'The buffer is not open.')
}
