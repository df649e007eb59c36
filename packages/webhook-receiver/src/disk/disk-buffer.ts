import { resolve } from 'node:path'
import { BufferError } from '../buffer/buffer-error.ts'
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
import type { DiskBufferOptions, DiskDurability } from './disk-buffer-options.ts'
import { type DiskStore, openDiskStore } from './disk-store.ts'
import { startPulse } from './pulse.ts'
import { findShards } from './shards/shard-names.ts'
import { ShardedBuffer } from './shards/sharded-buffer.ts'
import { type ResolvedDiskBufferOptions, resolveDiskBufferOptions } from './resolve-disk-buffer-options.ts'

/**
 * An `EventBuffer` in a directory: an append-only log with group commit, of one partition, for one process at a time; with `shards: 'auto'`, a
 * directory that several processes share, each with a log of its own.
 * `append` resolves after the event was synced to the disk, unless `durability` says otherwise; opening recovers from any crash and says exactly what is lost.
 *
 * @throws InvalidOptionsError when an option is wrong. Nothing is touched on disk before `open`.
 */
export function diskBuffer(options: DiskBufferOptions): EventBuffer {
  const resolved = resolveDiskBufferOptions(options)
  return resolved.shards === undefined ? new DiskBuffer(resolved) : new ShardedBuffer(resolved, makeShard, false)
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

/**
 * - `closed`: nothing is held. Leads to `opening`.
 * - `opening`: the lock is being taken and the log recovered. Leads to `open`, or back to `closed` when that fails.
 * - `open`: leads to `closing`.
 * - `closing`: what was accepted is being finished. Leads to `closed`.
 */
type BufferState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly settled: Promise<unknown> }
  | { readonly kind: 'open'; readonly store: DiskStore; readonly endPulse: () => void }
  | { readonly kind: 'closing'; readonly settled: Promise<void> }

/** What callers may rely on. */
const CAPS_OF = { fsync: 'fsync', interval: 'os', memory: 'memory' } as const satisfies Record<
  DiskDurability,
  BufferDurability
>

class DiskBuffer implements EventBuffer {
  readonly caps: BufferCaps
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  #state: BufferState = { kind: 'closed' }

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

  async open(): Promise<OpenReport> {
    if (this.#state.kind === 'closing') await this.#state.settled
    if (this.#state.kind !== 'closed') throw new BufferError('buffer_locked', 'The buffer is open already.')
    const endPulse = startPulse({ ...this.#options, directory: this.#directory })
    const opening = this.#refuseShards().then(() => openDiskStore(this.#options, this.#directory))
    this.#state = { kind: 'opening', settled: opening.catch(() => undefined) }
    try {
      const { store, report } = await opening
      this.#state = { kind: 'open', store, endPulse }
      return report
    } catch (error) {
      endPulse()
      this.#state = { kind: 'closed' }
      throw error
    }
  }

  // Not async: one promise less for every event.
  append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    return this.#state.kind === 'open' ? this.#state.store.intake.append(events) : Promise.reject(closedError())
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

  async close(): Promise<void> {
    if (this.#state.kind === 'opening') {
      await this.#state.settled
      return this.close()
    }
    if (this.#state.kind === 'closing') return this.#state.settled
    if (this.#state.kind === 'closed') return
    const { store, endPulse } = this.#state
    const settled = store.close().finally(() => {
      endPulse()
      this.#state = { kind: 'closed' }
    })
    this.#state = { kind: 'closing', settled }
    return settled
  }

  /** What is in them would never be delivered. */
  async #refuseShards(): Promise<void> {
    const shards = await findShards(this.#options.fileSystem, this.#directory).catch(() => [])
    if (shards.length === 0) return
    throw new BufferError(
      'buffer_unusable',
      `${this.#directory} has shards. Open it with \`shards: 'auto'\`, or use another directory.`,
    )
  }

  #store(): DiskStore {
    if (this.#state.kind !== 'open') throw closedError()
    return this.#state.store
  }
}

function closedError(): BufferError {
  return new BufferError('buffer_closed', 'The buffer is not open.')
}
