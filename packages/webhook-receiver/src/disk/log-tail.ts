import type { Clock } from '@holdfast/core'
import type { BufferError } from '../buffer/buffer-error.ts'
import { BackgroundSync } from './background-sync.ts'
import { BatchEncoder, type BatchFrame, type EncodedBatch } from './batch-encoder.ts'
import type { BodyCodec } from './body/body-codec.ts'
import type { CommitGroup, CommittedBatch } from './commit-queue.ts'
import { isNoSpace } from './file-io.ts'
import { OpenSegment } from './open-segment.ts'
import { SegmentMaker, type SegmentMakerOptions } from './segment-maker.ts'
import { elapsedSince } from './segment-sealer.ts'
import type { Segment } from './segment.ts'
import { isDeviceFailure, writeRefusal } from './write-failure.ts'

/** A second failure of the device within this time ends writing. */
const FAILURE_WINDOW_MS = 60_000
/** The file of the next segment is prepared when this part of a segment is full. */
const PREPARE_AT = 0.75
/** A segment with so many bytes is ended by closing: the next opening would read all of it. */
const SEAL_AT_CLOSE_BYTES = 1024 * 1024
const DEVICE_FAILED = 'The device of the buffer failed.'

export interface LogTailOptions extends SegmentMakerOptions {
  readonly segmentBytes: number
  readonly segmentMaxAgeMs: number
  readonly maxBatchBytes: number
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

/** Where a tail begins. */
export interface LogTailStart {
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
type TailState =
  | { readonly kind: 'detached'; readonly resume: Segment | undefined }
  | { readonly kind: 'attached'; readonly target: OpenSegment }

/** The end of a log: writes one batch after the other, and goes on to the next segment when one is full. */
export class LogTail {
  readonly #options: LogTailOptions
  readonly #encoder: BatchEncoder
  readonly #maker: SegmentMaker
  /** `undefined`: each batch is synced by itself. */
  readonly #syncBehind: BackgroundSync | undefined
  #state: TailState
  /** Old segments that are being sealed. */
  #sealing: Promise<void> = Promise.resolve()
  #appendedBytes = 0
  #lastSeq: number
  #lastBatch: number
  #lastFailureAt = -Infinity
  /** Set for good when nothing may be written any more. */
  #failure: { readonly cause: unknown } | undefined

  constructor(options: LogTailOptions, start: LogTailStart) {
    const { clock, syncIntervalMs: intervalMs, onSynced } = options
    this.#options = options
    this.#encoder = new BatchEncoder(options.maxBatchBytes)
    this.#maker = new SegmentMaker(options)
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

  /** Why nothing may be written any more, until the log is opened anew. */
  get refusal(): BufferError | undefined {
    return this.#failure && writeRefusal(this.#failure.cause, DEVICE_FAILED)
  }

  /** Refuses all batches from now on, also the one that is being written. */
  fail(cause: unknown): void {
    this.#failure ??= { cause }
  }

  /**
   * Writes a batch, one at a time. Resolves with the number of its first record when all may be acknowledged.
   *
   * @throws BufferError `buffer_full` or `buffer_failed` when none of its records is stored.
   */
  async append(batch: readonly CommitGroup[]): Promise<number> {
    return await this.#commit(await this.#attach(), batch)
  }

  /** Ends the active segment, if anything is in it; the next batch begins another. */
  async roll(): Promise<void> {
    try {
      if (this.#state.kind === 'detached' && this.#state.resume !== undefined) await this.#resume(this.#state.resume)
      if (this.#state.kind === 'attached' && !this.#state.target.segment.isEmpty) this.#endSegment(this.#state.target)
    } catch {
      // Nothing was written; the next append meets the same failure and reports it.
    }
  }

  /** Resolves when the segments that were ended are sealed, or could not be. */
  sealed(): Promise<void> {
    return this.#sealing
  }

  /** Closes the file after the last batch; a long one gets its seal. */
  async close(): Promise<void> {
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
      if (this.#isStale(target.segment)) {
        await this.#abandon(target)
        continue
      }
      if (!this.#isDue(target.segment)) return target
      this.#endSegment(target)
    }
  }

  #checkFailure(): void {
    const { refusal } = this
    if (refusal !== undefined) throw refusal
  }

  #isDue(segment: Segment): boolean {
    if (segment.isEmpty) return false
    const ageMs = this.#options.clock.now() - segment.header.createdAt
    return segment.readableEnd >= this.#options.segmentBytes || ageMs >= this.#options.segmentMaxAgeMs
  }

  /** A segment in which nothing is and that was begun long ago: the times of records are told from its beginning, and these are limited. */
  #isStale(segment: Segment): boolean {
    const ageMs = this.#options.clock.now() - segment.header.createdAt
    return segment.isEmpty && ageMs >= this.#options.segmentMaxAgeMs
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
      // What a failed sync left cannot be made up for: the next opening has to look at every record.
      if (behind?.failureOf(target) === undefined)
        await target.seal(lastBatch, behind && (() => behind.syncUpTo(target.file, lastSeq)))
      else await target.close()
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
