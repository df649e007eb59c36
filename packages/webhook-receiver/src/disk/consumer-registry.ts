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

/** The consumers of a buffer, each with its cursor and its dead letters. */
export class ConsumerRegistry {
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  readonly #cursors: Map<string, CursorFile> = new Map()
  readonly #consumers: Map<string, Promise<DiskConsumer>> = new Map()
  /** Set by `attach`. Cursors are read before the log, because they prove how far it was durable. */
  #log: Log | undefined

  constructor(options: ResolvedDiskBufferOptions, directory: string) {
    this.#options = options
    this.#directory = directory
  }

  /** Reads the cursors of all registered consumers. */
  async load(): Promise<void> {
    const { fileSystem } = this.#options
    await fileSystem.makeDirectory(this.#cursorDirectory)
    for (const name of await fileSystem.list(this.#cursorDirectory)) {
      if (!name.endsWith('.cur')) continue
      const fileName = name.slice(0, -'.cur'.length)
      this.#cursors.set(fileName, await this.#openCursor(fileName, 0))
    }
  }

  /** Highest sequence number that a consumer has seen. Consumers see only what is durable. */
  get provenSeq(): number {
    return Math.max(0, ...[...this.#cursors.values()].map((cursor) => cursor.state.highest))
  }

  /** Connects the consumers with the log. */
  async attach(log: Log): Promise<void> {
    this.#log = log
    for (const [fileName, cursor] of this.#cursors) {
      const name = consumerOfFileName(fileName)
      this.#consumers.set(name, Promise.resolve(await this.#connect(name, fileName, log, cursor)))
    }
  }

  /** Finds a consumer or registers it, durably. */
  open(name: string, from: 'earliest' | 'latest', log: Log): Promise<DiskConsumer> {
    const present = this.#consumers.get(name)
    if (present !== undefined) return present
    const fileName = consumerFileName(name)
    if (fileName === undefined)
      throw new InvalidOptionsError({
        path: 'name',
        expected: 'a non-empty string of at most 200 bytes',
        received: name,
      })
    const consumer = this.#register(name, fileName, from === 'latest' ? log.durableSeq : log.firstSeq - 1, log)
    this.#consumers.set(name, consumer)
    consumer.catch(() => this.#consumers.delete(name))
    return consumer
  }

  /** Forgets a consumer with its cursor and its dead letters. */
  async remove(name: string): Promise<void> {
    const fileName = consumerFileName(name)
    const consumer = this.#consumers.get(name)
    if (fileName === undefined || consumer === undefined) return
    this.#consumers.delete(name)
    await (await consumer).close()
    this.#cursors.delete(fileName)
    const { fileSystem } = this.#options
    // The checkpoint goes first: without it the consumer is unknown, and the rest is only waste.
    await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.cur`)
    await fileSystem.syncDirectory(this.#cursorDirectory)
    await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.ack`)
    await this.#removeDeadLetters(fileName)
  }

  async stats(): Promise<ConsumerStats[]> {
    const consumers = await Promise.all(this.#consumers.values())
    return consumers.map((consumer) => consumer.stats)
  }

  async close(): Promise<void> {
    for (const consumer of this.#consumers.values()) await (await consumer.catch(() => undefined))?.close()
    for (const cursor of this.#cursors.values()) await cursor.close()
  }

  get #cursorDirectory(): string {
    return `${this.#directory}/cur`
  }

  async #register(name: string, fileName: string, lowWater: number, log: Log): Promise<DiskConsumer> {
    // Left over from a removal that was interrupted.
    await this.#removeDeadLetters(fileName)
    const cursor = await this.#openCursor(fileName, lowWater)
    this.#cursors.set(fileName, cursor)
    return this.#connect(name, fileName, log, cursor)
  }

  async #connect(name: string, fileName: string, log: Log, cursor: CursorFile): Promise<DiskConsumer> {
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
    await deadLetters.open()
    // A crash between the dead letter and its ack: the event is given up already.
    const { state } = cursor
    const missed = [...deadLetters.seqs].filter((seq) => seq > state.lowWater && !state.done.has(seq))
    state.apply({ lowWater: 0, done: missed, retry: [] }, log.holes)
    return new DiskConsumer(name, log, cursor, deadLetters, clock)
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
      for (const name of await fileSystem.list(part)) {
        if (part !== directory || name === 'META') await fileSystem.remove(`${part}/${name}`)
      }
    }
  }
}
