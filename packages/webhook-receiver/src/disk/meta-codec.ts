import { SEGMENT_HEADER_BYTES } from './segment-format.ts'
import { countOf, mergeRanges, readUint53, type SeqRange, subtractRanges, writeUint53 } from './seq.ts'
import { SLOT_PAYLOAD_BYTES } from './two-slot-file.ts'

/** File type of META. */
export const META_MAGIC = 'WHBUFMET'

const FIXED_BYTES = 128
/** How many holes META lists. */
export const MAX_LISTED_HOLES: number = Math.floor((SLOT_PAYLOAD_BYTES - FIXED_BYTES) / 16)

/** What a log remembers beside its segments. */
export interface Meta {
  /** Random, for telling stores apart. */
  readonly storeId: Buffer
  /** Grows with every opening. */
  readonly epoch: number
  /** Everything below was deleted on purpose. */
  readonly firstSeq: number
  /** Everything up to here was durable when this was written. */
  readonly durableSeqHint: number
  /** The 64 header bytes of the segment that is written to, in case those in the segment are damaged. */
  readonly activeHeader: Buffer | undefined
  /** Lost records of holes that are too old to be listed. */
  readonly unlistedLost: number
  /** Lost records below `firstSeq`. */
  readonly releasedLost: number
  /** Holes that are not listed lie below. */
  readonly listedFrom: number
  readonly holes: readonly SeqRange[]
  /** The latest holes below `firstSeq`: an id that is still known may be of one of their events. */
  readonly releasedHoles: readonly SeqRange[]
}

/** Takes holes into the books that were found, and says which of them are new. One that had left the list comes back to it. */
export function withHoles(
  meta: Meta,
  found: readonly SeqRange[],
): { readonly meta: Meta; readonly newHoles: SeqRange[] } {
  const unlisted = subtractRanges(mergeRanges(found), meta.holes)
  const returned = countOf(unlisted.filter(({ to }) => to < meta.listedFrom))
  const isKnown = ({ to }: SeqRange): boolean => to < meta.listedFrom && returned <= meta.unlistedLost
  return {
    meta: {
      ...meta,
      unlistedLost: returned <= meta.unlistedLost ? meta.unlistedLost - returned : meta.unlistedLost,
      holes: mergeRanges([...meta.holes, ...unlisted]),
    },
    newHoles: unlisted.filter((hole) => !isKnown(hole)),
  }
}

/** Moves `firstSeq` up. Holes below it are only counted from now on. */
export function withFirstSeq(meta: Meta, firstSeq: number): Meta {
  const kept = subtractRanges(meta.holes, [{ from: 0, to: firstSeq - 1 }])
  const released = subtractRanges(meta.holes, kept)
  // Unlisted holes lie below all that are listed.
  const unlistedLost = firstSeq >= meta.listedFrom ? 0 : meta.unlistedLost
  return {
    ...meta,
    firstSeq,
    unlistedLost,
    releasedLost: meta.releasedLost + countOf(meta.holes) - countOf(kept) + meta.unlistedLost - unlistedLost,
    listedFrom: unlistedLost === 0 ? 0 : meta.listedFrom,
    holes: kept,
    releasedHoles: mergeRanges([...meta.releasedHoles, ...released]).slice(-MAX_LISTED_HOLES),
  }
}

export function encodeMeta(meta: Meta): Buffer {
  const listed = meta.holes.slice(-MAX_LISTED_HOLES)
  const older = meta.holes.slice(0, meta.holes.length - listed.length)
  const room = MAX_LISTED_HOLES - listed.length
  const released = room === 0 ? [] : meta.releasedHoles.slice(-room)
  const bytes = Buffer.alloc(FIXED_BYTES + 16 * (listed.length + released.length))
  meta.storeId.copy(bytes, 0)
  writeUint53(bytes, meta.epoch, 16)
  writeUint53(bytes, meta.firstSeq, 24)
  writeUint53(bytes, meta.durableSeqHint, 32)
  meta.activeHeader?.copy(bytes, 40)
  writeUint53(
    bytes,
    older.reduce((sum, hole) => sum + hole.to - hole.from + 1, meta.unlistedLost),
    104,
  )
  writeUint53(bytes, meta.releasedLost, 112)
  bytes.writeUInt32LE(listed.length, 120)
  bytes.writeUInt32LE(released.length, 124)
  for (const [index, hole] of [...listed, ...released].entries()) {
    writeUint53(bytes, hole.from, FIXED_BYTES + 16 * index)
    writeUint53(bytes, hole.to, FIXED_BYTES + 16 * index + 8)
  }
  return bytes
}

/** Reads what `encodeMeta` wrote; the slot's checksum has been verified before. */
export function decodeMeta(bytes: Buffer): Meta {
  const activeHeader = Buffer.from(bytes.subarray(40, 40 + SEGMENT_HEADER_BYTES))
  const listed = bytes.readUInt32LE(120)
  const ranges: SeqRange[] = []
  for (let index = 0; index < listed + bytes.readUInt32LE(124); index++) {
    const at = FIXED_BYTES + 16 * index
    ranges.push({ from: readUint53(bytes, at), to: readUint53(bytes, at + 8) })
  }
  const holes = ranges.slice(0, listed)
  const unlistedLost = readUint53(bytes, 104)
  return {
    storeId: Buffer.from(bytes.subarray(0, 16)),
    epoch: readUint53(bytes, 16),
    firstSeq: readUint53(bytes, 24),
    durableSeqHint: readUint53(bytes, 32),
    activeHeader: activeHeader.every((byte) => byte === 0) ? undefined : activeHeader,
    unlistedLost,
    releasedLost: readUint53(bytes, 112),
    listedFrom: unlistedLost === 0 ? 0 : (holes[0]?.from ?? 0),
    holes,
    releasedHoles: ranges.slice(listed),
  }
}
