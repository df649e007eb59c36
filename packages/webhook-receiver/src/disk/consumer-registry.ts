import { InvalidOptionsError } from '@holdfast/core'
import type { ConsumerStats } from '../buffer/event-buffer.ts'
import { consumerFileName, consumerOfFileName } from './consumer-file-name.ts'
import { CursorFile } from './cursor-file.ts'
import { DeadLetterLog } from './dead-letter-log.ts'
import type { ResolvedDiskBufferOptions } from './disk-buffer-options.ts'
import { DiskConsumer } from './disk-consumer.ts'
import type { Log } from './log.ts'
import { recordTypes } from './record-codec.ts'
import { randomSalt } from './segment-format.ts'
import type { SeqRange } from './seq.ts'

/** What a consumer has on disk. */
interface ConsumerFiles {
  readonly cursor: CursorFile
  readonly deadLetters: DeadLetterLog
}

/** The consumers of a buffer, each with its cursor and its dead letters. */
export class ConsumerRegistry {
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  /** By name, from `load` to `attach`: they are read before the log, because they prove how far it was durable. */
  readonly #loaded: Map<string, ConsumerFiles> = new Map()
  readonly #consumers: Map<string, Promise<DiskConsumer>> = new Map()
  /** Set by `attach`. */
  #log: Log | undefined
  /** Consumers are registered and removed one after the other: they may have the same files. */
  #changes: Promise<unknown> = Promise.resolve()

  constructor(options: ResolvedDiskBufferOptions, directory: string) {
    this.#options = options
    this.#directory = directory
  }

  /** Reads the cursors and dead letters of all registered consumers. */
  async load(): Promise<void> {
    const { fileSystem } = this.#options
    await fileSystem.makeDirectory(this.#cursorDirectory)
    for (const name of await fileSystem.list(this.#cursorDirectory)) {
      if (!name.endsWith('.cur')) continue
      const fileName = name.slice(0, -'.cur'.length)
      const consumer = consumerOfFileName(fileName)
      if (consumer !== undefined) this.#loaded.set(consumer, await this.#openFiles(fileName, 0))
    }
  }

  /** Highest sequence number that a consumer has seen. Consumers see only what is durable. */
  get provenSeq(): number {
    return [...this.#loaded.values()].reduce(
      (highest, { cursor, deadLetters }) => Math.max(highest, cursor.state.highest, deadLetters.highestSeq),
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

  /** Finds a consumer or registers it, durably. */
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

  /** Forgets a consumer with its cursor and its dead letters. */
  async remove(name: string): Promise<void> {
    const fileName = consumerFileName(name)
    const consumer = this.#consumers.get(name)
    if (fileName === undefined || consumer === undefined) return
    this.#consumers.delete(name)
    await this.#inTurn(async () => {
      await (await consumer.catch(() => undefined))?.close()
      const { fileSystem } = this.#options
      // The checkpoint goes first: without it the consumer is unknown, and the rest is only waste.
      await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.cur`)
      await fileSystem.syncDirectory(this.#cursorDirectory)
      await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.ack`)
      await this.#removeDeadLetters(fileName)
    })
  }

  async stats(): Promise<ConsumerStats[]> {
    const consumers = await Promise.all(this.#consumers.values())
    return consumers.map((consumer) => consumer.stats)
  }

  async close(): Promise<void> {
    await this.#changes
    for (const consumer of this.#consumers.values()) await (await consumer.catch(() => undefined))?.close()
    for (const { cursor, deadLetters } of this.#loaded.values()) {
      await cursor.close()
      await deadLetters.close()
    }
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
    // Left over from a removal that was interrupted.
    await this.#removeDeadLetters(fileName)
    return this.#connect(name, log, await this.#openFiles(fileName, lowWater))
  }

  #connect(name: string, log: Log, { cursor, deadLetters }: ConsumerFiles): DiskConsumer {
    // A crash between the dead letter and its ack: the event is given up already.
    const { state } = cursor
    const missed = [...deadLetters.seqs].filter((seq) => seq > state.lowWater && !state.done.has(seq))
    state.apply({ lowWater: 0, done: missed, retry: [] }, log.holes)
    return new DiskConsumer(name, log, cursor, deadLetters, this.#options.clock)
  }

  async #openFiles(fileName: string, lowWater: number): Promise<ConsumerFiles> {
    const cursor = await this.#openCursor(fileName, lowWater)
    const { segmentBytes, segmentMaxAgeMs, maxBatchBytes, maxQueuedBytes, fileSystem, clock, random } = this.#options
    const deadLetters = new DeadLetterLog({
      segmentBytes,
      segmentMaxAgeMs,
      maxBatchBytes,
      maxQueuedBytes,
      fileSystem,
      clock,
      random,
      directory: this.#deadLetterDirectory(fileName),
      recordType: recordTypes.event,
    })
    try {
      await deadLetters.open()
      return { cursor, deadLetters }
    } catch (error) {
      await cursor.close().catch(() => undefined)
      throw error
    }
  }

  #openCursor(fileName: string, lowWater: number): Promise<CursorFile> {
    const { fileSystem, clock, random } = this.#options
    return CursorFile.open(
      {
        fileSystem,
        clock,
        directory: this.#cursorDirectory,
        path: `${this.#cursorDirectory}/${fileName}`,
        newSalt: () => randomSalt(random),
        holes: (): readonly SeqRange[] => this.#log?.holes ?? [],
      },
      lowWater,
    )
  }

  #deadLetterDirectory(fileName: string): string {
    return `${this.#directory}/dlq/${fileName}`
  }

  async #removeDeadLetters(fileName: string): Promise<void> {
    const { fileSystem } = this.#options
    const directory = this.#deadLetterDirectory(fileName)
    for (const part of [directory, `${directory}/seg`, `${directory}/quarantine`]) {
      const names = await fileSystem.list(part)
      if (names.length === 0) continue
      for (const name of names) {
        if (part !== directory || name === 'META') await fileSystem.remove(`${part}/${name}`)
      }
      // They would come back with a power cut, and mark events of the next consumer of this name as given up.
      await fileSystem.syncDirectory(part)
    }
  }
}
