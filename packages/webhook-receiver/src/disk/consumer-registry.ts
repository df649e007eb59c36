import { InvalidOptionsError } from '@holdfast/core'
import type { ConsumerStats } from '../buffer/event-buffer.ts'
import type { BodyCodec } from './body/body-codec.ts'
import { consumerFileName, consumerOfFileName } from './consumer-file-name.ts'
import { CursorFile } from './cursor-file.ts'
import type { ResolvedDiskBufferOptions } from './resolve-disk-buffer-options.ts'
import { type ConsumerFiles, DiskConsumer } from './disk-consumer.ts'
import type { Log } from './log.ts'
import { strictRefusal } from './recovery-mode.ts'
import { recordTypes } from './record-codec.ts'
import { randomSalt } from './segment-format.ts'
import type { SeqRange } from './seq.ts'
import { Shelf } from './shelf.ts'
import { writeRefusal } from './write-failure.ts'

/** Directories of what is kept beside the log. */
const SHELVES = { parked: 'park', deadLetters: 'dlq' } as const

const LISTS = {
  parked: 'The list of what is done of the parked events',
  deadLetters: 'The list of what was taken back of the dead letters',
} as const
const EVERYTHING =
  'Unless its ack log, parked events or dead letters say otherwise, it gets every event again that is still stored.'
const EVERYTHING_ASIDE = 'Unless its log says otherwise, all that are still stored are there again.'

/** The consumers of a buffer, each with its cursor, its parked events and its dead letters. */
export class ConsumerRegistry {
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  readonly #bodies: BodyCodec
  readonly #lostCursors: string[] = []
  /** By name, from `load` to `attach`: they are read before the log, because they prove how far it was durable. */
  readonly #loaded: Map<string, ConsumerFiles> = new Map()
  readonly #consumers: Map<string, Promise<DiskConsumer>> = new Map()
  /** Set by `attach`. */
  #log: Log | undefined
  /** Consumers are registered and removed one after the other: they may have the same files. */
  #changes: Promise<unknown> = Promise.resolve()

  constructor(options: ResolvedDiskBufferOptions, directory: string, bodies: BodyCodec) {
    this.#options = options
    this.#directory = directory
    this.#bodies = bodies
  }

