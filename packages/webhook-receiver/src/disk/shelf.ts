import type { StoredEvent } from '../buffer/event-buffer.ts'
import { plainBodies } from './body/body-codec.ts'
import { CursorFile } from './cursor-file.ts'
import type { FileSystem } from './file-system.ts'
import { Log, type LogOptions } from './log.ts'
import { refuseToRead } from './log-entry.ts'
import type { LogReader } from './log-reader.ts'
import { randomSalt } from './segment-format.ts'
import { decodeShelved, encodeShelved, type ShelfNote, type ShelfRecord, summaryOf } from './shelf-codec.ts'
import { type Shelved, ShelfIndex } from './shelf-index.ts'
import { writeRefusal } from './write-failure.ts'

const LIST_RECORDS = 64
const LIST_BYTES = 1024 * 1024
/** A shelf on which nothing is left keeps so much. */
const KEPT_BYTES = 4096

export interface ShelfOptions
  extends Pick<
    LogOptions,
    | 'directory'
    | 'segmentBytes'
    | 'segmentMaxAgeMs'
    | 'maxBatchBytes'
    | 'maxQueuedBytes'
    | 'recordType'
    | 'bodies'
    | 'recovery'
    | 'clock'
    | 'random'
  > {
  readonly fileSystem: FileSystem
  /** Called, before anything is written, when it is lost what of the log is gone. */
  readonly onLost: () => void
}

/** An event to be put on a shelf. */
export interface ShelfEntry {
  readonly seq: number
  readonly event: StoredEvent
  readonly note: ShelfNote
}

/** What was read of an event. `record` is absent when it is lost. */
export interface ShelfReading {
  readonly seq: number
  readonly entry: Shelved
  readonly record: ShelfRecord | undefined
}

interface OpenShelf {
  readonly log: Log
  /** What of the log is gone, and the attempts of the rest, by the log's own sequence numbers. */
  readonly gone: CursorFile
  readonly reader: LogReader
}

/**
 * Events of one consumer that are kept beside the buffer's log: parked ones, or dead letters. A log like the buffer's own, made with the first
 * event, and a cursor that says which of its records are gone.
 */
export class Shelf {
  readonly #options: ShelfOptions
  #index: ShelfIndex = new ShelfIndex()
  /** Records of events that were replaced, of which it is not noted yet that they are gone: with the last record gone, they would count again. */
  readonly #replaced: Set<number> = new Set()
  #lost = 0
  #salvaged = 0
  #open: Promise<OpenShelf> | undefined
  /** Reads run one after the other. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(options: ShelfOptions) {
    this.#options = options
  }

  /** What is on it. */
  get index(): Pick<ShelfIndex, 'size' | 'get' | 'entries' | 'lanes' | 'firstOf' | 'allOf'> {
    return this.#index
  }

