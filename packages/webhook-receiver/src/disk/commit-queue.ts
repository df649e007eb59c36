import type { RecordInput } from './record-input.ts'
import { recordBytes } from './record-codec.ts'

const MAX_RECORDS_PER_BATCH = 4096

/** Records that are to become durable together, and who is told what becomes of them. */
export interface CommitGroup {
  readonly records: readonly RecordInput[]
  /** Bytes that they take in the file. */
  readonly bytes: number
  /**
   * Called in the turn in which the records become durable, before anything else can happen: with the number of the first, and the time of
   * their append, ms since the epoch.
   */
  committed?(firstSeq: number, at: number): void
  /** The records are durable and may be acknowledged. */
  resolve(firstSeq: number): void
  /** None of the records is stored. */
  reject(error: unknown): void
}

/** What has become durable together. */
export interface CommittedBatch {
  /** Number of the first record. */
  readonly firstSeq: number
  readonly lastSeq: number
  readonly groups: readonly CommitGroup[]
}

/** What waits to be written, in order. */
export class CommitQueue {
  readonly #maxBatchBytes: number
  #groups: CommitGroup[] = []
  #bytes = 0

  constructor(maxBatchBytes: number) {
    this.#maxBatchBytes = maxBatchBytes
  }

  /** Bytes that wait or are being written. */
  get bytes(): number {
    return this.#bytes
  }

  /** Number of groups that wait to be taken. */
  get waiting(): number {
    return this.#groups.length
  }

  /** Whether what waits is enough for a batch, while none is being written. */
  get fillsBatch(): boolean {
    return this.#bytes >= this.#maxBatchBytes
  }

  add(group: CommitGroup): void {
    this.#bytes += group.bytes
    this.#groups.push(group)
  }

  /** The next groups, as many as fit into a batch, at most `most`. Their bytes count as waiting until `settled`. */
  takeBatch(most: number): CommitGroup[] {
    let bytes = 0
    let records = 0
    let count = 0
    for (const group of this.#groups) {
      bytes += group.bytes
      records += group.records.length
      if (count > 0 && (count === most || bytes > this.#maxBatchBytes || records > MAX_RECORDS_PER_BATCH)) break
      count++
    }
    if (count < this.#groups.length) return this.#groups.splice(0, count)
    const all = this.#groups
    this.#groups = []
    return all
  }

  /** A batch is through or has failed. */
  settled(batch: readonly CommitGroup[]): void {
    for (const group of batch) this.#bytes -= group.bytes
  }
}

/** Bytes that records take in the file. */
export function bytesOf(records: readonly RecordInput[]): number {
  let bytes = 0
  for (const record of records) bytes += recordBytes(record.metaBytes + record.body.length)
  return bytes
}
