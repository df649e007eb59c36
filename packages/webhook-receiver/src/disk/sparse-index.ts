import { SEGMENT_HEADER_BYTES } from './segment-format.ts'
import { readUint53, writeUint53 } from './seq.ts'

/** One entry for this many bytes of log: finding a record reads this much at most. */
const STEP_BYTES = 64 * 1024
const ENTRY_BYTES = 16

/** Where a record begins. */
export interface RecordPlace {
  readonly seq: number
  readonly offset: number
}

/** Where some of the records of a segment begin, in order. Without it a segment is read from its start. */
export class SparseIndex {
  readonly #seqs: number[] = []
  readonly #offsets: number[] = []

  /** Notes where a record begins, if the last note is far enough behind. Called in order. */
  note(seq: number, offset: number): void {
    const last = this.#offsets.at(-1) ?? SEGMENT_HEADER_BYTES
    if (offset - last < STEP_BYTES) return
    this.#seqs.push(seq)
    this.#offsets.push(offset)
  }

  /** Forgets what was noted from `offset` on, because the file was cut there. */
  forgetFrom(offset: number): void {
    const kept = this.#offsets.findIndex((noted) => noted >= offset)
    if (kept === -1) return
    this.#offsets.length = kept
    this.#seqs.length = kept
  }

  /** The nearest known beginning of a record at or before `seq`. */
  placeBefore(seq: number): RecordPlace | undefined {
    let low = 0
    let high = this.#seqs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#seqs[middle] ?? Infinity) <= seq) low = middle + 1
      else high = middle
    }
    const found = this.#seqs[low - 1]
    const offset = this.#offsets[low - 1]
    return found === undefined || offset === undefined ? undefined : { seq: found, offset }
  }

  /** The body of an index record. */
  encode(): Buffer {
    const body = Buffer.alloc(ENTRY_BYTES * this.#seqs.length)
    for (const [index, seq] of this.#seqs.entries()) {
      writeUint53(body, seq, ENTRY_BYTES * index)
      writeUint53(body, this.#offsets[index] ?? 0, ENTRY_BYTES * index + 8)
    }
    return body
  }

  /** Reads what `encode` wrote; its checksum has been verified before. */
  static decode(body: Buffer): SparseIndex {
    const index = new SparseIndex()
    for (let at = 0; at + ENTRY_BYTES <= body.length; at += ENTRY_BYTES) {
      index.#seqs.push(readUint53(body, at))
      index.#offsets.push(readUint53(body, at + 8))
    }
    return index
  }
}