  /** Highest original sequence number; 0 for none. */
  get highestSeq(): number {
    let highest = 0
    for (const { seq } of this.#index.entries()) highest = Math.max(highest, seq)
    return highest
  }

  /** Events that opening found to be lost. */
  get lost(): number {
    return this.#lost
  }

  /** Records that opening made readable. */
  get salvaged(): number {
    return this.#salvaged
  }

  /** Reads what is there already. */
  async load(): Promise<void> {
    if (await this.#isThere()) await this.#openOnce()
  }

  /** Stores events durably. One that is there already is replaced. */
  async put(entries: readonly ShelfEntry[]): Promise<void> {
    if (entries.length === 0) return
    const { log, gone } = await this.#opened()
    const { bodies = plainBodies } = this.#options
    const records = entries.map(async ({ event, seq, note }) => bodies.compress(encodeShelved(event, seq, note)))
    const first = await log.append(await Promise.all(records))
    for (const [index, { seq, event, note }] of entries.entries())
      this.#put(this.#index, shelvedOf(seq, first + index, event.body.length, note))
    if (this.#replaced.size > 0) await this.#noteGone(gone, [])
  }

  /** Takes events off. Resolves when that is written; with `synced`, when it is on the disk. */
  async remove(seqs: readonly number[], options: { readonly synced?: boolean } = {}): Promise<void> {
    const done = seqs.flatMap((seq) => this.#index.get(seq)?.at ?? [])
    if (done.length === 0) return
    const { gone } = await this.#opened()
    await this.#noteGone(gone, done)
    for (const seq of seqs) this.#index.remove(seq)
    if (options.synced) await gone.sync()
  }

  /** Notes attempts. The event is not blocked any more. */
  async retry(
    states: readonly { readonly seq: number; readonly attempts: number; readonly nextAt: number }[],
  ): Promise<void> {
    const known = states.flatMap(({ seq, attempts, nextAt }) => {
      const entry = this.#index.get(seq)
      return entry === undefined ? [] : [{ ...entry, attempts, nextAt, blocked: undefined }]
    })
    if (known.length === 0) return
    const { gone } = await this.#opened()
    const retry = known.map(({ at, attempts, nextAt }) => ({ seq: at, attempts, nextAt }))
    await gone.commit({ lowWater: 0, done: [], retry })
    for (const entry of known) if (this.#index.get(entry.seq)?.at === entry.at) this.#index.put(entry)
  }

  /**
   * Reads events, in the given order, at most up to the one that reaches `maxBytes`, and at least one. For one that is lost it
   * gives nothing but its sequence number, once: it is not on the shelf any more then.
   */
  read(entries: readonly Shelved[], maxBytes: number): Promise<ShelfReading[]> {
    const reading = this.#reading.then(() => this.#readAll(entries, maxBytes))
    this.#reading = reading.catch(() => undefined)
    return reading
  }

  /** All that is there, oldest record first. */
  async *list(): AsyncGenerator<ShelfRecord> {
    if (this.#open === undefined) return
    const reader = (await this.#open).log.reader()
    try {
      let after = 0
      for (;;) {
        const items = await reader.read(after, LIST_RECORDS, LIST_BYTES).catch(refuseToRead)
        if (items.length === 0) return
        for (const item of items) {
          after = item.kind === 'record' ? item.seq : item.hole.to
          if (item.kind !== 'record') continue
          if (this.#index.get(summaryOf(item.body).seq)?.at === item.seq) yield decodeShelved(item.body)
        }
      }
    } finally {
      await reader.close()
    }
  }

  /** Gives the space of what is gone back, by whole segments. */
  async tidy(): Promise<void> {
    const open = await this.#open?.catch(() => undefined)
    if (open === undefined) return
    const { log, gone } = open
    gone.state.advance(log.holes)
    const { lowWater } = gone.state
    // A shelf on which nothing is left would keep its last segment for ever.
    if (lowWater === log.durableSeq && log.bytes > KEPT_BYTES) await log.roll()
    if ((log.segments[0]?.lastSeq ?? Infinity) > lowWater) return
    // What proves that they are gone comes first.
    await gone.sync()
    await log.release(lowWater)
  }

  async close(): Promise<void> {
    const open = await this.#open?.catch(() => undefined)
    if (open === undefined) return
    await this.#reading
    await open.reader.close().catch(() => undefined)
    await open.gone.close()
    await open.log.close()
  }

  #put(index: ShelfIndex, entry: Shelved): void {
    const previous = index.put(entry)
    if (previous !== undefined) this.#replaced.add(previous.at)
  }

  /** Notes that records are gone, and those that were replaced. */
  async #noteGone(gone: CursorFile, records: readonly number[]): Promise<void> {
    const replaced = [...this.#replaced]
    await gone.commit({ lowWater: 0, done: [...records, ...replaced], retry: [] })
    for (const at of replaced) this.#replaced.delete(at)
  }

  async #readAll(entries: readonly Shelved[], maxBytes: number): Promise<ShelfReading[]> {
    const readings: ShelfReading[] = []
    const { reader } = await this.#opened()
    let bytes = 0
    for (const entry of entries) {
      bytes += entry.bodyBytes
      if (bytes > maxBytes && readings.length > 0) break
      const [item] = await reader.read(entry.at - 1, 1, Infinity).catch(refuseToRead)
      if (item?.kind === 'record' && item.seq === entry.at)
        readings.push({ seq: entry.seq, entry, record: decodeShelved(item.body) })
      else {
        await this.remove([entry.seq])
        readings.push({ seq: entry.seq, entry, record: undefined })
      }
    }
    return readings
  }

  /** Whether it was made before: its cursor comes first, then its log. */
  async #isThere(): Promise<boolean> {
    const { fileSystem, directory } = this.#options
    if ((await fileSystem.list(directory)).includes('META')) return true
    return (await fileSystem.list(`${directory}/seg`)).length > 0
  }

  /** The shelf, made if there is none. What fails is told as of the log. */
  #opened(): Promise<OpenShelf> {
    return this.#openOnce().catch((error: unknown) => {
      throw writeRefusal(error, 'The log of what is set aside cannot be opened.')
    })
  }

  async #openOnce(): Promise<OpenShelf> {
    this.#open ??= this.#openFiles()
    try {
      return await this.#open
    } catch (error) {
      // The next one tries again.
      this.#open = undefined
      throw error
    }
  }

  async #openFiles(): Promise<OpenShelf> {
    const { fileSystem, directory, clock, random, onLost } = this.#options
    const isThere = await this.#isThere()
    await fileSystem.makeDirectory(directory)
    let log: Log | undefined
    const gone = await CursorFile.open(
      {
        fileSystem,
        directory,
        clock,
        path: `${directory}/gone`,
        newSalt: () => randomSalt(random),
        holes: () => log?.holes ?? [],
        ...(isThere ? { onLost, keepsAcks: true } : {}),
      },
      0,
    )
    try {
      const index = new ShelfIndex()
      log = await this.#openLog(gone, index)
      this.#index = index
      return { log, gone, reader: log.reader() }
    } catch (error) {
      await gone.close().catch(() => undefined)
      throw error
    }
  }

