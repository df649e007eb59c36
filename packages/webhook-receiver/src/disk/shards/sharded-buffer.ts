import { InvalidOptionsError } from '@holdfast/core'
import { resolve } from 'node:path'
import { BufferError } from '../../buffer/buffer-error.ts'
import { createLifetime } from '../../buffer-kit/lifetime.ts'
import type {
  AppendResult,
  BufferCaps,
  BufferStats,
  Consumer,
  EventBuffer,
  LogEntry,
  NewEvent,
  OpenReport,
  Position,
} from '../../buffer/event-buffer.ts'
import type { ResolvedDiskBufferOptions } from '../resolve-disk-buffer-options.ts'
import { hasLog, refuseDatabase } from '../directory-kind.ts'
import { unusableDirectory } from '../unusable-directory.ts'
import { Adoption } from './adoption.ts'
import { entryIn, holeIn } from './partition-of-shard.ts'
import { Shard } from './shard.ts'
import { findShards, MAX_SHARDS, shardName } from './shard-names.ts'
import { ShardedConsumer } from './sharded-consumer.ts'
import { sumOf } from './sum-of-stats.ts'

/** Makes the buffer of one shard. */
export type MakeShard = (options: ResolvedDiskBufferOptions) => EventBuffer

interface OpenShards {
  /** The one that events go into. */
  readonly own: Shard
  /** Others that are held from opening to closing. */
  readonly others: readonly Shard[]
  /** Absent where all are held from the beginning. */
  readonly adoption: Adoption | undefined
}

/**
 * A directory that several processes of one machine share: each has a shard for itself, a whole disk buffer, and puts its events there. Which one is
 * decided by the shards' locks: the first that is free.
 */
export class ShardedBuffer implements EventBuffer {
  readonly caps: BufferCaps
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  readonly #make: MakeShard
  readonly #holdsAll: boolean
  /** Consumers that were registered, for shards that come later. */
  readonly #from: Map<string, 'earliest' | 'latest'> = new Map()
  readonly #listeners: Set<(report: OpenReport) => void> = new Set()
  readonly #lifetime = createLifetime()
  /** While it is open. */
  #opened: OpenShards | undefined
  #partitions = 1

  /** `holdsAll`: takes every shard that is there, for tools. */
  constructor(options: ResolvedDiskBufferOptions, make: MakeShard, holdsAll: boolean) {
    this.#options = options
    this.#directory = resolve(options.directory)
    this.#make = make
    this.#holdsAll = holdsAll
    const partitions = (): number => this.#partitions
    this.caps = Object.freeze({
      ...make(options).caps,
      get partitions() {
        return partitions()
      },
      adopts: !holdsAll,
    })
  }

  open(): Promise<OpenReport> {
    return this.#lifetime.open(() => (this.#holdsAll ? this.#openAll() : this.#openFirstFree()))
  }

