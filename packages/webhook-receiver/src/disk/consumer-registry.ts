import { type Clock, InvalidOptionsError } from '@holdfast/core'
import type { ConsumerStats } from '../buffer/event-buffer.ts'
import type { BodyCodec } from './body/body-codec.ts'
import { consumerFileName, consumerOfFileName } from './consumer-file-name.ts'
import { ConsumerFolder } from './consumer-folder.ts'
import type { ResolvedDiskBufferOptions } from './resolve-disk-buffer-options.ts'
import { type ConsumerFiles, DiskConsumer } from './disk-consumer.ts'
import type { Log } from './log.ts'
import { writeRefusal } from './write-failure.ts'

/** The consumers of a buffer, each with its cursor, its parked events and its dead letters. */
export class ConsumerRegistry {
  readonly #clock: Clock
  readonly #folder: ConsumerFolder
  /** By name, from `load` to `attach`: they are read before the log, because they prove how far it was durable. */
  readonly #loaded: Map<string, ConsumerFiles> = new Map()
  readonly #consumers: Map<string, Promise<DiskConsumer>> = new Map()
  /** Those that are registered. In its turn nobody may wait for one that is to be registered in a later turn. */
  readonly #registered: Map<string, DiskConsumer> = new Map()
  /** Set by `attach`. */
  #log: Log | undefined
  /** Consumers are registered and removed one after the other: they may have the same files. */
  #changes: Promise<unknown> = Promise.resolve()

  constructor(options: ResolvedDiskBufferOptions, directory: string, bodies: BodyCodec) {
    this.#clock = options.clock
    this.#folder = new ConsumerFolder({ options, directory, bodies, holes: () => this.#log?.holes ?? [] })
  }

  /** Reads the cursors, parked events and dead letters of all registered consumers. */
  async load(): Promise<void> {
    for (const fileName of await this.#folder.find()) {
      const consumer = consumerOfFileName(fileName)
      if (consumer !== undefined) this.#loaded.set(consumer, await this.#folder.open(fileName))
    }
  }

  /** What loading found to be lost of where consumers are, for people. */
  get lostCursors(): readonly string[] {
    return this.#folder.lostCursors
  }

  /** Highest low-water mark. */
  get passedSeq(): number {
    return Math.max(0, ...[...this.#loaded.values()].map(({ cursor }) => cursor.state.lowWater))
  }

  /** Parked events and dead letters that salvage made readable. */
  get salvagedAside(): number {
    return [...this.#loaded.values()].reduce(
      (count, { parked, deadLetters }) => count + parked.salvaged + deadLetters.salvaged,
      0,
    )
  }

  /** Highest sequence number that a consumer has seen. Consumers see only what is durable. */
  get provenSeq(): number {
    return [...this.#loaded.values()].reduce(
      (highest, { cursor, parked, deadLetters }) =>
        Math.max(highest, cursor.state.highest, parked.highestSeq, deadLetters.highestSeq),
      0,
    )
  }

  /** Parked events and dead letters that loading found to be lost. */
  get lostAside(): number {
    return [...this.#loaded.values()].reduce(
      (lost, { parked, deadLetters }) => lost + parked.lost + deadLetters.lost,
      0,
    )
  }

  /** Connects the consumers with the log. */
  attach(log: Log): void {
    this.#log = log
    for (const [name, files] of this.#loaded)
      this.#consumers.set(name, Promise.resolve(this.#connect(name, log, files)))
    this.#loaded.clear()
  }

  /**
   * Finds a consumer or registers it, durably.
   *
   * @throws BufferError `buffer_full` or `buffer_failed`; it is not registered then.
   */
  open(name: string, from: 'earliest' | 'latest', log: Log): Promise<DiskConsumer> {
    const present = this.#consumers.get(name)
    if (present !== undefined) return present
    const fileName = consumerFileName(name)
    if (fileName === undefined)
      throw new InvalidOptionsError({
        path: 'name',
        expected: 'a non-empty, well-formed string of at most 200 bytes',
        received: name,
      })
    const lowWater = from === 'latest' ? log.durableSeq : log.firstSeq - 1
    const consumer = this.#inTurn(() => this.#register(name, fileName, lowWater, log))
    this.#consumers.set(name, consumer)
    consumer.catch(() => {
      if (this.#consumers.get(name) === consumer) this.#consumers.delete(name)
    })
    return consumer
  }

  /**
   * Forgets a consumer with everything it has on disk.
   *
   * @throws BufferError `buffer_failed`; what is left of it goes when it is removed again.
   */
  async remove(name: string): Promise<void> {
    const fileName = consumerFileName(name)
    if (fileName === undefined) return
    const consumer = this.#consumers.get(name)
    this.#consumers.delete(name)
    await this.#inTurn(async () => {
      const registered = await consumer?.catch(() => undefined)
      this.#registered.delete(name)
      await registered?.close()
      await this.#folder.remove(fileName).catch((error: unknown) => {
        throw writeRefusal(error, `The consumer ${name} cannot be removed.`)
      })
    })
  }

