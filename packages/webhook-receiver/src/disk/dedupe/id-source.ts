import type { SeqRange } from '../seq.ts'
import { words } from './fingerprint.ts'
import { copyEntry, ENTRY_BYTES } from './id-entry.ts'
import { bucketOf, type IdRun } from './id-run.ts'
import type { IdTable } from './id-table.ts'
import { sliced } from '../work-slices.ts'

/** Some 100 ns each. */
const STEPS_PER_SLICE = 8192

/** Ids that a run is made from. */
export interface IdSource {
  readonly range: SeqRange
  readonly count: number
  /** The entries whose fingerprints begin with these bits. */
  part(part: number, partBits: number): Promise<Buffer>
}

/** The ids of a table, which must not change any more. */
export function tableSource(table: IdTable, range: SeqRange): IdSource {
  let divided: Promise<Buffer[]> | undefined
  return {
    range,
    count: table.size,
    part: async (part, partBits) => {
      divided ??= divide(table.entries, partBits)
      return (await divided)[part] ?? Buffer.alloc(0)
    },
  }
}

/** The ids of a run. Parts of it that are damaged are left out. */
export function runSource(run: IdRun): IdSource {
  const { bucketBits, range, count } = run.header
  return {
    range,
    count,
    part: async (part, partBits) => {
      if (bucketBits >= partBits) {
        const size = 2 ** (bucketBits - partBits)
        return (await run.readBuckets(part * size, (part + 1) * size)) ?? Buffer.alloc(0)
      }
      const bucket = part >>> (partBits - bucketBits)
      const entries = (await run.readBuckets(bucket, bucket + 1)) ?? Buffer.alloc(0)
      return Buffer.concat(
        entriesOf(entries).filter((entry) => bucketOf(entry.readUInt32BE(words.bucket), partBits) === part),
      )
    },
  }
}

/** Sorts entries into parts by their first bits. */
async function divide(entries: Buffer, partBits: number): Promise<Buffer[]> {
  const pause = sliced(STEPS_PER_SLICE)
  const counts = new Uint32Array(2 ** partBits)
  for (let offset = 0; offset < entries.length; offset += ENTRY_BYTES) {
    const part = bucketOf(entries.readUInt32BE(offset + words.bucket), partBits)
    counts[part] = (counts[part] ?? 0) + 1
  }
  const parts = [...counts].map((count) => Buffer.allocUnsafeSlow(count * ENTRY_BYTES))
  const ends = new Uint32Array(counts.length)
  for (let offset = 0; offset < entries.length; offset += ENTRY_BYTES) {
    const part = bucketOf(entries.readUInt32BE(offset + words.bucket), partBits)
    const end = ends[part] ?? 0
    const target = parts[part]
    if (target !== undefined) copyEntry(entries, offset, target, end)
    ends[part] = end + ENTRY_BYTES
    const turn = pause()
    if (turn !== undefined) await turn
  }
  return parts
}

function entriesOf(entries: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let offset = 0; offset < entries.length; offset += ENTRY_BYTES)
    found.push(entries.subarray(offset, offset + ENTRY_BYTES))
  return found
}
