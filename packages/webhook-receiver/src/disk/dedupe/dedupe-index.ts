import type { Clock, Random } from '@holdfast/core'
import { isNoSpace } from '../file-io.ts'
import type { FileSystem } from '../file-system.ts'
import type { SeqRange } from '../seq.ts'
import { type Fingerprint, fingerprintOf } from './fingerprint.ts'
import type { StoredId } from './id-entry.ts'
import { IdRuns } from './id-runs.ts'
import { tableSource } from './id-source.ts'
import { IdTable } from './id-table.ts'

/** Ids in memory at which they are written to a run. */
const MAX_TABLE_IDS = 131_072
/** Closing leaves fewer ids than this to the log. */
const LEAST_IDS_AT_END = 1_024
/** Ids that may wait to be written, some 50 MB; then no events are taken until some are. */
const MAX_FROZEN_IDS = 8 * MAX_TABLE_IDS
/** Tables in which they may be: an id is looked for in each. */
const MAX_FROZEN_TABLES = 64

export interface DedupeIndexOptions {
  readonly fileSystem: FileSystem
  /** Of the runs. */
  readonly directory: string
  readonly windowMs: number
  readonly clock: Clock
  readonly random: Random
  /** Whether an event is known to be lost; its id is then taken again. */
  readonly isLost: (seq: number) => boolean
}

/** Ids that are being written to a run. */
interface Frozen {
  readonly table: IdTable
  readonly range: SeqRange
}

/**
 * The ids of the dedupe window. The newest are in memory, and in the log: the id is part of its event's record, so that storing and remembering
 * are one write. When a segment ends or there are many, they are written to a run, which stays for the length of the window whether the
 * segment is deleted or not. Runs can be rebuilt from the log as long as it has the records; a segment is deleted only after that.
 *
 * Memory does not grow with the length of ids, and by nine to 13 bits for each of them in runs.
 */
export class DedupeIndex {
  readonly #options: DedupeIndexOptions
  readonly #runs: IdRuns
  #table: IdTable = new IdTable()
  /** First record whose id goes into `#table`. */
  #tableFrom = 1
  /** Last record whose id is known. */
  #latestSeq = 0
  /** Records whose ids no run had at opening. */
  #missing: readonly SeqRange[] = []
  /** Oldest first. */
  #frozen: readonly Frozen[] = []
  /** Writing runs, one after the other. */
  #work: Promise<void> = Promise.resolve()
  #isOutOfSpace = false
  /** Whether the last run could not be written. */
  #isFailing = false
  /** Merging runs, in the background: what waits to be written goes first. */
  #merging: Promise<void> | undefined
  readonly #closing: AbortController = new AbortController()

  private constructor(options: DedupeIndexOptions, runs: IdRuns) {
    this.#options = options
    this.#runs = runs
  }

