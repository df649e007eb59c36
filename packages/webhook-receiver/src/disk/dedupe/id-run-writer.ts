import { crc32 } from 'node:zlib'
import { writeFully } from '../file-io.ts'
import type { FileSystem, OpenFile } from '../file-system.ts'
import { FORMAT_VERSION } from '../segment-format.ts'
import type { SeqRange } from '../seq.ts'
import type { BloomFilter } from './bloom-filter.ts'
import { ENTRY_BYTES } from './id-entry.ts'
import { IdRun } from './id-run.ts'
import { encodeRunHeader, type IdRunHeader, RUN_HEADER_BYTES, runName, unfinishedRunName } from './id-run-format.ts'
import { IdRunLayout } from './id-run-layout.ts'
import type { IdSource } from './id-source.ts'

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
  const layout = new IdRunLayout(atMost, since)
  const { partBits, bucketBits, table, filter } = layout
  const parts = 2 ** partBits
  const gather = async (part: number): Promise<Buffer> =>
    Buffer.concat(await Promise.all(sources.map((source) => source.part(part, partBits))))
  let gathered = await gather(0)
  for (let part = 0; part < parts; part++) {
    signal?.throwIfAborted()
    const position = RUN_HEADER_BYTES + layout.count * ENTRY_BYTES
    const laid = layout.lay(part, gathered)
    // Waiting is also what lets the event loop go on between two parts. Both are waited for, whatever fails: nothing may be under way when the file is closed.
    const writing = laid.length > 0 ? writeFully(file, [laid], position) : Promise.resolve()
    const [next] = await bothOf(part + 1 < parts ? gather(part + 1) : Promise.resolve(Buffer.alloc(0)), writing)
    gathered = next
  }
  const { count, newestAt } = layout
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
