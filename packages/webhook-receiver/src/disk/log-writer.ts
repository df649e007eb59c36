import type { Clock } from '@holdfast/core'
import { createLinger, type Linger } from '../buffer-kit/linger.ts'
import { BufferError } from '../buffer/buffer-error.ts'
import { BackgroundSync } from './background-sync.ts'
import type { BodyCodec } from './body/body-codec.ts'
import { BatchEncoder, type BatchFrame, type EncodedBatch } from './batch-encoder.ts'
import { type CommitGroup, CommitQueue, type CommittedBatch } from './commit-queue.ts'
import { untilEndOfTurn } from './end-of-turn.ts'
import { isNoSpace } from './file-io.ts'
import { OpenSegment } from './open-segment.ts'
import { SegmentMaker, type SegmentMakerOptions } from './segment-maker.ts'
import { elapsedSince } from './segment-sealer.ts'
import type { Segment } from './segment.ts'
import { isDeviceFailure, overloaded, writeRefusal } from './write-failure.ts'

/** A second failure of the device within this time ends writing. */
const FAILURE_WINDOW_MS = 60_000
/** The file of the next segment is prepared when this part of a segment is full. */
const PREPARE_AT = 0.75
/** Longest time that a batch is kept for those whom the one before has answered. */
const LINGER_MS = 5
/** A segment with so many bytes is ended by closing: the next opening would read all of it. */
const SEAL_AT_CLOSE_BYTES = 1024 * 1024
const DEVICE_FAILED = 'The device of the buffer failed.'

export interface LogWriterOptions extends SegmentMakerOptions {
  readonly segmentBytes: number
  readonly segmentMaxAgeMs: number
  readonly maxBatchBytes: number
  readonly maxQueuedBytes: number
  readonly recordType: number
  readonly bodies: BodyCodec
  /** `undefined`: each batch is synced before it is acknowledged. Otherwise that is done behind, this often. */
  readonly syncIntervalMs: number | undefined
  readonly clock: Clock
  /** Called when a segment turned out to hold nothing durable and is gone. */
  readonly onSegmentDropped: (segment: Segment) => void
  /** Called in the same turn in which records may be read, before their appends resolve. */
  readonly onCommitted: (batch: CommittedBatch) => void
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
 *   device failed: the segment is then never written, synced or trusted beyond its durable end again.
 *
 * When the device fails twice within a minute, every append is refused in either state until the log is opened anew.
 *
 * In every state `readableEnd` of each segment covers exactly what was acknowledged, and readers look no further.
 */
type WriterState =
  | { readonly kind: 'detached'; readonly resume: Segment | undefined }
  | { readonly kind: 'attached'; readonly target: OpenSegment }

/**
 * Group commit: what is appended while one batch is being written and synced forms the next batch. One batch in flight, and no timer but on a slow
 * disk under load, see `Linger`. All records of one `append` are in one batch.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #encoder: BatchEncoder
  readonly #maker: SegmentMaker
  readonly #queue: CommitQueue
  readonly #linger: Linger
  /** `undefined`: each batch is synced by itself. */
  readonly #syncBehind: BackgroundSync | undefined
  #state: WriterState
  #running: Promise<void> | undefined
  /** Old segments that are being sealed. */
  #sealing: Promise<void> = Promise.resolve()
  #appendedBytes = 0
  #lastSeq: number
  #lastBatch: number
  #lastFailureAt = -Infinity
  /** Set for good when nothing may be written any more. */
  #failure: { readonly cause: unknown } | undefined
  #wantsRoll = false
  #isClosed = false

  constructor(options: LogWriterOptions, start: LogWriterStart) {
    const { clock, syncIntervalMs: intervalMs, onSynced } = options
    this.#options = options
    this.#encoder = new BatchEncoder(options.maxBatchBytes)
    this.#maker = new SegmentMaker(options)
    this.#queue = new CommitQueue(options.maxBatchBytes)
    this.#linger = createLinger({ clock, maxMs: LINGER_MS })
    this.#syncBehind = intervalMs === undefined ? undefined : new BackgroundSync({ clock, intervalMs, onSynced })
    this.#lastSeq = start.durableSeq
    this.#lastBatch = start.lastBatch
    this.#state = { kind: 'detached', resume: start.active }
  }

  /** Bytes that were appended so far. */
  get appendedBytes(): number {
    return this.#appendedBytes
  }

  /** The segment that appends go to, if there is one. */
  get active(): Segment | undefined {
    return this.#state.kind === 'attached' ? this.#state.target.segment : this.#state.resume
  }

  /**
   * Appends the records of a group together, and tells it when all are durable. It is told a BufferError `buffer_overloaded`, `buffer_full`,
   * `buffer_failed` or `buffer_closed` when none of them is stored.
   */
  add(group: CommitGroup): void {
    const refusal = this.#refusalOf(group.bytes)
    if (refusal !== undefined) {
      group.reject(refusal)
      return
    }
    this.#queue.add(group)
    this.#linger.added()
    this.#running ??= this.#run()
  }

