import type { BodyCodec } from './body/body-codec.ts'
import { consumerOfFileName } from './consumer-file-name.ts'
import { CursorFile } from './cursor-file.ts'
import type { ConsumerFiles } from './disk-consumer.ts'
import { recordTypes } from './record-codec.ts'
import { strictRefusal } from './recovery-mode.ts'
import type { ResolvedDiskBufferOptions } from './resolve-disk-buffer-options.ts'
import { randomSalt } from './segment-format.ts'
import type { SeqRange } from './seq.ts'
import { Shelf } from './shelf.ts'

/** Directories of what is kept beside the log. */
const SHELVES = { parked: 'park', deadLetters: 'dlq' } as const

const LISTS = {
  parked: 'The list of what is done of the parked events',
  deadLetters: 'The list of what was taken back of the dead letters',
} as const
const EVERYTHING =
  'Unless its ack log, parked events or dead letters say otherwise, it gets every event again that is still stored.'
const EVERYTHING_ASIDE = 'Unless its log says otherwise, all that are still stored are there again.'

export interface ConsumerFolderOptions {
  readonly options: ResolvedDiskBufferOptions
  readonly directory: string
  readonly bodies: BodyCodec
  /** Holes of the log that are known by now. */
  readonly holes: () => readonly SeqRange[]
}

/** The files of all consumers: of each a cursor, parked events and dead letters, named after it. */
export class ConsumerFolder {
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  readonly #bodies: BodyCodec
  readonly #holes: () => readonly SeqRange[]
  readonly #lostCursors: string[] = []

  constructor({ options, directory, bodies, holes }: ConsumerFolderOptions) {
    this.#options = options
    this.#directory = directory
    this.#bodies = bodies
    this.#holes = holes
  }

  /** What opening found to be lost of where consumers are, for people. */
  get lostCursors(): readonly string[] {
    return this.#lostCursors
  }

  /** Makes the folder if it is missing, and finds the file names of the consumers that are there. */
  async find(): Promise<Set<string>> {
    await this.#options.fileSystem.makeDirectory(this.#cursorDirectory)
    return this.#fileNames()
  }

  /** Opens the files of a consumer that is there. What is lost of where it is goes into `lostCursors`, or is refused in `strict` mode. */
  open(fileName: string): Promise<ConsumerFiles> {
    const name = consumerOfFileName(fileName) ?? fileName
    return this.#openFiles(fileName, 0, this.#onLost('The cursor', name, EVERYTHING))
  }

  /** Makes the files of a consumer that is through with everything up to `lowWater`, durably. */
  async make(fileName: string, lowWater: number): Promise<ConsumerFiles> {
    // Left over from a removal that was interrupted.
    await this.#removeShelves(fileName)
    return this.#openFiles(fileName, lowWater)
  }

  /** Deletes the files of a consumer. */
  async remove(fileName: string): Promise<void> {
    const { fileSystem } = this.#options
    // The checkpoint goes first: without it the consumer is unknown, and the rest is only waste.
    await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.cur`)
    await fileSystem.syncDirectory(this.#cursorDirectory)
    await this.#removeShelves(fileName)
    await fileSystem.remove(`${this.#cursorDirectory}/${fileName}.ack`)
    // It would come back with a power cut, and be a consumer again for salvage.
    await fileSystem.syncDirectory(this.#cursorDirectory)
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
        holes: this.#holes,
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

  get #cursorDirectory(): string {
    return `${this.#directory}/cur`
  }

  #shelfDirectory(fileName: string, kind: keyof typeof SHELVES): string {
    return `${this.#directory}/${SHELVES[kind]}/${fileName}`
  }
}
