import { crc32 } from 'node:zlib'
import { readDespiteDamage, readFully } from './file-io.ts'
import type { OpenFile } from './file-system.ts'
import {
  decodeRecordHeader,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  recordBytes,
  type SegmentKey,
} from './record-codec.ts'
import type { RecordPlace } from './sparse-index.ts'

/**
 * One step through a file of records.
 *
 * - `record`: a record whose checksums hold. `body` is a view that the next `fill` overwrites.
 * - `damaged-body`: the header holds, the body does not. It is skipped by its length, so it costs one record.
 * - `fill`: more bytes are needed; call `fill()`.
 * - `end`: nothing more up to the end.
 */
export type FrameStep =
  | { readonly kind: 'record'; readonly header: RecordHeader; readonly body: Buffer<ArrayBuffer>; readonly at: number }
  | { readonly kind: 'damaged-body'; readonly header: RecordHeader; readonly at: number }
  | { readonly kind: 'fill' }
  | { readonly kind: 'end' }

const FILL: FrameStep = { kind: 'fill' }
const END: FrameStep = { kind: 'end' }

export interface FrameReaderOptions {
  readonly file: OpenFile
  readonly key: SegmentKey
  /** Where the first record is expected. */
  readonly offset: number
  /** Where the readable part of the file ends. */
  readonly end: number
  /** Sequence number of the first record. Records below it are not taken for records. */
  readonly expectedSeq: number
  readonly chunkBytes: number
  /** What the device cannot read: an error, or damage like any other. */
  readonly unreadable: 'error' | 'damage'
}

/**
 * Walks through the records of a segment. After damage it looks for the next place, at multiples of 8, where the segment's marker
 * stands and every checksum holds. Payload bytes cannot imitate that: the marker and the checksum's seed are random.
 */
export class FrameReader {
  readonly #file: OpenFile
  readonly #key: SegmentKey
  readonly #chunkBytes: number
  readonly #read: typeof readFully
  #memory: Buffer<ArrayBuffer> = Buffer.alloc(0)
  #chunk: Buffer<ArrayBuffer> = Buffer.alloc(0)
  /** File offset of the chunk's first byte. */
  #chunkAt = 0
  #offset: number
  #end: number
  #expectedSeq: number
  /** End of the last good record: between it and a later record there must be room for all that are missing. */
  #goodEnd: number
  /** Whether the marker is being searched. */
  #lost = false
  /** Bytes that must be in the chunk, from `#offset` on, before the next step. */
  #wanted = RECORD_HEADER_BYTES

  constructor(options: FrameReaderOptions) {
    this.#file = options.file
    this.#key = options.key
    this.#chunkBytes = options.chunkBytes
    this.#read = options.unreadable === 'damage' ? readDespiteDamage : readFully
    this.#offset = options.offset
    this.#goodEnd = options.offset
    this.#end = options.end
    this.#expectedSeq = options.expectedSeq
  }

  /** End of the last good record, with its padding. */
  get goodEnd(): number {
    return this.#goodEnd
  }

  /** Sequence number that follows the last good record. */
  get expectedSeq(): number {
    return this.#expectedSeq
  }

  /** Lets the reader go on to a later end of the same file. */
  extend(end: number): void {
    this.#end = end
  }

  /** Goes on at another place of the same file. */
  seek({ seq, offset }: RecordPlace): void {
    this.#offset = offset
    this.#goodEnd = offset
    this.#expectedSeq = seq
    this.#lost = false
    this.#wanted = RECORD_HEADER_BYTES
  }

  /** The next step, without waiting. */
  step(): FrameStep {
    for (;;) {
      if (this.#offset + RECORD_HEADER_BYTES > this.#end) return END
      if (!this.#has(RECORD_HEADER_BYTES)) return this.#want(RECORD_HEADER_BYTES)
      if (this.#lost && !this.#seekMarker()) continue
      const at = this.#offset
      const start = at - this.#chunkAt
      const header = decodeRecordHeader(this.#chunk, this.#key, start)
      if (header === undefined || !this.#isPlausible(header, at)) {
        this.#lost = true
        this.#offset += 8
        continue
      }
      const bytes = RECORD_HEADER_BYTES + header.bodyBytes
      if (!this.#has(bytes)) return this.#want(bytes)
      const body = this.#chunk.subarray(start + RECORD_HEADER_BYTES, start + bytes)
      this.#lost = false
      this.#offset = at + recordBytes(header.bodyBytes)
      if (crc32(body) !== header.bodyCrc) return { kind: 'damaged-body', header, at }
      this.#goodEnd = this.#offset
      this.#expectedSeq = header.seq + 1
      return { kind: 'record', header, body, at }
    }
  }

  /** Reads what the last `fill` step asked for, and what is near. */
  async fill(): Promise<void> {
    const available = this.#end - this.#offset
    const bytes = Math.min(available, Math.max(this.#wanted, this.#chunkBytes))
    // The memory is used again: chunk after chunk it would pile up faster than it is collected.
    if (this.#memory.length < bytes) this.#memory = Buffer.allocUnsafeSlow(bytes)
    const count = await this.#read(this.#file, this.#memory.subarray(0, bytes), this.#offset)
    this.#chunk = this.#memory.subarray(0, count)
    this.#chunkAt = this.#offset
    // The file is shorter than it should be: what is not there cannot be read later either.
    if (count < this.#wanted) this.#end = this.#offset + count
  }

  #has(bytes: number): boolean {
    return this.#offset >= this.#chunkAt && this.#offset + bytes <= this.#chunkAt + this.#chunk.length
  }

  #want(bytes: number): FrameStep {
    this.#wanted = bytes
    return FILL
  }

  #isPlausible(header: RecordHeader, at: number): boolean {
    const missing = header.seq - this.#expectedSeq
    return (
      missing >= 0 &&
      missing <= (at - this.#goodEnd) / RECORD_HEADER_BYTES &&
      at + RECORD_HEADER_BYTES + header.bodyBytes <= this.#end
    )
  }

  /** Moves to the next marker within the chunk; false when there is none and the search goes on behind the chunk. */
  #seekMarker(): boolean {
    let start = this.#offset - this.#chunkAt
    for (;;) {
      const found = this.#chunk.indexOf(this.#key.marker, start)
      if (found === -1) {
        // A marker may begin in the last 7 bytes of the chunk.
        this.#offset = Math.max(this.#offset, alignUp(this.#chunkAt + this.#chunk.length - 7))
        // The chunk always holds a header's length here, so this moves ahead.
        return false
      }
      if ((this.#chunkAt + found) % 8 === 0) {
        this.#offset = this.#chunkAt + found
        // The header itself may reach beyond the chunk.
        return this.#has(RECORD_HEADER_BYTES)
      }
      start = found + 1
    }
  }
}

function alignUp(offset: number): number {
  return Math.ceil(offset / 8) * 8
}