  static async open(options: DedupeIndexOptions): Promise<DedupeIndex> {
    const { random } = options
    const runs = await IdRuns.open(options, () => random.uuid().replaceAll('-', ''))
    const index = new DedupeIndex(options, runs)
    await runs.removeExpired(index.#since)
    index.#tableFrom = runs.highestSeq + 1
    index.#missing = runs.uncovered({ from: 1, to: Infinity })
    return index
  }

  /** Highest sequence number that a run proves to have been durable. */
  get provenSeq(): number {
    return this.#runs.highestSeq
  }

  /** Bytes of the runs on disk. */
  get bytes(): number {
    return this.#runs.bytes
  }

  /** The fingerprint of an identity, for the other methods. */
  fingerprintOf(identity: string): Fingerprint {
    return fingerprintOf(this.#runs.key, identity)
  }

  /**
   * Looks up the event with an id: nothing at once when the id is surely new, the sequence number at once when the event is recent,
   * otherwise a promise of one or the other.
   */
  find(fingerprint: Fingerprint, now: number): number | Promise<number | undefined> | undefined {
    const recent = this.#table.find(fingerprint)
    if (recent !== undefined && this.#counts(recent, now)) return recent.seq
    for (let index = this.#frozen.length - 1; index >= 0; index--) {
      const stored = this.#frozen[index]?.table.find(fingerprint)
      if (stored !== undefined && this.#counts(stored, now)) return stored.seq
    }
    return this.#runs.find(fingerprint, (stored) => this.#counts(stored, now))?.then((stored) => stored?.seq)
  }

  /** Whether an event with the id is within the window and not lost. */
  #counts({ seq, at }: StoredId, now: number): boolean {
    return now - at <= this.#options.windowMs && !this.#options.isLost(seq)
  }

  /** Remembers an event that has become durable. Called in the order of the log. */
  remember(fingerprint: Fingerprint, seq: number, at: number): void {
    this.#table.add(fingerprint, { seq, at })
    this.#latestSeq = seq
    if (this.#table.size >= MAX_TABLE_IDS) this.endRange(seq)
  }

  /** Begins a run with everything up to this record that is in none. */
  endRange(seq: number): void {
    if (seq < this.#tableFrom) return
    this.#freeze(this.#table, { from: this.#tableFrom, to: seq })
    this.#table = new IdTable()
    this.#tableFrom = seq + 1
  }

  /** Whether these records may be deleted: their ids are in runs, or nobody asks for them any more. */
  canDelete(range: SeqRange, lastAt: number): boolean {
    // Without space no run can be written, and only deletion makes space. Until there is some, a crash would forget these ids.
    return this.#isExpired(lastAt) || this.#isOutOfSpace || this.#runs.uncovered(range).length === 0
  }

  /** Whether the ids of these records have to be read from the log. */
  needsScan(range: SeqRange, lastAt: number): boolean {
    return !this.#isExpired(lastAt) && this.#runs.uncovered(range).length > 0
  }

  /** Whether the id of this record was in no run at opening. */
  isMissing(seq: number): boolean {
    return this.#missing.some(({ from, to }) => from <= seq && seq <= to)
  }

  /** Takes in an id that opening read from the log, until `endScan`. */
  restore(fingerprint: Fingerprint, seq: number, at: number): void {
    if (!this.#isExpired(at)) this.#table.add(fingerprint, { seq, at })
  }

  /** Records from this one on turned out to be an unfinished write. */
  dropFrom(seq: number): void {
    this.#table.dropFrom(seq)
  }

  /**
   * A segment was read by opening. What of its ids is in no run becomes one; those of the segment that appends go on in stay in memory.
   */
  async endScan(range: SeqRange, isActive: boolean): Promise<void> {
    const scanned = this.#table
    this.#table = new IdTable()
    this.#latestSeq = Math.max(this.#latestSeq, range.to)
    this.#tableFrom = Math.max(this.#tableFrom, range.to + 1)
    for (const piece of this.#runs.uncovered(isActive ? { from: range.from, to: Infinity } : range)) {
      const table = scanned.between(piece)
      if (piece.to === Infinity) {
        this.#table = table
        this.#tableFrom = piece.from
      } else this.#freeze(table, piece)
    }
    await this.#work
  }

  /**
   * Whether so many ids wait to be written that no more may come: those that are forgotten could be stored twice. Where none can be written at all
   * they are forgotten in the end, rather than that nothing is taken any more.
   */
  get isBehind(): boolean {
    return !this.#isFailing && (this.#frozenIds >= MAX_FROZEN_IDS || this.#frozen.length >= MAX_FROZEN_TABLES)
  }

  /** Retries what failed, and deletes what has left the window. */
  tidy(): void {
    this.#enqueue()
  }

  /** Waits until what was begun is written, and so many ids that the next opening would take long to read them from the log. */
  async close(): Promise<void> {
    this.#closing.abort()
    if (this.#table.size >= LEAST_IDS_AT_END) this.endRange(this.#latestSeq)
    await this.#work
    await this.#merging
    await this.#runs.close()
  }

  get #since(): number {
    return this.#options.clock.now() - this.#options.windowMs
  }

  #isExpired(at: number): boolean {
    return at < this.#since
  }

  #freeze(table: IdTable, range: SeqRange): void {
    this.#frozen = [...this.#frozen, { table, range }]
    // While no run can be written memory stays bounded: the oldest ids are known again after the next opening, which reads them from the log.
    // While they are written, only too slowly, no more come than wait for the log already.
    while (this.#isFailing && (this.#frozenIds > MAX_FROZEN_IDS || this.#frozen.length > MAX_FROZEN_TABLES))
      this.#frozen = this.#frozen.slice(1)
    this.#enqueue()
  }

  get #frozenIds(): number {
    return this.#frozen.reduce((sum, { table }) => sum + table.size, 0)
  }

  #enqueue(): void {
    this.#work = this.#work.then(() => this.#writeRuns()).catch(() => undefined)
  }

  async #writeRuns(): Promise<void> {
    try {
      for (let next = this.#frozen[0]; next !== undefined; next = this.#frozen[0]) {
        const { table, range } = next
        await this.#runs.add(tableSource(table, range), this.#since)
        this.#frozen = this.#frozen.filter((frozen) => frozen.table !== table)
      }
      this.#isOutOfSpace = false
      this.#isFailing = false
    } catch (error) {
      this.#isFailing = true
      // The ids stay in memory; the next range or the next tidying tries again.
      this.#isOutOfSpace = isNoSpace(error)
      return
    }
    await this.#runs.removeExpired(this.#since)
    this.#merging ??= this.#merge().finally(() => {
      this.#merging = undefined
    })
  }

  async #merge(): Promise<void> {
    try {
      while (await this.#runs.mergeSome(this.#since, this.#closing.signal)) continue
    } catch {
      // The next run tries again.
    }
  }
}
