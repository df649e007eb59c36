import { crc32 } from 'node:zlib'
import { BloomFilter } from './bloom-filter.ts'
import { sortedOffsets } from './entry-sorter.ts'
import { words } from './fingerprint.ts'
import { copyEntry, ENTRY_BYTES, storedIdAt } from './id-entry.ts'
import { BUCKET_BYTES } from './id-run-format.ts'
import { bucketOf } from './id-run.ts'

/** Ids in a bucket: what one lookup reads. */
const IDS_PER_BUCKET = 128
/** Ids that are sorted at once: one or two milliseconds of work. */
const IDS_PER_PART = 4096

/** Lays the ids of a run out, part by part, and gathers what stands behind them in the file. */
export class IdRunLayout {
  /** The first bits of a fingerprint choose its part. */
  readonly partBits: number
  readonly bucketBits: number
  readonly table: Buffer
  readonly filter: BloomFilter
  /** Ids so far. */
  count = 0
  /** Time of their latest append, ms since the epoch. */
  newestAt = 0
  readonly #since: number
  /** The first bucket that is not complete. */
  #bucket = 0

  /** `since`: ids from before are left out, ms since the epoch. */
  constructor(atMost: number, since: number) {
    this.partBits = bitsFor(atMost / IDS_PER_PART)
    this.bucketBits = Math.max(this.partBits, bitsFor(atMost / IDS_PER_BUCKET))
    this.table = Buffer.alloc(2 ** this.bucketBits * BUCKET_BYTES)
    this.filter = BloomFilter.forCount(atMost)
    this.#since = since
  }

  /** The entries of the next part as the file has them, made of those of all sources. */
  lay(part: number, entries: Buffer): Buffer {
    const laid = Buffer.allocUnsafe(entries.length)
    const endOfPart = (part + 1) * 2 ** (this.bucketBits - this.partBits)
    let bucketStart = 0
    let end = 0
    for (const offset of sortedOffsets(entries, this.partBits)) {
      const { at } = storedIdAt(entries, offset)
      if (at < this.#since) continue
      const bucket = bucketOf(entries.readUInt32BE(offset + words.bucket), this.bucketBits)
      if (bucket > this.#bucket) {
        this.#endBuckets(bucket, laid.subarray(bucketStart, end))
        bucketStart = end
      }
      copyEntry(entries, offset, laid, end)
      end += ENTRY_BYTES
      this.filter.add(entries.readUInt32BE(offset + words.filter), entries.readUInt32BE(offset + words.filterStep))
      if (at > this.newestAt) this.newestAt = at
    }
    this.#endBuckets(endOfPart, laid.subarray(bucketStart, end))
    return laid.subarray(0, end)
  }

  /** The entries belong to the first bucket that is not complete; those behind it, up to `next`, have none. */
  #endBuckets(next: number, entries: Buffer): void {
    this.count += entries.length / ENTRY_BYTES
    let crc = crc32(entries)
    for (; this.#bucket < next; this.#bucket++) {
      this.table.writeUInt32LE(this.count, this.#bucket * BUCKET_BYTES)
      this.table.writeUInt32LE(crc, this.#bucket * BUCKET_BYTES + 4)
      crc = 0
    }
  }
}

/** Bits of the smallest power of two that is at least this. */
function bitsFor(count: number): number {
  return count <= 1 ? 0 : Math.ceil(Math.log2(count))
}