  /** Everything up to here is done by every consumer; 0 without consumers. */
  async lowWater(): Promise<number> {
    return lowestOf([...(await this.lowWaters()).values()])
  }

  /** Calls `use` with the low-water mark once it is durable. No consumer is registered or removed meanwhile. */
  withDurableLowWater(use: (lowWater: number) => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const consumers = [...this.#registered.values()]
      const lowWater = lowestOf(consumers.map((consumer) => consumer.lowWater))
      for (const consumer of consumers) await consumer.sync()
      await use(lowWater)
    })
  }

  /** Gives the space back of what consumers had set aside. */
  tidy(): Promise<void> {
    return this.#inTurn(async () => {
      for (const consumer of this.#registered.values()) await consumer.tidy()
    })
  }

  async stats(): Promise<ConsumerStats[]> {
    const consumers = await Promise.all(this.#consumers.values())
    return consumers.map((consumer) => consumer.stats)
  }

  /** The low-water mark of each consumer. */
  async lowWaters(): Promise<Map<string, number>> {
    const consumers = await Promise.all(this.#consumers.values())
    return new Map(consumers.map((consumer) => [consumer.name, consumer.lowWater]))
  }

  async close(): Promise<void> {
    await this.#changes
    for (const consumer of this.#consumers.values()) await (await consumer.catch(() => undefined))?.close()
    for (const { cursor, parked, deadLetters } of this.#loaded.values()) {
      await cursor.close()
      await parked.close()
      await deadLetters.close()
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#changes.then(work)
    this.#changes = turn.catch(() => undefined)
    return turn
  }

  async #register(name: string, fileName: string, lowWater: number, log: Log): Promise<DiskConsumer> {
    try {
      const files = await this.#folder.make(fileName, Math.max(lowWater, log.firstSeq - 1))
      return this.#connect(name, log, files)
    } catch (error) {
      throw writeRefusal(error, `The consumer ${name} cannot be registered.`)
    }
  }

  #connect(name: string, log: Log, files: ConsumerFiles): DiskConsumer {
    // A crash after the event was set aside and before that was noted in the cursor: it is not in the log any more.
    const { state } = files.cursor
    const aside = [...files.parked.index.entries(), ...files.deadLetters.index.entries()]
    const missed = aside.flatMap(({ seq }) => (state.isDone(seq) ? [] : [seq]))
    // A damaged cursor may be set back behind what was deleted.
    state.apply({ lowWater: log.firstSeq - 1, done: missed, retry: [] }, log.holes)
    const consumer = new DiskConsumer(name, log, files, this.#clock)
    this.#registered.set(name, consumer)
    return consumer
  }
}

/** Everything up to here is done by all; 0 where there is nobody. */
function lowestOf(lowWaters: readonly number[]): number {
  return lowWaters.length === 0 ? 0 : Math.min(...lowWaters)
}
