import { crc32 } from 'node:zlib'
import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import { BatchEncoder, type BatchFrame, type RecordInput } from './batch-encoder.ts'
import { errorCodeOf, isNoSpace, writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { isDeviceFailure, overloaded, writeRefusal } from './write-failure.ts'
import { encodeRecordHeader, RECORD_HEADER_BYTES, recordBytes, recordTypes } from './record-codec.ts'
import { Segment } from './segment.ts'
import {
  encodeSeal,
  encodeSegmentHeader,
  FORMAT_VERSION,
  SEAL_BODY_BYTES,
  type SegmentHeader,
  segmentName,
} from './segment-format.ts'

const MAX_RECORDS_PER_BATCH = 4096
/** A second failure of the device within this time ends writing. */
const FAILURE_WINDOW_MS = 60_000
const DEVICE_FAILED = 'The device of the buffer failed.'

export interface LogWriterOptions {
  readonly fileSystem: FileSystem
  readonly segmentDirectory: string
  readonly epoch: number
  readonly segmentBytes: number
  readonly segmentMaxAgeMs: number
  readonly maxBatchBytes: number
  readonly maxQueuedBytes: number
  readonly recordType: number
  readonly clock: Clock
  readonly newSalt: () => Buffer
  /** Called with a new segment before anything is appended to it. */
  readonly onSegmentCreated: (segment: Segment, header: Buffer) => Promise<void>
  /** Called when a segment turned out to hold nothing durable and is gone. */
  readonly onSegmentDropped: (segment: Segment) => void
  /** Called in the same turn in which records become durable, before their appends resolve. */
  readonly onDurable: (lastSeq: number) => void
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
 * - `detached`: there is no segment to append to: a new log, one that was damaged, or a segment that failed. The next batch opens the
 *   remembered segment or makes a new one, then `attached`. Stays when that is impossible for want of space.
 * - `attached`: the segment's end is clean and everything before it is durable. Leaves to `cut-back` when a write found no space,
 *   to `detached` when the segment is full or old (after sealing it) or when the device failed (the segment is then
 *   never written, synced or trusted beyond its durable end again), to `failed` when that happens twice within a minute.
 * - `cut-back`: an unfinished write lies behind the durable end. The next batch truncates it, then `attached`; a file that cannot be
 *   truncated is treated as failed.
 * - `failed`: the device failed twice. Every append is refused until the log is opened anew.
 *
 * In every state `readableEnd` of each segment covers exactly what was synced, and readers look no further.
 */
type WriterState =
  | { readonly kind: 'detached'; readonly resume: Segment | undefined }
  | { readonly kind: 'attached'; readonly segment: Segment; readonly file: OpenFile; readonly header: Buffer }
  | { readonly kind: 'cut-back'; readonly segment: Segment; readonly file: OpenFile; readonly header: Buffer }
  | { readonly kind: 'failed'; readonly cause: unknown }

type Attached = Extract<WriterState, { readonly kind: 'attached' }>

interface Group {
  readonly records: readonly RecordInput[]
  readonly bytes: number
  readonly resolve: (firstSeq: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: what is appended while one batch is being written and synced forms the next batch. No timer, one batch in flight. All
 * records of one `append` are in one batch.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #encoder: BatchEncoder
  #state: WriterState
  #queue: Group[] = []
  #queuedBytes = 0
  #running: Promise<void> | undefined
  #durableSeq: number
  #lastBatch: number
  #lastFailureAt = -Infinity
  #isClosed = false

  constructor(options: LogWriterOptions, start: LogWriterStart) {
    this.#options = options
    this.#encoder = new BatchEncoder(options.maxBatchBytes)
    this.#durableSeq = start.durableSeq
    this.#lastBatch = start.lastBatch
    this.#state = { kind: 'detached', resume: start.active }
  }

  /**
   * Appends records together. Resolves with the sequence number of the first when all are durable.
   *
   * @throws BufferError `buffer_overloaded`, `buffer_full`, `buffer_failed` or `buffer_closed`; none of the records is stored then.
   */
  append(records: readonly RecordInput[]): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new BufferError('buffer_closed', 'The buffer is closed.'))
        return
      }
      if (this.#state.kind === 'failed') {
        reject(writeRefusal(this.#state.cause, DEVICE_FAILED))
        return
      }
      let bytes = 0
      for (const record of records) bytes += recordBytes(record.metaBytes + record.body.length)
      if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#options.maxQueuedBytes) {
        reject(overloaded(this.#queuedBytes))
        return
      }
      this.#queuedBytes += bytes
      this.#queue.push({ records, bytes, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Waits for what was appended and closes the file. Appends are refused from the call on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    const state = this.#state
    if (state.kind === 'attached' || state.kind === 'cut-back') {
      this.#state = { kind: 'detached', resume: undefined }
      await state.file.close()
    }
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that the first batch takes everything that arrived in this one.
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch()
      const bytes = batch.reduce((sum, group) => sum + group.bytes, 0)
      try {
        const attached = await this.#attach()
        const firstSeq = await this.#commit(attached, batch)
        this.#queuedBytes -= bytes
        let seq = firstSeq
        for (const group of batch) {
          group.resolve(seq)
          seq += group.records.length
        }
      } catch (error) {
        this.#queuedBytes -= bytes
        for (const group of batch) group.reject(error)
      }
    }
    this.#running = undefined
  }

  #takeBatch(): Group[] {
    let bytes = 0
    let records = 0
    let count = 0
    for (const group of this.#queue) {
      bytes += group.bytes
      records += group.records.length
      if (count > 0 && (bytes > this.#options.maxBatchBytes || records > MAX_RECORDS_PER_BATCH)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  /** Makes sure that there is a segment with a clean end. */
  async #attach(): Promise<Attached> {
    for (;;) {
      const state = this.#state
      switch (state.kind) {
        case 'attached':
          if (!this.#isDue(state.segment)) return state
          await this.#seal(state)
          break
        case 'cut-back':
          await this.#cutBack(state)
          break
        case 'detached':
          if (state.resume !== undefined && !this.#isDue(state.resume)) await this.#resume(state.resume)
          else await this.#create()
          break
        case 'failed':
          throw writeRefusal(state.cause, DEVICE_FAILED)
      }
    }
  }

  #isDue(segment: Segment): boolean {
    if (segment.lastSeq < segment.baseSeq) return false
    const ageMs = this.#options.clock.now() - segment.header.createdAt
    return segment.readableEnd >= this.#options.segmentBytes || ageMs >= this.#options.segmentMaxAgeMs
  }

  async #resume(segment: Segment): Promise<void> {
    try {
      const file = await this.#options.fileSystem.open(segment.path, 'write')
      this.#state = { kind: 'attached', segment, file, header: encodeSegmentHeader(segment.header) }
    } catch (error) {
      throw this.#refusal(error, 'The segment cannot be opened.')
    }
  }

  async #create(): Promise<void> {
    const { fileSystem, segmentDirectory, clock } = this.#options
    const header: SegmentHeader = {
      formatVersion: FORMAT_VERSION,
      baseSeq: this.#durableSeq + 1,
      createdAt: clock.now(),
      salt: this.#options.newSalt(),
      epoch: this.#options.epoch,
    }
    const path = `${segmentDirectory}/${segmentName(header.baseSeq, header.epoch)}`
    const segment = new Segment(path, header)
    const bytes = encodeSegmentHeader(header)
    let file: OpenFile | undefined
    try {
      file = await this.#createFile(path)
      await writeFully(file, [bytes], 0)
      await file.datasync()
      await fileSystem.syncDirectory(segmentDirectory)
      await this.#options.onSegmentCreated(segment, bytes)
      // From 1 in each segment: a number of 32 bits would not last for the life of a log.
      this.#lastBatch = 0
      this.#state = { kind: 'attached', segment, file, header: bytes }
    } catch (error) {
      await file?.close().catch(ignore)
      if (file !== undefined) await fileSystem.remove(path).catch(ignore)
      throw this.#refusal(error, 'A new segment cannot be made.')
    }
  }

  async #createFile(path: string): Promise<OpenFile> {
    const { fileSystem } = this.#options
    try {
      return await fileSystem.open(path, 'create')
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error
      // Only this writer makes names with its epoch: a leftover of its own that could not be removed, with nothing durable in it.
      await fileSystem.remove(path)
      return await fileSystem.open(path, 'create')
    }
  }

  async #cutBack(state: Extract<WriterState, { readonly kind: 'cut-back' }>): Promise<void> {
    try {
      await state.file.truncate(state.segment.readableEnd)
      this.#state = { ...state, kind: 'attached' }
    } catch (error) {
      await this.#abandon(state.segment, state.file)
      throw this.#refusal(error, 'An unfinished write cannot be cut off.')
    }
  }

  /** Ends a segment. The seal can be done without, so a failure is no reason to refuse the batch that waits. */
  async #seal(state: Attached): Promise<void> {
    const { segment } = state
    const body = encodeSeal({
      header: state.header,
      firstSeq: segment.baseSeq,
      lastSeq: segment.lastSeq,
      count: segment.lastSeq - segment.baseSeq + 1,
      firstAt: segment.header.createdAt,
      lastAt: segment.lastAt,
    })
    const record = Buffer.alloc(recordBytes(SEAL_BODY_BYTES))
    encodeRecordHeader(record, 0, segment.key, {
      type: recordTypes.seal,
      flags: 0,
      bodyBytes: SEAL_BODY_BYTES,
      metaBytes: 0,
      seq: segment.lastSeq + 1,
      batch: this.#lastBatch,
      elapsedMs: elapsedSince(segment.header.createdAt, segment.lastAt),
      bodyCrc: crc32(body),
    })
    body.copy(record, RECORD_HEADER_BYTES)
    this.#state = { kind: 'detached', resume: undefined }
    try {
      await writeFully(state.file, [record], segment.readableEnd)
      await state.file.datasync()
    } catch {
      // The next segment's number says where this one ends.
    }
    await state.file.close().catch(ignore)
  }

  async #commit(state: Attached, batch: readonly Group[]): Promise<number> {
    const { segment, file } = state
    const firstSeq = this.#durableSeq + 1
    const now = this.#options.clock.now()
    const frame: BatchFrame = {
      key: segment.key,
      recordType: this.#options.recordType,
      firstSeq,
      batch: this.#lastBatch + 1,
      elapsedMs: elapsedSince(segment.header.createdAt, now),
      start: segment.readableEnd,
    }
    const encoded = this.#encoder.encode(
      frame,
      batch.flatMap((group) => group.records),
    )
    try {
      await writeFully(file, encoded.chunks, segment.readableEnd)
    } catch (error) {
      if (!isNoSpace(error)) await this.#abandon(segment, file)
      else {
        this.#state = { ...state, kind: 'cut-back' }
        await this.#cutBack({ ...state, kind: 'cut-back' })
      }
      throw this.#refusal(error, 'The batch cannot be written.')
    }
    try {
      await file.datasync()
    } catch (error) {
      await this.#abandon(segment, file)
      throw this.#refusal(error, 'The batch cannot be synced.')
    }
    for (const [index, offset] of encoded.offsets.entries()) segment.noteRecord(firstSeq + index, offset)
    this.#lastBatch++
    this.#durableSeq = firstSeq + encoded.offsets.length - 1
    segment.lastSeq = this.#durableSeq
    segment.lastAt = now
    segment.readableEnd = encoded.end
    this.#options.onDurable(this.#durableSeq)
    return firstSeq
  }

  /**
   * Gives a segment up after its device failed. Kernels mark pages clean when a sync fails, so a later success would prove nothing.
   */
  async #abandon(segment: Segment, file: OpenFile): Promise<void> {
    this.#state = { kind: 'detached', resume: undefined }
    await file.close().catch(ignore)
    if (segment.lastSeq >= segment.baseSeq) return
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

/** Clocks jump; the field holds 32 bits. */
function elapsedSince(createdAt: number, now: number): number {
  return Math.min(Math.max(now - createdAt, 0), 0xffff_ffff)
}

function ignore(): void {}
