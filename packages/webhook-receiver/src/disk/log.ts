import type { Clock, Random } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import { type BodyCodec, plainBodies } from './body/body-codec.ts'
import { bytesOf, type CommitGroup, type CommittedBatch } from './commit-queue.ts'
import { DurableHint } from './durable-hint.ts'
import type { FileSystem } from './file-system.ts'
import { LogReader } from './log-reader.ts'
import { LogWriter } from './log-writer.ts'
import type { RecordInput } from './record-input.ts'
import { decodeMeta, encodeMeta, META_MAGIC, type Meta, withFirstSeq, withHoles } from './meta-codec.ts'
import { openingMeta } from './opening-meta.ts'
import { type RecoveryMode, strictRefusal } from './recovery-mode.ts'
import { type Recovered, recoverSegments } from './recovery.ts'
import type { Segment } from './segment.ts'
import { randomSalt } from './segment-format.ts'
import type { RecordVisitor } from './segment-scanner.ts'
import { countOf, type SeqRange, subtractRanges } from './seq.ts'
import { TwoSlotFile } from './two-slot-file.ts'

export interface LogOptions {
  readonly fileSystem: FileSystem
  /** Holds `META`, `seg/` and `quarantine/`. */
  readonly directory: string
  readonly segmentBytes: number
  readonly segmentMaxAgeMs: number
  readonly maxBatchBytes: number
  readonly maxQueuedBytes: number
  /** See `LogWriterOptions`. Each batch is synced by itself without it. */
  readonly syncIntervalMs?: number | undefined
  /** Zeros that are written ahead, in bytes. None without it. */
  readonly preallocateBytes?: number
  readonly recordType: number
  /** Makes bodies smaller and unreadable for others; they are stored as they come without it. */
  readonly bodies?: BodyCodec
  /** A sequence number that is known from elsewhere to have been durable. */
  readonly provenSeq: number
  readonly recovery?: RecoveryMode
  /** What every consumer may have passed already, holes included. Salvage brings no known hole back below it. */
  readonly passedSeq?: number
  /** Whether a sealed segment is to be read at opening, for `visit`. Without it none is; the newest is read always. */
  readonly needsScan?: (segment: Segment) => boolean
  readonly visit?: RecordVisitor
  readonly onDropped?: (fromSeq: number) => void
  /** Awaited after a segment was read at opening. */
  readonly onScanned?: (scanned: SeqRange, isActive: boolean) => Promise<void>
  /** Called when a segment is full or old, with its last record. */
  readonly onSegmentEnded?: (lastSeq: number) => void
  /** Called for a hole that is found while reading. */
  readonly onHole?: (hole: SeqRange) => void
  readonly clock: Clock
  readonly random: Random
  /** See `LogWriterOptions`. Never at work without it. */
  readonly utilization?: () => number
}

/** What opening a log found. */
export interface LogReport {
  readonly scannedBytes: number
  readonly tornBytes: number
  /** Holes that were not known before. */
  readonly newHoles: readonly SeqRange[]
  /** Number of records that `salvage` made readable. */
  readonly salvaged: number
  /** Segments were there, and nothing readable that says what they are. */
  readonly isMetaLost: boolean
}

/** An append-only log in segment files, with its recovery. */
export class Log {
  readonly segments: Segment[]
  readonly #options: LogOptions
  readonly #metaFile: TwoSlotFile
  readonly #writer: LogWriter
  readonly #hint: DurableHint
  #waiters: Set<(batch?: CommittedBatch) => void> = new Set()
  readonly #onRelease: Set<() => void> = new Set()
  /** Files of released segments that are still there. */
  #released: string[] = []
  #meta: Meta
  #durableSeq: number
  #syncedSeq: number

