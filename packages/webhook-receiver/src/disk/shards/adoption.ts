import type { Clock } from '@holdfast/core'
import { BufferError } from '../../buffer/buffer-error.ts'
import type { EventBuffer, OpenReport } from '../../buffer/event-buffer.ts'
import { openIfPresent, readFully } from '../file-io.ts'
import type { FileSystem } from '../file-system.ts'
import { Shard } from './shard.ts'
import { decodeMeta, META_MAGIC } from '../meta-codec.ts'
import { payloadIn, SLOT_BYTES } from '../two-slot-file.ts'
import { findShards, shardName } from './shard-names.ts'

/** Processes that start together take a shard each before anybody looks for more. */
const SETTLING_MS = 3_000
/** Size of META. */
const META_BYTES = 2 * SLOT_BYTES

export interface AdoptionOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  /** A buffer for the shard of a number, not open. */
  readonly make: (index: number) => EventBuffer
  /** Registers the consumers of this process with a shard. */
  readonly register: (shard: Shard) => Promise<void>
  /** Called with what opening a shard found. */
  readonly onAdopted: (shard: Shard, report: OpenReport) => void
}

/**
 * Takes over shards whose process has ended, one with each look, for as long as they have something to deliver. The lock of a shard
 * is free as soon as its process is gone, however it ended.
 */
export class Adoption {
  readonly #options: AdoptionOptions
  readonly #openedAtMs: number
  readonly #adopted: Map<number, Shard> = new Map()
  /** Epoch of a shard that was found to be empty, while it was held. Whoever opens it raises that, so as long as it is the same nobody has put anything into it. */
  readonly #emptySince: Map<number, number> = new Map()
  /** Counts how often consumers came: a shard that was found to be empty before that may have something for the new one. */
  #registrations = 0
  /** What has been said of shards that cannot be opened. */
  readonly #told: Map<number, string> = new Map()
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

  /** What was empty may have something for a consumer that has come since. */
  lookAgain(): void {
    this.#registrations++
    this.#emptySince.clear()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#looking?.catch(() => undefined)
    const closings = this.shards.map(({ buffer }) => buffer.close())
    this.#adopted.clear()
    await Promise.all(closings)
  }

  async #look(ownIndex: number): Promise<void> {
    let problem: Error | undefined
    for (const shard of this.shards) await this.#giveBackIfEmpty(shard)
    const { fileSystem, directory } = this.#options
    for (const index of await findShards(fileSystem, directory).catch(() => [])) {
      if (this.#isClosed) return
      if (index === ownIndex || this.#adopted.has(index)) continue
      try {
        if (await this.#take(index)) break
      } catch (error) {
        // It must not keep others from being taken over; it is told once they were looked at.
        problem ??= this.#newProblem(index, error)
      }
    }
    if (problem !== undefined) throw problem
  }

  async #take(index: number): Promise<boolean> {
    const known = this.#emptySince.get(index)
    if (known !== undefined && known === (await this.#epochOf(index))) return false
    const shard = new Shard(index, this.#options.make(index))
    let report: OpenReport
    try {
      report = await shard.buffer.open()
    } catch (error) {
      if (error instanceof BufferError && error.reason === 'buffer_locked') return false
      throw error
    }
    this.#adopted.set(index, shard)
    this.#options.onAdopted(shard, report)
    try {
      // Only then is it known what they have not had of it.
      await this.#options.register(shard)
    } catch (error) {
      this.#adopted.delete(index)
      await unlock(shard)
      throw error
    }
    this.#told.delete(index)
    return !(await this.#giveBackIfEmpty(shard))
  }

  async #giveBackIfEmpty(shard: Shard): Promise<boolean> {
    const before = this.#registrations
    if (!(await shard.release())) return false
    const { index } = shard
    this.#adopted.delete(index)
    // As long as it is locked: from then on it may be somebody else's.
    const epoch = await this.#epochOf(index)
    if (epoch !== undefined && before === this.#registrations) this.#emptySince.set(index, epoch)
    await unlock(shard)
    return true
  }

  /** The same problem is told once: it is looked at again every few seconds. */
  #newProblem(index: number, error: unknown): Error | undefined {
    const text = String(error)
    if (this.#told.get(index) === text) return undefined
    this.#told.set(index, text)
    return error instanceof Error ? error : new Error(text)
  }

  async #epochOf(index: number): Promise<number | undefined> {
    const { fileSystem, directory } = this.#options
    try {
      const file = await openIfPresent(fileSystem, `${directory}/${shardName(index)}/META`, 'read')
      if (file === undefined) return undefined
      try {
        const bytes = Buffer.alloc(META_BYTES)
        await readFully(file, bytes, 0)
        const payload = payloadIn(bytes, META_MAGIC)
        return payload && decodeMeta(payload).epoch
      } finally {
        await file.close()
      }
    } catch {
      return undefined
    }
  }
}

/** Closes a shard. Its lock is free even if something else could not be closed. */
async function unlock({ buffer }: Shard): Promise<void> {
  await buffer.close().catch(() => undefined)
}
