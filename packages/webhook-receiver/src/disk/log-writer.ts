import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import { BatchEncoder, type BatchFrame, type EncodedBatch, type RecordInput } from './batch-encoder.ts'
import { bytesOf, type CommitGroup, type CommitListener, CommitQueue } from './commit-queue.ts'
import { isNoSpace, writeFully } from './file-io.ts'
import type { OpenFile } from './file-system.ts'
import { SegmentMaker, type SegmentMakerOptions } from './segment-maker.ts'
import { elapsedSince, sealSegment } from './segment-sealer.ts'
import type { Segment } from './segment.ts'
import { isDeviceFailure, overloaded, writeRefusal } from './write-failure.ts'

/** A second failure of the device within this time ends writing. */
const FAILURE_WINDOW_MS = 60_000
/** The file of the next segment is prepared when this part of a segment is full. */
const PREPARE_AT = 0.75
const DEVICE_FAILED = 'The device of the buffer failed.'

export interface LogWriterOptions extends SegmentMakerOptions {
  readonly segmentBytes: number
  readonly segmentMaxAgeMs: number
  readonly maxBatchBytes: number
  readonly maxQueuedBytes: number
  readonly recordType: number
  /** `undefined`: each batch is synced before it is acknowledged. Otherwise that is done behind, this often. */
  readonly syncIntervalMs: number | undefined
  readonly clock: Clock
  /** Called when a segment turned out to hold nothing durable and is gone. */
  readonly onSegmentDropped: (segment: Segment) => void
  /** Called in the same turn in which records may be read, before their appends resolve. */
  readonly onCommitted: (lastSeq: number) => void
  /** Called when the segment with this last record is full or old: the next one goes to another. */
  readonly onSegmentEnded: (lastSeq: number) => void
  /** Called when everything up to a record was synced. */
  readonly onSynced: (lastSeq: number) => void
}

/** Where a writer begins. */
export interface LogWriterStart {
  readonly durableSeq: number
  /** Last batch number in `active`. */
  readonly lastBatch: number
  /** The segment to go on with, if its end is undamaged. */
  readonly active: Segment | undefined
}

/**
 * Where the next batch goes.
 *
 * - `detached`: there is no segment to append to: a new log, one that was damaged, or a segment that is full or failed. The next batch opens the
 *   remembered segment or makes a new one, then `attached`. Stays when that is impossible for want of space.
 * - `attached`: the segment's end is clean and everything before it is durable, or will be with the next sync where syncs are behind.
 *   A write that found no space is cut off again. Leaves to `detached` when the segment is full or old (it is sealed meanwhile) or when the
 *   device failed (the segment is then never written, synced or trusted beyond its durable end again), to `failed` when that happens
 *   twice within a minute.
 * - `failed`: the device failed twice. Every append is refused until the log is opened anew.
 *
 * In every state `readableEnd` of each segment covers exactly what was acknowledged, and readers look no further.
 */
type WriterState =
  | { readonly kind: 'detached'; readonly resume: Segment | undefined }
  | ({ readonly kind: 'attached' } & Target)
  | { readonly kind: 'failed'; readonly cause: unknown }

/** An open segment. */
interface Target {
  readonly segment: Segment
  readonly file: OpenFile
  /** Zeros were written up to here. */
  readonly allocatedEnd: number
  /** Set until the segment is known to exist for good. */
  readonly born: Promise<unknown> | undefined
}