  async #openLog(gone: CursorFile, index: ShelfIndex): Promise<Log> {
    const dropped: number[] = []
    const found = new Map<number, Shelved>()
    const { log, report } = await Log.open({
      ...this.#options,
      provenSeq: gone.state.highest,
      passedSeq: gone.state.lowWater,
      needsScan: ({ lastSeq }) => lastSeq > gone.state.lowWater,
      visit: (at, _time, _metaBytes, record) => {
        const { seq, note, bodyBytes } = summaryOf(record)
        const retry = gone.state.retries.get(at)
        const entry = shelvedOf(seq, at, bodyBytes, note)
        if (!gone.state.isDone(at))
          found.set(at, retry === undefined ? entry : { ...entry, ...retry, blocked: undefined })
      },
      onDropped: (fromSeq) => dropped.push(fromSeq),
    })
    this.#salvaged = report.salvaged
    for (const { from, to } of report.newHoles)
      for (let at = from; at <= to; at++) if (!gone.state.isDone(at)) this.#lost++
    // A damaged cursor may be set back behind what was deleted.
    gone.state.apply({ lowWater: log.firstSeq - 1, done: [], retry: [] }, log.holes)
    const firstDropped = Math.min(Infinity, ...dropped)
    // A crash may have left an older record of an event that was replaced; the last one counts.
    for (const [at, entry] of found) if (at < firstDropped) this.#put(index, entry)
    return log
  }
}

function shelvedOf(seq: number, at: number, bodyBytes: number, note: ShelfNote): Shelved {
  const { lane, attempts = 0, nextAt = 0, blocked } = note
  return { seq, at, lane, bodyBytes, attempts, nextAt, blocked }
}