  /** Refuses all appends from now on, also those that are being written, until the log is opened anew. */
  fail(cause: unknown): void {
    this.#failure ??= { cause }
  }

  /** Ends the active segment; the next append begins another. Resolves when it is sealed, or could not be. */
  async roll(): Promise<void> {
    if (this.#isClosed) return
    this.#wantsRoll = true
    await (this.#running ??= this.#run())
    await this.#sealing
  }

  /** Waits for what was appended and closes the file; a long one gets its seal. Appends are refused from the call on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    await this.#syncBehind?.stop()
    if (this.#state.kind === 'attached' && this.#shouldSeal(this.#state.target)) this.#endSegment(this.#state.target)
    await this.#sealing
    await this.#maker.close()
    if (this.#state.kind !== 'attached') return
    const { target } = this.#state
    await this.#syncBehind?.syncUpTo(target.file, this.#lastSeq).catch(ignore)
    this.#state = { kind: 'detached', resume: undefined }
    await target.close()
  }

  #shouldSeal(target: OpenSegment): boolean {
    const isSound = this.#failure === undefined && this.#syncBehind?.failureOf(target) === undefined
    return isSound && target.segment.readableEnd >= SEAL_AT_CLOSE_BYTES
  }

  #refusalOf(bytes: number): BufferError | undefined {
    if (this.#isClosed) return new BufferError('buffer_closed', 'The buffer is closed.')
    if (this.#failure !== undefined) return writeRefusal(this.#failure.cause, DEVICE_FAILED)
    const waiting = this.#queue.bytes
    return waiting > 0 && waiting + bytes > this.#options.maxQueuedBytes ? overloaded(waiting) : undefined
  }

  /** Never ends before its first `await`: `#running` would be cleared before it is set, and nothing would be written any more. */
  async #run(): Promise<void> {
    for (;;) {
      if (this.#wantsRoll) await this.#rollNow()
      if (this.#queue.waiting === 0) break
      // What this turn of the event loop still brings belongs to the batch: the fewer there are, the less each event pays.
      await untilEndOfTurn()
      const batch = this.#queue.takeBatch()
      this.#linger.begin()
      const others = await this.#settle(batch)
      const groups = others + batch.length
      await this.#linger.untilBack(others, () => this.#queue.waiting >= groups || this.#queue.fillsBatch)
    }
    this.#running = undefined
  }

  /** Commits a batch and tells its groups. Resolves with how many waited then, 0 where it failed. */
  async #settle(batch: readonly CommitGroup[]): Promise<number> {
    try {
      let seq = await this.#commit(await this.#attach(), batch)
      this.#queue.settled(batch)
      const others = this.#queue.waiting
      for (const group of batch) {
        group.resolve(seq)
        seq += group.records.length
      }
      return others
    } catch (error) {
      this.#queue.settled(batch)
      for (const group of batch) group.reject(error)
      return 0
    }
  }

  async #rollNow(): Promise<void> {
    this.#wantsRoll = false
    try {
      if (this.#state.kind === 'detached' && this.#state.resume !== undefined) await this.#resume(this.#state.resume)
      if (this.#state.kind === 'attached' && !this.#state.target.segment.isEmpty) this.#endSegment(this.#state.target)
    } catch {
      // Nothing was written; the next append meets the same failure and reports it.
    }
  }

  /** Makes sure that there is a segment with a clean end. */
  async #attach(): Promise<OpenSegment> {
    for (;;) {
      this.#checkFailure()
      if (this.#state.kind === 'detached') {
        await (this.#state.resume === undefined ? this.#make() : this.#resume(this.#state.resume))
        continue
      }
      const { target } = this.#state
      const failure = this.#syncBehind?.failureOf(target)
      if (failure !== undefined) {
        await this.#abandon(target)
        throw this.#refusal(failure.cause, 'What was acknowledged last cannot be synced.')
      }
      if (!this.#isDue(target.segment)) return target
      this.#endSegment(target)
    }
  }

  #checkFailure(): void {
    if (this.#failure !== undefined) throw writeRefusal(this.#failure.cause, DEVICE_FAILED)
  }

  #isDue(segment: Segment): boolean {
    if (segment.isEmpty) return false
    const ageMs = this.#options.clock.now() - segment.header.createdAt
    return segment.readableEnd >= this.#options.segmentBytes || ageMs >= this.#options.segmentMaxAgeMs
  }

  async #resume(segment: Segment): Promise<void> {
    try {
      const { fileSystem, bodies } = this.#options
      const key = await bodies.currentKey()
      const cipher = key && bodies.cipher(segment.header, key)
      this.#state = { kind: 'attached', target: await OpenSegment.resume(fileSystem, segment, cipher) }
    } catch (error) {
      throw this.#refusal(error, 'The segment cannot be opened.')
    }
  }

  async #make(): Promise<void> {
    try {
      const { bodies } = this.#options
      // First the key: a segment that was made is written to.
      const key = await bodies.currentKey()
      const made = await this.#maker.make(this.#lastSeq + 1)
      // From 1 in each segment: a number of 32 bits would not last for the life of a log.
      this.#lastBatch = 0
      this.#state = { kind: 'attached', target: OpenSegment.of(made, key && bodies.cipher(made.segment.header, key)) }
    } catch (error) {
      throw this.#refusal(error, 'A new segment cannot be made.')
    }
  }

  /** Leaves a segment, which gets its seal while the next one is written to. */
  #endSegment(target: OpenSegment): void {
    const lastBatch = this.#lastBatch
    const lastSeq = this.#lastSeq
    const behind = this.#syncBehind
    const idle = behind?.idle()
    this.#state = { kind: 'detached', resume: undefined }
    this.#options.onSegmentEnded(target.segment.lastSeq)
    this.#sealing = this.#sealing.then(async () => {
      await idle
      await target.seal(lastBatch, behind && (() => behind.syncUpTo(target.file, lastSeq)))
    })
  }

  async #commit(target: OpenSegment, batch: readonly CommitGroup[]): Promise<number> {
    const { segment } = target
    const { clock, recordType, segmentBytes } = this.#options
    const firstSeq = this.#lastSeq + 1
    const now = clock.now()
    const frame: BatchFrame = {
      key: segment.key,
      recordType,
      cipher: target.cipher,
      firstSeq,
      batch: this.#lastBatch + 1,
      elapsedMs: elapsedSince(segment.header.createdAt, now),
      start: segment.readableEnd,
    }
    const encoded = this.#encoder.encode(frame, batch)
    await this.#store(target, encoded)
    this.#checkFailure()
    for (const [index, offset] of encoded.offsets.entries()) segment.index.note(firstSeq + index, offset)
    this.#lastBatch++
    this.#lastSeq = firstSeq + encoded.offsets.length - 1
    segment.lastSeq = this.#lastSeq
    segment.lastAt = now
    this.#appendedBytes += encoded.end - segment.readableEnd
    segment.readableEnd = encoded.end
    notifyListeners(batch, firstSeq, segment.header.createdAt + frame.elapsedMs)
    this.#options.onCommitted({ firstSeq, lastSeq: this.#lastSeq, groups: batch })
    this.#noteUnsynced()
    if (encoded.end >= segmentBytes * PREPARE_AT) this.#maker.prepare()
    return firstSeq
  }

  /** Writes a batch and waits until it may be acknowledged. */
  async #store(target: OpenSegment, batch: EncodedBatch): Promise<void> {
    const { preallocateBytes, segmentBytes } = this.#options
    const aheadBytes = Math.min(preallocateBytes, segmentBytes - batch.end)
    try {
      await target.write(batch, aheadBytes, (bytes) => this.#encoder.zeros(bytes))
    } catch (error) {
      const isCutBack = isNoSpace(error) && (await target.cutBack().then(yes, no))
      if (!isCutBack) await this.#abandon(target)
      throw this.#refusal(error, 'The batch cannot be written.')
    }
    try {
      await target.settle(this.#syncBehind === undefined)
    } catch (error) {
      await this.#abandon(target)
      throw this.#refusal(error, 'The batch cannot be synced.')
    }
  }

  #noteUnsynced(): void {
    if (this.#syncBehind === undefined) {
      this.#options.onSynced(this.#lastSeq)
      return
    }
    this.#syncBehind.appended(
      () => (this.#state.kind === 'attached' ? { target: this.#state.target, lastSeq: this.#lastSeq } : undefined),
      () => this.#sealing,
    )
  }

  /**
   * Gives a segment up after its device failed. Kernels mark pages clean when a sync fails, so a later success would prove nothing.
   */
  async #abandon(target: OpenSegment): Promise<void> {
    this.#state = { kind: 'detached', resume: undefined }
    await this.#syncBehind?.idle()
    await target.close()
    const { segment } = target
    if (!segment.isEmpty) return
    // Its successor gets the same number; one of the two has to go.
    this.#options.onSegmentDropped(segment)
    await this.#options.fileSystem.remove(segment.path).catch(ignore)
  }

  /** The error for a batch that failed; decides whether writing goes on. */
  #refusal(error: unknown, message: string): BufferError {
    if (isDeviceFailure(error)) {
      const now = this.#options.clock.monotonicMs()
      if (now - this.#lastFailureAt < FAILURE_WINDOW_MS) this.fail(error)
      this.#lastFailureAt = now
    }
    return writeRefusal(error, message)
  }
}

function notifyListeners(batch: readonly CommitGroup[], firstSeq: number, at: number): void {
  let seq = firstSeq
  for (const group of batch) {
    group.committed?.(seq, at)
    seq += group.records.length
  }
}

function ignore(): void {}
const yes = (): boolean => true
const no = (): boolean => false
