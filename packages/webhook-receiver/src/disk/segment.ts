import type { SegmentKey } from './record-codec.ts'
import { SEGMENT_HEADER_BYTES, type SegmentHeader, segmentKey } from './segment-format.ts'
import { SparseIndex } from './sparse-index.ts'

/** What is known of a segment that has its seal. */
export interface SealedEnd {
  /** Where its index record begins; nothing is there when the seal begins at the same place. */
  readonly indexAt: number
  readonly sealAt: number
  /** Size of the file. */
  readonly bytes: number
}

/** A segment file as the running log knows it. */
export class Segment {
  readonly path: string
  readonly header: SegmentHeader
  readonly key: SegmentKey
  /** End of what a reader may see. */
  readableEnd: number = SEGMENT_HEADER_BYTES
  /** Last sequence number that was durable here; one below the base while there is none. */
  lastSeq: number
  /** Time of the last append, ms since the epoch. */
  lastAt: number
  /** Set once the seal is durable. The index is in the file then, and no longer here. */
  sealed: SealedEnd | undefined
  index: SparseIndex = new SparseIndex()

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

  /** Its name without the directory. */
  get name(): string {
    return this.path.slice(this.path.lastIndexOf('/') + 1)
  }

  get isEmpty(): boolean {
    return this.lastSeq < this.baseSeq
  }

  /** Bytes that it takes on the disk, what was allocated ahead not counted. */
  get bytes(): number {
    return this.sealed?.bytes ?? this.readableEnd
  }

  noteSealed(end: SealedEnd): void {
    this.sealed = end
    this.index = new SparseIndex()
  }
}