  async append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    const { own } = this.#shards()
    const results = await own.buffer.append(events)
    return own.index === 0 ? results : results.map((result) => ({ ...result, partition: own.index }))
  }

  async openConsumer(name: string, options: { readonly from?: 'earliest' | 'latest' } = {}): Promise<Consumer> {
    const from = options.from ?? 'earliest'
    for (const shard of this.#held()) await shard.consumer(name, from)
    if (!this.#from.has(name)) this.#shards().adoption?.lookAgain()
    this.#from.set(name, this.#from.get(name) ?? from)
    return new ShardedConsumer(name, from, {
      held: () => this.#held(),
      adopt: () => this.#adopt(),
    })
  }

  async removeConsumer(name: string): Promise<void> {
    for (const shard of this.#held()) await shard.removeConsumer(name)
    this.#from.delete(name)
  }

  async read(
    partition: number,
    after: Position | null,
    options: { readonly limit: number; readonly maxBytes: number },
  ): Promise<LogEntry[]> {
    const entries = await this.#shardOf(partition)?.buffer.read(0, after, options)
    return entries?.map((entry) => entryIn(partition, entry)) ?? []
  }

  async positionBefore(partition: number, at: number): Promise<Position | null> {
    return (await this.#shardOf(partition)?.buffer.positionBefore(0, at)) ?? null
  }

  onAdopted(listener: (report: OpenReport) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async stats(): Promise<BufferStats> {
    return sumOf(await Promise.all(this.#held().map(({ buffer }) => buffer.stats())))
  }

  close(): Promise<void> {
    return this.#lifetime.close(async () => {
      const opened = this.#shards()
      this.#opened = undefined
      await closeAll(opened).finally(() => this.#from.clear())
    })
  }

  async #openFirstFree(): Promise<OpenReport> {
    const { fileSystem, clock } = this.#options
    await this.#refuseOthers()
    for (let index = 0; index < MAX_SHARDS; index++) {
      const own = this.#shard(index)
      try {
        const report = await own.buffer.open()
        const directory = this.#directory
        const make = (other: number): EventBuffer => this.#shard(other).buffer
        const register = (shard: Shard): Promise<void> => this.#register(shard)
        this.#partitions = index + 1
        const onAdopted = (shard: Shard, found: OpenReport): void => {
          for (const listener of this.#listeners) listener(reportOf(shard, found))
        }
        const adoption = new Adoption({ fileSystem, directory, clock, make, register, onAdopted })
        this.#opened = { own, others: [], adoption }
        return reportOf(own, report)
      } catch (error) {
        if (!(error instanceof BufferError) || error.reason !== 'buffer_locked') throw error
      }
    }
    throw new BufferError('buffer_locked', `All ${MAX_SHARDS} shards of ${this.#directory} are in use.`)
  }

  async #openAll(): Promise<OpenReport> {
    const found = await findShards(this.#options.fileSystem, this.#directory)
    // A number that is missing in between is made, so that every partition can be had.
    const shards = Array.from({ length: 1 + (found.at(-1) ?? 0) }, (_, index) => this.#shard(index))
    const reports: OpenReport[] = []
    try {
      for (const shard of shards) reports.push(reportOf(shard, await shard.buffer.open()))
    } catch (error) {
      await Promise.allSettled(shards.map(({ buffer }) => buffer.close()))
      throw error
    }
    const [own, ...others] = shards
    if (own === undefined) throw new Error('There is always a first shard.')
    this.#partitions = shards.length
    this.#opened = { own, others, adoption: undefined }
    return joined(reports)
  }

  /** Events of another kind of buffer would never be delivered. */
  async #refuseOthers(): Promise<void> {
    const { fileSystem } = this.#options
    const names = await fileSystem.list(this.#directory).catch((error: unknown) => {
      throw unusableDirectory(this.#directory, error)
    })
    refuseDatabase(this.#directory, names)
    if (!hasLog(names)) return
    throw new BufferError(
      'buffer_unusable',
      `${this.#directory} has a buffer without shards. Use another directory, and bring over what is not delivered with \`holdfast move\`.`,
    )
  }

  async #adopt(): Promise<void> {
    const { own, adoption } = this.#shards()
    await adoption?.look(own.index)
  }

  async #register(shard: Shard): Promise<void> {
    for (const [name, from] of this.#from) await shard.consumer(name, from)
    this.#partitions = Math.max(this.#partitions, shard.index + 1)
  }

  #shard(index: number): Shard {
    return new Shard(index, this.#make({ ...this.#options, directory: `${this.#directory}/${shardName(index)}` }))
  }

  #held(): readonly Shard[] {
    const { own, others, adoption } = this.#shards()
    return [own, ...others, ...(adoption?.shards ?? [])]
  }

  #shards(): OpenShards {
    if (this.#opened === undefined) throw new BufferError('buffer_closed', 'The buffer is not open.')
    return this.#opened
  }

  #shardOf(partition: number): Shard | undefined {
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.#partitions)
      throw new InvalidOptionsError({
        path: 'partition',
        expected: `a partition from 0 to ${this.#partitions - 1}`,
        received: partition,
      })
    return this.#held().find(({ index }) => index === partition)
  }
}

function reportOf({ index }: Shard, report: OpenReport): OpenReport {
  return { ...report, holes: report.holes.map((hole) => holeIn(index, hole)) }
}

function joined(reports: readonly OpenReport[]): OpenReport {
  const sum = (value: (report: OpenReport) => number): number =>
    reports.reduce((total, report) => total + value(report), 0)
  return {
    durationMs: sum(({ durationMs }) => durationMs),
    scannedBytes: sum(({ scannedBytes }) => scannedBytes),
    tornBytes: sum(({ tornBytes }) => tornBytes),
    holes: reports.flatMap(({ holes }) => holes),
    lostAside: sum(({ lostAside }) => lostAside),
    warnings: reports.flatMap(({ warnings = [] }) => warnings),
    ...(reports.some(({ salvaged }) => salvaged !== undefined) ? { salvaged: sum((it) => it.salvaged ?? 0) } : {}),
  }
}

async function closeAll({ own, others, adoption }: OpenShards): Promise<void> {
  const closings = [own, ...others].map(({ buffer }) => buffer.close())
  if (adoption !== undefined) closings.push(adoption.close())
  await Promise.allSettled(closings)
  await Promise.all(closings)
}