/**
 * Group commit: what is appended while one batch is being written and synced forms the next batch. No timer, one batch in flight. All
 * records of one `append` are in one batch.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #encoder: BatchEncoder
  readonly #maker: SegmentMaker
  readonly #queue: CommitQueue
  #state: WriterState
  #running: Promise<void> | undefined
  /** Old segments that are being sealed. */
  #sealing: Promise<void> = Promise.resolve()
  /** A sync behind the appends, and the timer of the next one. */
  #syncing: Promise<void> = Promise.resolve()
  #cancelSync: (() => void) | undefined
  /** The segment whose sync behind the appends failed. */
  #suspect: { readonly segment: Segment; readonly cause: unknown } | undefined
  /** Whether a sync behind the appends failed once. */
  #isUnproven = false
  #lastSeq: number
  #lastBatch: number
  #lastFailureAt = -Infinity
  #wantsRoll = false
  #isClosed = false

  constructor(options: LogWriterOptions, start: LogWriterStart) {
    this.#options = options
    this.#encoder = new BatchEncoder(options.maxBatchBytes)
    this.#maker = new SegmentMaker(options)
    this.#queue = new CommitQueue(options.maxBatchBytes)
    this.#lastSeq = start.durableSeq
    this.#lastBatch = start.lastBatch
    this.#state = { kind: 'detached', resume: start.active }
  }

  /** The segment that appends go to, if there is one. */
  get active(): Segment | undefined {
    switch (this.#state.kind) {
      case 'attached':
        return this.#state.segment
      case 'detached':
        return this.#state.resume
      case 'failed':
        return undefined
    }
  }

  /**
   * Appends records together. Resolves with the sequence number of the first when all are durable.
   *
   * @throws BufferError `buffer_overloaded`, `buffer_full`, `buffer_failed` or `buffer_closed`; none of the records is stored then.
   */
  append(records: readonly RecordInput[], committed?: CommitListener): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new BufferError('buffer_closed', 'The buffer is closed.'))
        return
      }
      if (this.#state.kind === 'failed') {
        reject(writeRefusal(this.#state.cause, DEVICE_FAILED))
        return
      }
      const bytes = bytesOf(records)
      if (this.#queue.bytes > 0 && this.#queue.bytes + bytes > this.#options.maxQueuedBytes) {
        reject(overloaded(this.#queue.bytes))
        return
      }
      this.#queue.add({ records, bytes, committed, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Ends the active segment; the next append begins another. Resolves when it is sealed, or could not be. */
  async roll(): Promise<void> {
    if (this.#isClosed) return
    this.#wantsRoll = true
    await (this.#running ??= this.#run())
    await this.#sealing
  }

  /** Waits for what was appended and closes the file. Appends are refused from the call on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    this.#cancelSync?.()
    await this.#sealing
    await this.#syncing
    await this.#maker.close()
    const state = this.#state
    if (state.kind !== 'attached') return
    if (this.#options.syncIntervalMs !== undefined) await this.#sync(state)
    this.#state = { kind: 'detached', resume: undefined }
    await state.file.close()
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that the first batch takes everything that arrived in this one.
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
    for (;;) {
      if (this.#wantsRoll) await this.#rollNow()
      if (this.#queue.isEmpty) break
      const batch = this.#queue.takeBatch()
      try {
        const firstSeq = await this.#commit(await this.#attach(), batch)
        this.#queue.settled(batch)
        let seq = firstSeq
        for (const group of batch) {
          group.resolve(seq)
          seq += group.records.length
        }
      } catch (error) {
        this.#queue.settled(batch)
        for (const group of batch) group.reject(error)
      }
    }
    this.#running = undefined
  }

  async #rollNow(): Promise<void> {
    this.#wantsRoll = false
    try {
      if (this.#state.kind === 'detached' && this.#state.resume !== undefined) await this.#resume(this.#state.resume)
      if (this.#state.kind === 'attached' && !this.#state.segment.isEmpty) this.#endSegment(this.#state)
    } catch {
      // Nothing was written; the next append meets the same failure and reports it.
    }
  }

  /** Makes sure that there is a segment with a clean end. */
  async #attach(): Promise<Target> {
    for (;;) {
      const state = this.#state
      switch (state.kind) {
        case 'attached':
          if (this.#suspect?.segment === state.segment) await this.#giveUpSuspect(state)
          else if (this.#isDue(state.segment)) this.#endSegment(state)
          else return state
          break
        case 'detached':
          if (state.resume !== undefined) await this.#resume(state.resume)
          else await this.#make()
          break
        case 'failed':
          throw writeRefusal(state.cause, DEVICE_FAILED)
      }
    }
  }

  #isDue(segment: Segment): boolean {
    if (segment.isEmpty) return false
    const ageMs = this.#options.clock.now() - segment.header.createdAt
    return segment.readableEnd >= this.#options.segmentBytes || ageMs >= this.#options.segmentMaxAgeMs
  }

  async #resume(segment: Segment): Promise<void> {
    try {
      const file = await this.#options.fileSystem.open(segment.path, 'write')
      const allocatedEnd = await file.size()
      this.#state = { kind: 'attached', segment, file, allocatedEnd, born: undefined }
    } catch (error) {
      throw this.#refusal(error, 'The segment cannot be opened.')
    }
  }

  async #make(): Promise<void> {
    try {
      const made = await this.#maker.make(this.#lastSeq + 1)
      // From 1 in each segment: a number of 32 bits would not last for the life of a log.
      this.#lastBatch = 0
      this.#state = { kind: 'attached', ...made }
    } catch (error) {
      throw this.#refusal(error, 'A new segment cannot be made.')
    }
  }

  /** Cuts off a write that found no space. */
  async #cutBack(target: Target): Promise<void> {
    try {
      await target.file.truncate(target.segment.readableEnd)
      this.#state = { ...target, kind: 'attached', allocatedEnd: target.segment.readableEnd }
    } catch (error) {
      await this.#abandon(target)
      throw this.#refusal(error, 'An unfinished write cannot be cut off.')
    }
  }

  /**
   * Leaves a segment, which gets its seal while the next one is written to. The seal can be done without: the number of the next segment says
   * where this one ends.
   */
  #endSegment({ segment, file }: Target): void {
    const lastBatch = this.#lastBatch
    const lastSeq = this.#lastSeq
    const syncing = this.#syncing
    this.#state = { kind: 'detached', resume: undefined }
    this.#options.onSegmentEnded(segment.lastSeq)
    this.#sealing = this.#sealing.then(async () => {
      await syncing
      try {
        if (this.#options.syncIntervalMs !== undefined) await this.#syncUpTo(file, lastSeq)
        await sealSegment(file, segment, lastBatch)
      } catch {
        // It is read as a whole at the next opening.
      }
      await file.close().catch(ignore)
    })
  }

  async #commit(target: Target, batch: readonly CommitGroup[]): Promise<number> {
    const { segment } = target
    const { clock, recordType } = this.#options
    const firstSeq = this.#lastSeq + 1
    const now = clock.now()
    const frame: BatchFrame = {
      key: segment.key,
      recordType,
      firstSeq,
      batch: this.#lastBatch + 1,
      elapsedMs: elapsedSince(segment.header.createdAt, now),
      start: segment.readableEnd,
    }
    const encoded = this.#encoder.encode(frame, batch)
    const written = await this.#write(target, encoded)
    await this.#makeDurable(written)
    for (const [index, offset] of encoded.offsets.entries()) segment.index.note(firstSeq + index, offset)
    this.#lastBatch++
    this.#lastSeq = firstSeq + encoded.offsets.length - 1
    segment.lastSeq = this.#lastSeq
    segment.lastAt = now
    segment.readableEnd = encoded.end
    notifyListeners(batch, firstSeq, segment.header.createdAt + frame.elapsedMs)
    this.#options.onCommitted(this.#lastSeq)
    if (this.#options.syncIntervalMs === undefined) this.#options.onSynced(this.#lastSeq)
    else this.#syncLater(this.#options.syncIntervalMs)
    if (encoded.end >= this.#options.segmentBytes * PREPARE_AT) this.#maker.prepare()
    return firstSeq
  }

  async #write(target: Target, encoded: EncodedBatch): Promise<Target> {
    const { segment, file } = target
    try {
      await writeFully(file, encoded.chunks, segment.readableEnd)
      const allocatedEnd = await this.#allocate(target, encoded.end)
      const written = { ...target, allocatedEnd }
      this.#state = { kind: 'attached', ...written }
      return written
    } catch (error) {
      if (isNoSpace(error)) await this.#cutBack(target)
      else await this.#abandon(target)
      throw this.#refusal(error, 'The batch cannot be written.')
    }
  }

  /** Writes zeros behind a batch that reached the end of those before; the batch's own sync covers them. */
  async #allocate({ segment, file, allocatedEnd }: Target, end: number): Promise<number> {
    const { preallocateBytes, segmentBytes } = this.#options
    if (end < allocatedEnd || preallocateBytes === 0) return Math.max(end, allocatedEnd)
    const next = Math.min(end + preallocateBytes, Math.max(end, segmentBytes))
    try {
      if (next > end) await writeFully(file, [this.#encoder.zeros(next - end)], end)
      return next
    } catch (error) {
      if (!isNoSpace(error)) throw error
      // The batch itself is written; what there is of zeros does no harm.
      return segment.readableEnd
    }
  }

  /** Waits until a batch may be acknowledged. */
  async #makeDurable(target: Target): Promise<void> {
    const { file, born } = target
    const synced = this.#options.syncIntervalMs === undefined ? file.datasync() : undefined
    try {
      if (born === undefined) {
        await synced
        return
      }
      const [, birth] = await Promise.allSettled([synced, born])
      await synced
      if (birth.status === 'rejected') throw birth.reason
      this.#state = { ...target, kind: 'attached', born: undefined }
    } catch (error) {
      await this.#abandon(target)
      throw this.#refusal(error, 'The batch cannot be synced.')
    }
  }

  #syncLater(delayMs: number): void {
    this.#cancelSync ??= this.#options.clock.schedule(
      delayMs,
      () => {
        this.#cancelSync = undefined
        const state = this.#state
        if (state.kind === 'attached')
          this.#syncing = Promise.all([this.#syncing, this.#sealing]).then(() => this.#sync(state))
      },
      { background: true },
    )
  }

  async #sync({ segment, file }: Target): Promise<void> {
    try {
      await this.#syncUpTo(file, this.#lastSeq)
    } catch (cause) {
      this.#suspect = { segment, cause }
    }
  }

  async #syncUpTo(file: OpenFile, lastSeq: number): Promise<void> {
    try {
      await file.datasync()
    } catch (error) {
      // What this sync was for may be gone, so that no later one says anything about everything before it.
      this.#isUnproven = true
      throw error
    }
    if (!this.#isUnproven) this.#options.onSynced(lastSeq)
  }

  async #giveUpSuspect(state: Target): Promise<void> {
    const cause = this.#suspect?.cause
    await this.#abandon(state)
    throw this.#refusal(cause, 'What was acknowledged last cannot be synced.')
  }

  /**
   * Gives a segment up after its device failed. Kernels mark pages clean when a sync fails, so a later success would prove nothing.
   */
  async #abandon({ segment, file, born }: Target): Promise<void> {
    this.#state = { kind: 'detached', resume: undefined }
    await this.#syncing
    await born?.catch(ignore)
    await file.close().catch(ignore)
    if (!segment.isEmpty) return
    // Its successor gets the same number; one of the two has to go.
    this.#options.onSegmentDropped(segment)
    await this.#options.fileSystem.remove(segment.path).catch(ignore)
  }

  /** The error for a batch that failed; decides whether writing goes on. */
  #refusal(error: unknown, message: string): BufferError {
    if (isDeviceFailure(error)) {
      const now = this.#options.clock.monotonicMs()
      if (now - this.#lastFailureAt < FAILURE_WINDOW_MS) this.#state = { kind: 'failed', cause: error }
      this.#lastFailureAt = now
    }
    return writeRefusal(error, message)
  }
}

function notifyListeners(batch: readonly CommitGroup[], firstSeq: number, at: number): void {
  let seq = firstSeq
  for (const { committed, records } of batch) {
    committed?.(seq, at)
    seq += records.length
  }
}

function ignore(): void {}
