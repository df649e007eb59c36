import type { SegmentKey } from './record-codec.ts'
import { SEGMENT_HEADER_BYTES, type SegmentHeader, segmentKey } from './segment-format.ts'

// One index entry for this many bytes of log: finding a position reads this much at most.
const INDEX_STEP_BYTES = 64 * 1024

/** A segment file as the running log knows it. */
export class Segment {
  readonly path: string
  readonly header: SegmentHeader
  readonly key: SegmentKey
  /** End of what a reader may see: everything before it is durable. */
  readableEnd: number = SEGMENT_HEADER_BYTES
  /** Last sequence number that was durable here; one below the base while there is none. */
  lastSeq: number
  /** Time of the last append, ms since the epoch. */
  lastAt: number
  readonly #indexedSeqs: number[] = []
  readonly #indexedOffsets: number[] = []

  constructor(path: string, header: SegmentHeader) {
    this.path = path
    this.header = header
    this.key = segmentKey(header)
    this.lastSeq = header.baseSeq - 1
    this.lastAt = header.createdAt
  }

  get baseSeq(): number {
    return this.header.baseSeq
  }

  /** Notes where a record begins, if the last note is far enough behind. Called in order. */
  noteRecord(seq: number, offset: number): void {
    const last = this.#indexedOffsets.at(-1) ?? SEGMENT_HEADER_BYTES
    if (offset - last < INDEX_STEP_BYTES) return
    this.#indexedSeqs.push(seq)
    this.#indexedOffsets.push(offset)
  }

  /** Forgets what was noted from `offset` on, because the file was cut there. */
  forgetRecordsFrom(offset: number): void {
    const kept = this.#indexedOffsets.findIndex((noted) => noted >= offset)
    if (kept === -1) return
    this.#indexedOffsets.length = kept
    this.#indexedSeqs.length = kept
  }

  /** The nearest known beginning of a record at or before `seq`. */
  placeBefore(seq: number): { readonly seq: number; readonly offset: number } {
    let low = 0
    let high = this.#indexedSeqs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#indexedSeqs[middle] ?? Infinity) <= seq) low = middle + 1
      else high = middle
    }
    const indexed = this.#indexedSeqs[low - 1]
    const offset = this.#indexedOffsets[low - 1]
    return indexed === undefined || offset === undefined
      ? { seq: this.baseSeq, offset: SEGMENT_HEADER_BYTES }
      : { seq: indexed, offset }
  }
}