  /** Reads the cursors, parked events and dead letters of all registered consumers. */
  async load(): Promise<void> {
    const { fileSystem } = this.#options
    await fileSystem.makeDirectory(this.#cursorDirectory)
    for (const fileName of await this.#fileNames()) {
      const consumer = consumerOfFileName(fileName)
      if (consumer === undefined) continue
      this.#loaded.set(consumer, await this.#openFiles(fileName, 0, this.#onLost('The cursor', consumer, EVERYTHING)))
    }
  }

  /** What loading found to be lost of where consumers are, for people. */
  get lostCursors(): readonly string[] {
    return this.#lostCursors
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
      await (await consumer?.catch(() => undefined))?.close()
      await this.#removeFiles(fileName).catch((error: unknown) => {
        throw writeRefusal(error, `The consumer ${name} cannot be removed.`)
      })
    })
  }

  /** Everything up to here is done by every consumer; 0 without consumers. */
  async lowWater(): Promise<number> {
    const all = await this.lowWaters()
    return all.size === 0 ? 0 : Math.min(...all.values())
  }

  /** Calls `use` with the low-water mark once it is durable. No consumer is registered or removed meanwhile. */
  withDurableLowWater(use: (lowWater: number) => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      const lowWater = await this.lowWater()
      for (const consumer of this.#consumers.values()) await (await consumer).sync()
      await use(lowWater)
    })
  }

  /** Gives the space back of what consumers had set aside. */
  tidy(): Promise<void> {
    return this.#inTurn(async () => {
      for (const consumer of this.#consumers.values()) await (await consumer).tidy()
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

  /**
   * A consumer has its checkpoint from its registration on, and loses it first when it is removed. For salvage anything that is left of one counts: better
   * that somebody removes a consumer once more than that what it had set aside goes with its checkpoint.
   */
  async #fileNames(): Promise<Set<string>> {
    const { fileSystem, recovery } = this.#options
    const cursors = await fileSystem.list(this.#cursorDirectory)
    const named = (ending: string): string[] =>
      cursors.flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []))
    const names = new Set(named('.cur'))
    if (recovery !== 'salvage') return names
    for (const name of named('.ack')) names.add(name)
    for (const shelf of Object.values(SHELVES)) {
      for (const name of await fileSystem.list(`${this.#directory}/${shelf}`))
        if ((await fileSystem.list(`${this.#directory}/${shelf}/${name}/seg`)).length > 0) names.add(name)
    }
    return names
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#changes.then(work)
    this.#changes = turn.catch(() => undefined)
    return turn
  }

  get #cursorDirectory(): string {
    return `${this.#directory}/cur`
  }

  async #register(name: string, fileName: string, lowWater: number, log: Log): Promise<DiskConsumer> {
    try {
      // Left over from a removal that was interrupted.
      await this.#removeShelves(fileName)
      const files = await this.#openFiles(fileName, Math.max(lowWater, log.firstSeq - 1))
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
    return new DiskConsumer(name, log, files, this.#options.clock)
  }

  async #openFiles(fileName: string, lowWater: number, onLost?: () => void): Promise<ConsumerFiles> {
    const cursor = await this.#openCursor(fileName, lowWater, onLost)
    const parked = this.#shelf(fileName, 'parked')
    const deadLetters = this.#shelf(fileName, 'deadLetters')
    try {
      await parked.load()
      await deadLetters.load()
      return { cursor, parked, deadLetters }
    } catch (error) {
      await cursor.close().catch(() => undefined)
      await parked.close().catch(() => undefined)
      throw error
    }
  }

  #shelf(fileName: string, kind: keyof typeof SHELVES): Shelf {
    const { segmentBytes, segmentMaxAgeMs, maxBatchBytes, maxQueuedBytes, recovery, fileSystem, clock, random } =
      this.#options
    return new Shelf({
      onLost: this.#onLost(LISTS[kind], consumerOfFileName(fileName) ?? fileName, EVERYTHING_ASIDE),
      recovery,
      segmentBytes,
      segmentMaxAgeMs,
      maxBatchBytes,
      maxQueuedBytes,
      fileSystem,
      clock,
      random,
      bodies: this.#bodies,
      directory: this.#shelfDirectory(fileName, kind),
      recordType: kind === 'parked' ? recordTypes.park : recordTypes.letter,
    })
  }

  #openCursor(fileName: string, lowWater: number, onLost: (() => void) | undefined): Promise<CursorFile> {
    const { fileSystem, clock, random } = this.#options
    return CursorFile.open(
      {
        fileSystem,
        clock,
        directory: this.#cursorDirectory,
        path: `${this.#cursorDirectory}/${fileName}`,
        newSalt: () => randomSalt(random),
        holes: (): readonly SeqRange[] => this.#log?.holes ?? [],
        // Only a consumer that is loaded can have lost its checkpoint; one that is registered has none yet.
        ...(onLost === undefined ? {} : { onLost, keepsAcks: true }),
      },
      lowWater,
    )
  }

  /** Notes that a cursor is lost, or refuses it in `strict` mode. */
  #onLost(what: string, consumer: string, consequence: string): () => void {
    return () => {
      if (this.#options.recovery === 'strict') throw strictRefusal(`${what.toLowerCase()} of ${consumer} is lost`)
      this.#lostCursors.push(`${what} of ${consumer} is lost. ${consequence}`)
    }
  }

  #shelfDirectory(fileName: string, kind: keyof typeof SHELVES): string {
    return `${this.#directory}/${SHELVES[kind]}/${fileName}`
  }

  async #removeFiles(fileName: string): Promise<void> {
    const { fileSystem } = this.#options
    // The checkpoint goes first: without it the consumer is unknown, and the rest is only waste.
    await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.cur`)
    await fileSystem.syncDirectory(this.#cursorDirectory)
    await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.ack`)
    await this.#removeShelves(fileName)
  }

  async #removeShelves(fileName: string): Promise<void> {
    await this.#removeShelf(this.#shelfDirectory(fileName, 'parked'))
    await this.#removeShelf(this.#shelfDirectory(fileName, 'deadLetters'))
  }

  async #removeShelf(directory: string): Promise<void> {
    const { fileSystem } = this.#options
    const folders = ['seg', 'quarantine']
    for (const part of [directory, ...folders.map((folder) => `${directory}/${folder}`)]) {
      const names = (await fileSystem.list(part)).filter((name) => part !== directory || !folders.includes(name))
      if (names.length === 0) continue
      for (const name of names) await fileSystem.remove(`${part}/${name}`)
      // They would come back with a power cut, and take events of the next consumer of this name out of the log.
      await fileSystem.syncDirectory(part)
    }
  }
}