  private constructor(options: LogOptions, metaFile: TwoSlotFile, meta: Meta, recovered: Recovered) {
    this.#options = options
    this.#metaFile = metaFile
    this.#meta = meta
    this.segments = recovered.segments
    this.#durableSeq = recovered.durableSeq
    this.#syncedSeq = recovered.durableSeq
    this.#hint = new DurableHint(options.clock, () => this.#saveMeta())
    this.#writer = new LogWriter(
      {
        ...options,
        syncIntervalMs: options.syncIntervalMs,
        preallocateBytes: options.preallocateBytes ?? 0,
        bodies: options.bodies ?? plainBodies,
        utilization: options.utilization ?? (() => 0),
        segmentDirectory: segmentDirectoryOf(options.directory),
        epoch: meta.epoch,
        newSalt: () => randomSalt(options.random),
        onSegmentCreated: async (segment, header) => {
          this.#meta = { ...this.#meta, activeHeader: header }
          await this.#saveMeta()
          this.segments.push(segment)
        },
        onSegmentDropped: (segment) => {
          const index = this.segments.indexOf(segment)
          if (index !== -1) this.segments.splice(index, 1)
        },
        onCommitted: (batch) => {
          this.#durableSeq = batch.lastSeq
          this.#wake(batch)
        },
        onSegmentEnded: options.onSegmentEnded ?? (() => undefined),
        onSynced: (lastSeq) => {
          this.#syncedSeq = lastSeq
          this.#hint.changed()
        },
      },
      recovered,
    )
  }

  /** Opens a log, or begins one. Damage is reported, not thrown. */
  static async open(options: LogOptions): Promise<{ readonly log: Log; readonly report: LogReport }> {
    const { fileSystem, directory } = options
    const segmentDirectory = segmentDirectoryOf(directory)
    await fileSystem.makeDirectory(directory)
    await fileSystem.makeDirectory(segmentDirectory)
    const { file, content } = await TwoSlotFile.open(fileSystem, `${directory}/META`, META_MAGIC)
    try {
      if (content.kind === 'newer')
        throw new BufferError(
          'buffer_unusable',
          `${directory} has format ${content.formatVersion}, written by a later version of Holdfast.`,
        )
      const known = content.kind === 'payload' ? decodeMeta(content.payload) : undefined
      const recovery = options.recovery ?? 'resync'
      const isMetaLost = known === undefined && (await fileSystem.list(segmentDirectory)).length > 0
      if (recovery === 'strict' && isMetaLost) throw strictRefusal('META is lost')
      const recovered = await recoverSegments({
        ...options,
        recovery,
        bodies: options.bodies ?? plainBodies,
        needsScan: options.needsScan ?? (() => false),
        segmentDirectory,
        quarantineDirectory: `${directory}/quarantine`,
        passedSeq: options.passedSeq ?? 0,
        meta: known,
      })
      const segmentNames = await fileSystem.list(segmentDirectory)
      const { meta, newHoles } = openingMeta({ known, recovered, segmentNames, random: options.random })
      await file.write(encodeMeta(meta), 2)
      await fileSystem.syncDirectory(segmentDirectory)
      await fileSystem.syncDirectory(directory)
      const report = {
        scannedBytes: recovered.scannedBytes,
        tornBytes: recovered.tornBytes,
        newHoles,
        salvaged: recovered.mended.length,
        isMetaLost,
      }
      return { log: new Log(options, file, meta, recovered), report }
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  get epoch(): number {
    return this.#meta.epoch
  }

  /** Everything up to here is acknowledged, and as durable as the log makes it. */
  get durableSeq(): number {
    return this.#durableSeq
  }

  /** First sequence number that has not been deleted on purpose. */
  get firstSeq(): number {
    return this.#meta.firstSeq
  }

  /** Known holes, in order. */
  get holes(): readonly SeqRange[] {
    return this.#meta.holes
  }

  /** Whether this record is known to be lost, also when it has been released since. */
  isLost(seq: number): boolean {
    return [...this.#meta.holes, ...this.#meta.releasedHoles].some(({ from, to }) => from <= seq && seq <= to)
  }

  /** Number of records that are known to be lost, those since released included. */
  get lost(): number {
    return this.#meta.releasedLost + this.#lostInReach
  }

  /** Number of records that can be read. */
  get count(): number {
    return Math.max(0, this.#durableSeq - this.firstSeq + 1 - this.#lostInReach)
  }

  /** Bytes in the segments. */
  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /** Bytes that were appended since opening. */
  get appendedBytes(): number {
    return this.#writer.appendedBytes
  }

  /** Bytes in the segments that have a record behind this one. */
  bytesBehind(seq: number): number {
    return this.segments.reduce((sum, { lastSeq, bytes }) => (lastSeq > seq ? sum + bytes : sum), 0)
  }

  get #lostInReach(): number {
    return this.#meta.unlistedLost + countOf(this.#meta.holes)
  }

  /** See `LogWriter.add`. */
  add(group: CommitGroup): void {
    this.#writer.add(group)
  }

  /**
   * Appends records together. Resolves with the sequence number of the first when all are durable.
   *
   * @throws BufferError `buffer_overloaded`, `buffer_full`, `buffer_failed` or `buffer_closed`; none of the records is stored then.
   */
  append(records: readonly RecordInput[], committed?: NonNullable<CommitGroup['committed']>): Promise<number> {
    return new Promise((resolve, reject) => {
      this.add({ records, bytes: bytesOf(records), resolve, reject, ...(committed === undefined ? {} : { committed }) })
    })
  }

  /**
   * Gives up whole segments in which no record is above `upToSeq`, oldest first; never the one that is written to. Whatever proves that they
   * are not needed has to be durable before: after a crash in between they are deleted by the next opening.
   *
   * Rejects when META cannot be written; nothing is deleted then, and the next call tries again.
   */
  async release(upToSeq: number): Promise<void> {
    const kept = this.segments.findIndex((segment) => segment.lastSeq > upToSeq || this.#isBeingWritten(segment))
    const given = this.segments.splice(0, kept === -1 ? this.segments.length : kept)
    const last = given.at(-1)
    if (last !== undefined) {
      this.#meta = withFirstSeq(this.#meta, last.lastSeq + 1)
      this.#released.push(...given.map(({ path }) => path))
    }
    const paths = this.#released
    if (paths.length === 0) return
    for (const callback of this.#onRelease) callback()
    this.#released = []
    try {
      await this.#saveMeta()
    } catch (error) {
      this.#released.push(...paths)
      throw error
    }
    const { fileSystem, directory } = this.#options
    for (const path of paths) await fileSystem.remove(path).catch(() => this.#released.push(path))
    // When the names come back with a power cut, the next opening deletes them again.
    await fileSystem.syncDirectory(segmentDirectoryOf(directory)).catch(() => undefined)
  }

  /** Refuses all appends from now on: something is wrong that only opening anew can put right. */
  fail(cause: unknown): void {
    this.#writer.fail(cause)
  }

  /** Ends the segment that is written to, so that it can be released. */
  roll(): Promise<void> {
    return this.#writer.roll()
  }

  /** A reader of its own, for one consumer. */
  reader(): LogReader {
    return new LogReader(this, this.#options)
  }

  /** Takes a hole into the books that was found while reading. */
  noteHole(hole: SeqRange): void {
    if (subtractRanges([hole], this.#meta.holes).length === 0) return
    this.#meta = withHoles(this.#meta, [hole]).meta
    this.#options.onHole?.(hole)
    this.#saveMeta().catch(() => undefined)
  }

  /**
   * Calls back once: with what has become durable, in that turn and before its appends resolve, or when the log is closed. Returns a function that
   * takes the wish back.
   */
  onNextDurable(callback: (batch?: CommittedBatch) => void): () => void {
    this.#waiters.add(callback)
    return () => this.#waiters.delete(callback)
  }

  /** Calls back each time segments were given up. Returns a function that takes the wish back. */
  onRelease(callback: () => void): () => void {
    this.#onRelease.add(callback)
    return () => this.#onRelease.delete(callback)
  }

  /** Waits for what was appended, notes how far the log is durable, closes the files. */
  async close(): Promise<void> {
    await this.#writer.close().catch(() => undefined)
    if (this.#hint.stop()) await this.#saveMeta().catch(() => undefined)
    this.#wake()
    await this.#metaFile.close().catch(() => undefined)
  }

  /** Also one that is given up because nothing is in it: its successor has the same name, and would be deleted in its place. */
  #isBeingWritten(segment: Segment): boolean {
    return segment === this.#writer.active || (segment.isEmpty && segment.header.epoch === this.epoch)
  }

  async #saveMeta(): Promise<void> {
    this.#hint.written()
    this.#meta = { ...this.#meta, durableSeqHint: this.#syncedSeq }
    await this.#metaFile.write(encodeMeta(this.#meta))
  }

  #wake(batch?: CommittedBatch): void {
    const waiters = this.#waiters
    // Not cleared: a set that stays leads from what it held once to all that it holds later; see `TransientSet`.
    this.#waiters = new Set()
    for (const waiter of waiters) waiter(batch)
  }
}

function segmentDirectoryOf(directory: string): string {
  return `${directory}/seg`
}
