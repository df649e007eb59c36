import { crc32 } from 'node:zlib'
import { writeFully } from '../file-io.ts'
import type { FileSystem, OpenFile } from '../file-system.ts'
import { FORMAT_VERSION } from '../segment-format.ts'
import type { SeqRange } from '../seq.ts'
import { BloomFilter } from './bloom-filter.ts'
import { sortedOffsets } from './entry-sorter.ts'
import { words } from './fingerprint.ts'
import { copyEntry, ENTRY_BYTES, storedIdAt } from './id-entry.ts'
import { bucketOf, IdRun } from './id-run.ts'
import {
  BUCKET_BYTES,
  encodeRunHeader,
  type IdRunHeader,
  RUN_HEADER_BYTES,
  runName,
  unfinishedRunName,
} from './id-run-format.ts'
import type { IdSource } from './id-source.ts'

/** Ids in a bucket: what one lookup reads. */
const IDS_PER_BUCKET = 128
/** Ids that are sorted at once: one or two milliseconds of work. */
const IDS_PER_PART = 4096

export interface RunOrder {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly key: string
  readonly range: SeqRange
  readonly sources: readonly IdSource[]
  /** Ids from before are left out, ms since the epoch. */
  readonly since: number
  /** Gives the run up. */
  readonly signal?: AbortSignal
}

/**
 * Writes a run, durably. It takes its name when it is complete, so a crash leaves it whole or not at all. An id that several sources have is
 * kept with its latest event.
 */
export async function writeRun(order: RunOrder): Promise<IdRun> {
  const { fileSystem, directory, range } = order
  const path = `${directory}/${runName(range)}`
  const unfinished = `${directory}/${unfinishedRunName(range)}`
  await fileSystem.remove(unfinished)
  const file = await fileSystem.open(unfinished, 'create')
  try {
    const { header, table, filter } = await writeContent(file, order)
    await file.datasync()
    await fileSystem.rename(unfinished, path)
    await fileSystem.syncDirectory(directory)
    return new IdRun(path, file, header, table, filter)
  } catch (error) {
    await file.close().catch(() => undefined)
    await fileSystem.remove(unfinished).catch(() => undefined)
    throw error
  }
}

async function writeContent(
  file: OpenFile,
  { sources, range, key, since, signal }: RunOrder,
): Promise<{ readonly header: IdRunHeader; readonly table: Buffer; readonly filter: BloomFilter }> {
  const atMost = sources.reduce((sum, { count }) => sum + count, 0)
  const partBits = bitsFor(atMost / IDS_PER_PART)
  const bucketBits = Math.max(partBits, bitsFor(atMost / IDS_PER_BUCKET))
  const filter = BloomFilter.forCount(atMost)
  const table = Buffer.alloc(2 ** bucketBits * BUCKET_BYTES)
  const parts = 2 ** partBits
  const gather = async (part: number): Promise<Buffer> =>
    Buffer.concat(await Promise.all(sources.map((source) => source.part(part, partBits))))
  let count = 0
  let newestAt = 0
  let gathered = await gather(0)
  for (let part = 0; part < parts; part++) {
    signal?.throwIfAborted()
    const kept = Buffer.allocUnsafe(gathered.length)
    let end = 0
    let bucket = part * 2 ** (bucketBits - partBits)
    let bucketStart = 0
    const closeBucketsBefore = (next: number): void => {
      for (; bucket < next; bucket++) {
        table.writeUInt32LE(count, bucket * BUCKET_BYTES)
        table.writeUInt32LE(crc32(kept.subarray(bucketStart, end)), bucket * BUCKET_BYTES + 4)
        bucketStart = end
      }
    }
    for (const offset of sortedOffsets(gathered, partBits)) {
      const { at } = storedIdAt(gathered, offset)
      if (at < since) continue
      closeBucketsBefore(bucketOf(gathered.readUInt32BE(offset + words.bucket), bucketBits))
      copyEntry(gathered, offset, kept, end)
      end += ENTRY_BYTES
      filter.add(gathered.readUInt32BE(offset + words.filter), gathered.readUInt32BE(offset + words.filterStep))
      newestAt = Math.max(newestAt, at)
      count++
    }
    closeBucketsBefore((part + 1) * 2 ** (bucketBits - partBits))
    // Waiting is also what lets the event loop go on between two parts. Both are waited for, whatever fails: nothing may be under way when the file is closed.
    const writing =
      end > 0
        ? writeFully(file, [kept.subarray(0, end)], RUN_HEADER_BYTES + count * ENTRY_BYTES - end)
        : Promise.resolve()
    const [next] = await bothOf(part + 1 < parts ? gather(part + 1) : Promise.resolve(Buffer.alloc(0)), writing)
    gathered = next
  }
  const header: IdRunHeader = {
    formatVersion: FORMAT_VERSION,
    range,
    count,
    newestAt,
    bucketBits,
    filterBytes: filter.bytes.length,
    key,
    tableCrc: crc32(table),
    filterCrc: crc32(filter.bytes),
  }
  await writeFully(file, [table, filter.bytes], RUN_HEADER_BYTES + count * ENTRY_BYTES)
  await writeFully(file, [encodeRunHeader(header)], 0)
  return { header, table, filter }
}

async function bothOf<First, Second>(first: Promise<First>, second: Promise<Second>): Promise<[First, Second]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}

/** Bits of the smallest power of two that is at least this. */
function bitsFor(count: number): number {
  return count <= 1 ? 0 : Math.ceil(Math.log2(count))
}
