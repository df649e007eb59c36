import { type BodyCodec, plainBodies } from './body/body-codec.ts'
import { isUnreadable, readFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { FrameReader } from './frame-reader.ts'
import { pooledCopyOf } from './pooled-copy.ts'
import { sliced } from './work-slices.ts'
import type { RecordHeader } from './record-codec.ts'
import type { Segment } from './segment.ts'
import { SEGMENT_HEADER_BYTES } from './segment-format.ts'
import { readIndex } from './segment-sealer.ts'
import type { SeqRange } from './seq.ts'
import type { RecordPlace } from './sparse-index.ts'

const READ_CHUNK_BYTES = 256 * 1024
/** How often a place is tried that the device cannot read before it counts as damaged. */
const READ_ATTEMPTS = 3

/**
 * Records that are decrypted or decompressed in one turn of the event loop, and in one read where there is something to give: some milliseconds. Without
 * a pause a long backlog would hold the loop, and nothing of it would be delivered before much of it was read.
 */
const OPENED_AT_ONCE = 32

/** A record as it is read back. */
export interface LogRecord {
  readonly kind: 'record'
  readonly seq: number
  readonly meta: string
  readonly body: Buffer<ArrayBuffer>
  /** Whether it had to be decrypted or decompressed. */
  readonly wasOpened: boolean
}

/** A record, or the exact place of lost ones. */
export type LogItem = LogRecord | { readonly kind: 'hole'; readonly hole: SeqRange }

/** What a reader needs to know of the log. */
export interface ReadableLog {
  readonly segments: readonly Segment[]
  readonly durableSeq: number
  readonly firstSeq: number
  noteHole(hole: SeqRange): void
  /** Calls back each time segments were given up. Returns a function that takes the wish back. */
  onRelease(callback: () => void): () => void
}

export interface LogReaderOptions {
  readonly fileSystem: FileSystem
  /** Records of other types are passed over. */
  readonly recordType: number
  readonly bodies?: BodyCodec
}

interface OpenSegment {
  readonly segment: Segment
  readonly file: OpenFile
  readonly frames: FrameReader
  /** First number of the segment that follows, once there is one. */
  nextBase?: number | undefined
}

/** Reads the durable part of a log in order. One call of `read` at a time. */
export class LogReader {
  readonly #log: ReadableLog
  readonly #fileSystem: FileSystem
  readonly #recordType: number
  readonly #bodies: BodyCodec
  #open: OpenSegment | undefined
  /** Ends the watch over the open segment. */
  #unwatch: (() => void) | undefined
  #isReading = false
  #nextSeq = 0
  /** Counts records that were decrypted or decompressed. */
  readonly #pauses: () => Promise<void> | undefined = sliced(OPENED_AT_ONCE)
  /** Reads in a row that the device failed. */
  #failedReads = 0
  /** A record that was read behind a hole and did not fit any more. */
  #held: LogRecord | undefined

  constructor(log: ReadableLog, { fileSystem, recordType, bodies }: LogReaderOptions) {
    this.#log = log
    this.#fileSystem = fileSystem
    this.#recordType = recordType
    this.#bodies = bodies ?? plainBodies
  }

  /** Reads on behind `afterSeq`: at most `limit` items, and no more once `maxBytes` of bodies are reached. */
  async read(afterSeq: number, limit: number, maxBytes: number): Promise<LogItem[]> {
    const from = Math.max(afterSeq + 1, this.#log.firstSeq)
    const items: LogItem[] = []
    let bytes = 0
    this.#isReading = true
    try {
      if (from !== this.#nextSeq) await this.#moveTo(from)
      while (items.length < limit && (bytes < maxBytes || items.length === 0)) {
        const next = this.#held ?? this.#next()
        const item = next instanceof Promise ? await next : next
        this.#held = undefined
        if (item === undefined) break
        if (item.kind === 'record' && item.seq > this.#nextSeq) {
          this.#held = item
          items.push(this.#holeUpTo(item.seq - 1))
          continue
        }
        if (item.kind === 'record') {
          this.#nextSeq = item.seq + 1
          bytes += item.meta.length + item.body.length
        }
        items.push(item)
        const pause = item.kind === 'record' && item.wasOpened ? this.#pauses() : undefined
        if (pause !== undefined) {
          await pause
          break
        }
      }
    } catch (error) {
      // What was read so far is read again.
      await this.#leaveFor(0).catch(() => undefined)
      if (isUnreadable(error)) this.#failedReads++
      throw error
    } finally {
      this.#isReading = false
      this.#letGo()
    }
    // The place is passed; the next one is tried as often.
    if (this.#failedReads > 0) await this.#leaveFor(0)
    this.#failedReads = 0
    return items
  }

  async close(): Promise<void> {
    await this.#leaveFor(0)
  }

  /** The place of a deleted file is free once nobody has it open, and who has nothing to read might keep it open for days. */
  #letGo(): void {
    const open = this.#open
    if (this.#isReading || open === undefined || this.#log.segments.includes(open.segment)) return
    void this.#leaveFor(this.#nextSeq).catch(() => undefined)
  }

  /** Goes on at another place, in the same file where that is there: the events in between may have been handed over. */
  async #moveTo(seq: number): Promise<void> {
    const open = this.#open
    if (open === undefined || open.segment !== this.#segmentWith(seq)) return this.#leaveFor(seq)
    this.#held = undefined
    this.#nextSeq = seq
    const { frames } = open
    const place = await placeBefore(open.file, open.segment, seq)
    if (seq < frames.expectedSeq || place.seq > frames.expectedSeq) frames.seek(place)
  }

  async #leaveFor(seq: number): Promise<void> {
    const open = this.#open
    this.#open = undefined
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#held = undefined
    this.#nextSeq = seq
    await open?.file.close()
  }

  #holeUpTo(to: number): LogItem {
    const hole = { from: this.#nextSeq, to }
    this.#nextSeq = to + 1
    this.#log.noteHole(hole)
    return { kind: 'hole', hole }
  }

  /**
   * The next record, or a hole up to the end of a segment, or nothing while nothing more is durable. Most records are in memory with their neighbours: a
   * promise for each would cost as much as reading it.
   */
  #next(): LogRecord | Promise<LogItem | undefined> {
    const open = this.#nextSeq > this.#log.durableSeq ? undefined : this.#open
    const found = open === undefined ? 'fill' : this.#recordInMemory(open)
    if (typeof found === 'object' && !(found instanceof Promise)) return found
    return this.#nextFromDisk(found instanceof Promise ? found : undefined)
  }

  /** The same with waiting. `begun`: a record of the open segment that is being opened. */
  async #nextFromDisk(begun: Promise<LogRecord | undefined> | undefined): Promise<LogItem | undefined> {
    const opened = await begun
    if (opened !== undefined) return opened
    for (;;) {
      // Taken together, without waiting in between: they belong to each other.
      const { durableSeq } = this.#log
      if (this.#nextSeq > durableSeq) return undefined
      const open = this.#open ?? (await this.#openSegment(this.#nextSeq))
      if (open === undefined) {
        if (this.#nextSeq < this.#log.firstSeq) {
          // Released while it was being read.
          this.#nextSeq = this.#log.firstSeq
          continue
        }
        const firstLater = this.#log.segments.find((segment) => segment.baseSeq > this.#nextSeq)
        return this.#holeUpTo(firstLater === undefined ? durableSeq : firstLater.baseSeq - 1)
      }
      this.#open = open
      this.#unwatch ??= this.#log.onRelease(() => this.#letGo())
      const nextBase = this.#nextBaseOf(open)
      const lastSeq = nextBase === undefined ? durableSeq : nextBase - 1
      open.frames.extend(open.segment.readableEnd)
      const record = await this.#nextRecord(open)
      if (record !== undefined) return record
      if (nextBase !== undefined) {
        this.#open = undefined
        await open.file.close()
      }
      if (this.#nextSeq < this.#log.firstSeq) this.#nextSeq = Math.min(this.#log.firstSeq, lastSeq + 1)
      if (this.#nextSeq <= lastSeq) return this.#holeUpTo(lastSeq)
      if (nextBase === undefined) return undefined
    }
  }

  #nextBaseOf(open: OpenSegment): number | undefined {
    const { segments } = this.#log
    if (segments.at(-1) === open.segment) return undefined
    open.nextBase ??= segments.find(({ baseSeq }) => baseSeq > open.segment.baseSeq)?.baseSeq
    return open.nextBase
  }

  async #nextRecord(open: OpenSegment): Promise<LogRecord | undefined> {
    for (;;) {
      const found = this.#recordInMemory(open)
      if (found === 'end') return undefined
      if (found === 'fill') {
        await open.frames.fill()
        continue
      }
      const record = found instanceof Promise ? await found : found
      if (record !== undefined) return record
    }
  }

  /** The next record of those that were read from the file; a promise of it, or of nothing if it is damaged, where it is to be opened first. */
  #recordInMemory({ frames, segment }: OpenSegment): LogRecord | Promise<LogRecord | undefined> | 'fill' | 'end' {
    for (;;) {
      const step = frames.step()
      if (step.kind === 'end' || step.kind === 'fill') return step.kind
      if (step.kind === 'damaged-body') continue
      const { header, body } = step
      if (header.type !== this.#recordType || header.seq < this.#nextSeq) continue
      const opened = this.#bodies.open(segment.header, header, body)
      if (opened === body) return recordOf(header, body, false)
      if (opened instanceof Promise)
        return opened.then((content) => (content === undefined ? undefined : recordOf(header, content, true)))
      // Its checksum holds and it is not what was encrypted: it counts as damaged.
      if (opened !== undefined) return recordOf(header, opened, true)
    }
  }

  #segmentWith(seq: number): Segment | undefined {
    return this.#log.segments.findLast(({ baseSeq }) => baseSeq <= seq)
  }

  async #openSegment(seq: number): Promise<OpenSegment | undefined> {
    const segment = this.#segmentWith(seq)
    if (segment === undefined) return undefined
    const file = await this.#fileSystem.open(segment.path, 'read')
    const countsAsDamage = this.#failedReads >= READ_ATTEMPTS - 1
    let place: RecordPlace
    try {
      // A device that reads nothing at all is away, not damaged.
      if (countsAsDamage) await readFully(file, Buffer.alloc(SEGMENT_HEADER_BYTES), 0)
      place = await placeBefore(file, segment, seq)
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
    const frames = new FrameReader({
      file,
      key: segment.key,
      offset: place.offset,
      end: segment.readableEnd,
      expectedSeq: place.seq,
      chunkBytes: READ_CHUNK_BYTES,
      unreadable: countsAsDamage ? 'damage' : 'error',
    })
    return { segment, file, frames }
  }
}

function recordOf({ seq, metaBytes }: RecordHeader, content: Buffer<ArrayBuffer>, wasOpened: boolean): LogRecord {
  const body = content.subarray(metaBytes)
  const meta = content.toString('utf8', 0, metaBytes)
  // The chunk is overwritten by the next fill.
  return { kind: 'record', seq, meta, body: wasOpened ? body : pooledCopyOf(body), wasOpened }
}

/** The nearest known beginning of a record at or before `seq`. */
async function placeBefore(file: OpenFile, segment: Segment, seq: number): Promise<RecordPlace> {
  const start = { seq: segment.baseSeq, offset: SEGMENT_HEADER_BYTES }
  if (seq === segment.baseSeq) return start
  return (await readIndex(file, segment)).placeBefore(seq) ?? start
}
