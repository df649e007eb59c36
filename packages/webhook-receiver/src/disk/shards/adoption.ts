import type { Clock } from '@holdfast/core'
import { BufferError } from '../../buffer/buffer-error.ts'
import type { EventBuffer } from '../../buffer/event-buffer.ts'
import { openIfPresent, readFully } from '../file-io.ts'
import type { FileSystem } from '../file-system.ts'
import { Shard } from './shard.ts'
import { findShards, shardName } from './shard-names.ts'

/** Processes that start together take a shard each before anybody looks for more. */
const SETTLING_MS = 3_000
const MAX_OWNER_BYTES = 4096

export interface AdoptionOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  /** A buffer for the shard of a number, not open. */
  readonly make: (index: number) => EventBuffer
  /** Registers the consumers of this process with a shard. */
  readonly register: (shard: Shard) => Promise<void>
}

/**
 * Takes over shards whose process has ended, one with each look, for as long as they have something to deliver. The lock of a shard
 * is free as soon as its process is gone, however it ended.
 */
export class Adoption {
  readonly #options: AdoptionOptions
  readonly #openedAtMs: number
  readonly #adopted: Map<number, Shard> = new Map()
  /** Who had opened a shard last when it was found to be empty: nobody has put anything into it since. */
  readonly #emptySince: Map<number, string> = new Map()
  #looking: Promise<void> | undefined
  #isClosed = false

  constructor(options: AdoptionOptions) {
    this.#options = options
    this.#openedAtMs = options.clock.monotonicMs()
  }

  get shards(): readonly Shard[] {
    return [...this.#adopted.values()]
  }

  /** Gives back what is empty, and takes one shard that is free and is not. */
  look(ownIndex: number): Promise<void> {
    if (this.#isClosed || this.#options.clock.monotonicMs() - this.#openedAtMs < SETTLING_MS) return Promise.resolve()
    this.#looking ??= this.#look(ownIndex).finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#looking?.catch(() => undefined)
    const closings = this.shards.map(({ buffer }) => buffer.close())
    this.#adopted.clear()
    await Promise.all(closings)
  }

  async #look(ownIndex: number): Promise<void> {
    for (const shard of this.shards) await this.#giveBackIfEmpty(shard)
    const { fileSystem, directory } = this.#options
    for (const index of await findShards(fileSystem, directory)) {
      if (this.#isClosed) return
      if (index === ownIndex || this.#adopted.has(index)) continue
      if (await this.#take(index)) return
    }
  }

  async #take(index: number): Promise<boolean> {
    const known = this.#emptySince.get(index)
    if (known !== undefined && known === (await this.#ownerOf(index))) return false
    const shard = new Shard(index, this.#options.make(index))
    try {
      await shard.buffer.open()
    } catch (error) {
      // One that cannot be opened must not keep others from being taken over. Its own process, or somebody with `holdfast`, hears why.
      if (error instanceof BufferError) return false
      throw error
    }
    this.#adopted.set(index, shard)
    // Only then is it known what they have not had of it.
    await this.#options.register(shard)
    return !(await this.#giveBackIfEmpty(shard))
  }

  async #giveBackIfEmpty(shard: Shard): Promise<boolean> {
    const owner = await this.#ownerOf(shard.index)
    if (!(await shard.release())) return false
    this.#adopted.delete(shard.index)
    this.#emptySince.set(shard.index, owner)
    return true
  }

  async #ownerOf(index: number): Promise<string> {
    const { fileSystem, directory } = this.#options
    const file = await openIfPresent(fileSystem, `${directory}/${shardName(index)}/OWNER.json`, 'read')
    if (file === undefined) return ''
    try {
      const bytes = Buffer.alloc(MAX_OWNER_BYTES)
      return bytes.toString('utf8', 0, await readFully(file, bytes, 0))
    } finally {
      await file.close()
    }
  }
}
