import { crc32 } from 'node:zlib'
import { openIfPresent, readDespiteDamage, readFully } from '../file-io.ts'
import type { FileSystem, OpenFile } from '../file-system.ts'
import { BloomFilter } from './bloom-filter.ts'
import { type Fingerprint, FINGERPRINT_BYTES, wordOf, words } from './fingerprint.ts'
import { ENTRY_BYTES, type StoredId, storedIdAt } from './id-entry.ts'
import { BUCKET_BYTES, decodeRunHeader, type IdRunHeader, RUN_HEADER_BYTES } from './id-run-format.ts'

/**
 * The ids of a range of records in a file, sorted by fingerprint. Memory holds the filter and where each bucket ends; an id that passes
 * the filter costs one read of some kilobytes.
 */
export class IdRun {
  readonly path: string
  readonly header: IdRunHeader
  readonly #file: OpenFile
  readonly #filter: BloomFilter
  readonly #table: Buffer
  #damaged = false

  constructor(path: string, file: OpenFile, header: IdRunHeader, table: Buffer, filter: BloomFilter) {
    this.path = path
    this.header = header
    this.#file = file
    this.#table = table
    this.#filter = filter
  }

  /** Opens a run, or says that it is damaged. */
  static async open(fileSystem: FileSystem, path: string): Promise<IdRun | undefined> {
    const file = await openIfPresent(fileSystem, path, 'read')
    if (file === undefined) return undefined
    try {
      const run = await load(path, file)
      if (run === undefined) await file.close()
      return run
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
  }

  /** Whether a part of it was found to be damaged. */
  get isDamaged(): boolean {
    return this.#damaged
  }

  get bytes(): number {
    return RUN_HEADER_BYTES + this.header.count * ENTRY_BYTES + this.#table.length + this.header.filterBytes
  }

  /** False: the id is not here. */
  mayHave(fingerprint: Fingerprint): boolean {
    return this.header.count > 0 && this.#filter.mayHave(fingerprint)
  }

  /** Looks an id up. What is damaged or cannot be read counts as unknown: its sender gets the event stored again. */
  async find(fingerprint: Fingerprint): Promise<StoredId | undefined> {
    const { bucketBits } = this.header
    const bucket = bucketOf(wordOf(fingerprint, words.bucket), bucketBits)
    const entries = await this.readBuckets(bucket, bucket + 1)
    if (entries === undefined) return undefined
    const wanted = Buffer.from(fingerprint, 'latin1')
    for (let offset = 0; offset < entries.length; offset += ENTRY_BYTES) {
      if (entries.compare(wanted, 0, FINGERPRINT_BYTES, offset, offset + FINGERPRINT_BYTES) === 0)
        return storedIdAt(entries, offset)
    }
    return undefined
  }

  /** The entries of some buckets, in order; `undefined` when they are damaged. */
  async readBuckets(from: number, to: number): Promise<Buffer | undefined> {
    const first = this.#endOf(from - 1)
    const entries = Buffer.allocUnsafe((this.#endOf(to - 1) - first) * ENTRY_BYTES)
    const length = await readFully(this.#file, entries, RUN_HEADER_BYTES + first * ENTRY_BYTES).catch(() => -1)
    let at = 0
    for (let bucket = from; bucket < to && length === entries.length; bucket++) {
      const end = (this.#endOf(bucket) - first) * ENTRY_BYTES
      if (crc32(entries.subarray(at, end)) !== this.#table.readUInt32LE(bucket * BUCKET_BYTES + 4)) break
      at = end
    }
    if (at === entries.length && length === entries.length) return entries
    this.#damaged = true
    return undefined
  }

  /** Makes the filter anew from the ids. */
  async fillFilter(): Promise<void> {
    this.#filter.bytes.fill(0)
    for (let bucket = 0; bucket < 2 ** this.header.bucketBits; bucket++) {
      const entries = (await this.readBuckets(bucket, bucket + 1)) ?? Buffer.alloc(0)
      for (let offset = 0; offset < entries.length; offset += ENTRY_BYTES)
        this.#filter.add(entries.readUInt32BE(offset + words.filter), entries.readUInt32BE(offset + words.filterStep))
    }
  }

  /** Nobody may be reading. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined)
  }

  /** Number of ids in the buckets up to this one. */
  #endOf(bucket: number): number {
    return bucket < 0 ? 0 : this.#table.readUInt32LE(bucket * BUCKET_BYTES)
  }
}

/** The bucket that the first word of a fingerprint chooses. */
export function bucketOf(word: number, bucketBits: number): number {
  return bucketBits === 0 ? 0 : word >>> (32 - bucketBits)
}

async function load(path: string, file: OpenFile): Promise<IdRun | undefined> {
  const head = Buffer.alloc(RUN_HEADER_BYTES)
  await readDespiteDamage(file, head, 0)
  const header = decodeRunHeader(head)
  if (header === undefined) return undefined
  const table = Buffer.alloc(2 ** header.bucketBits * BUCKET_BYTES)
  const filter = Buffer.alloc(header.filterBytes)
  const tableAt = RUN_HEADER_BYTES + header.count * ENTRY_BYTES
  await readDespiteDamage(file, table, tableAt)
  if (crc32(table) !== header.tableCrc) return undefined
  await readDespiteDamage(file, filter, tableAt + table.length)
  const run = new IdRun(path, file, header, table, new BloomFilter(filter))
  if (crc32(filter) !== header.filterCrc) await run.fillFilter()
  return run
}
