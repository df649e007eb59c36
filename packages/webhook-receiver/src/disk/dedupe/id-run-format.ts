import { crc32 } from 'node:zlib'
import { FORMAT_VERSION } from '../segment-format.ts'
import { readUint53, type SeqRange, writeUint53 } from '../seq.ts'

export const RUN_HEADER_BYTES = 128
/** Entry of the bucket table: number of the last id of the bucket + 1, and the checksum of the bucket's entries. */
export const BUCKET_BYTES = 8
/** Length of the random key of the fingerprints, in characters. */
export const KEY_CHARACTERS = 32

const MAGIC = Buffer.from('WHBUFIDS', 'latin1')
const ENDING = '.ids'
const UNFINISHED = '.ids.tmp'
const NAME = /^([0-9a-f]{16})-([0-9a-f]{16})\.ids$/

/** What a run of ids says about itself. Entries follow it, then the bucket table, then the Bloom filter. */
export interface IdRunHeader {
  readonly formatVersion: number
  /** Records whose ids are here: all of them, as far as they were in the window. */
  readonly range: SeqRange
  readonly count: number
  /** Time of the latest append, ms since the epoch. */
  readonly newestAt: number
  /** There are two to the power of this many buckets; the first bits of a fingerprint choose. */
  readonly bucketBits: number
  readonly filterBytes: number
  /** Key of the fingerprints. */
  readonly key: string
  readonly tableCrc: number
  readonly filterCrc: number
}

export function runName({ from, to }: SeqRange): string {
  return `${hex(from)}-${hex(to)}${ENDING}`
}

/** Name of a run until it is complete. */
export function unfinishedRunName(range: SeqRange): string {
  return `${runName(range)}${UNFINISHED.slice(ENDING.length)}`
}

export function isUnfinishedRun(name: string): boolean {
  return name.endsWith(UNFINISHED)
}

/** The range in a run's name, or `undefined` for other files. */
export function parseRunName(name: string): SeqRange | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const range = { from: Number.parseInt(match[1] ?? '', 16), to: Number.parseInt(match[2] ?? '', 16) }
  return Number.isSafeInteger(range.to) && range.from >= 1 && range.from <= range.to ? range : undefined
}

export function encodeRunHeader(header: IdRunHeader): Buffer {
  const bytes = Buffer.alloc(RUN_HEADER_BYTES)
  MAGIC.copy(bytes, 0)
  bytes.writeUInt16LE(header.formatVersion, 8)
  bytes.writeUInt32LE(RUN_HEADER_BYTES, 12)
  writeUint53(bytes, header.range.from, 16)
  writeUint53(bytes, header.range.to, 24)
  writeUint53(bytes, header.count, 32)
  writeUint53(bytes, header.newestAt, 40)
  bytes.writeUInt32LE(header.bucketBits, 48)
  bytes.writeUInt32LE(header.filterBytes, 52)
  bytes.writeUInt32LE(header.tableCrc, 56)
  bytes.writeUInt32LE(header.filterCrc, 60)
  bytes.write(header.key, 64, KEY_CHARACTERS, 'latin1')
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 124)), 124)
  return bytes
}

/** Reads a header, or `undefined` when its checksum does not hold or a later version wrote it. */
export function decodeRunHeader(bytes: Buffer): IdRunHeader | undefined {
  if (bytes.length < RUN_HEADER_BYTES || bytes.compare(MAGIC, 0, 8, 0, 8) !== 0) return undefined
  if (crc32(bytes.subarray(0, 124)) !== bytes.readUInt32LE(124)) return undefined
  const formatVersion = bytes.readUInt16LE(8)
  if (formatVersion > FORMAT_VERSION) return undefined
  return {
    formatVersion,
    range: { from: readUint53(bytes, 16), to: readUint53(bytes, 24) },
    count: readUint53(bytes, 32),
    newestAt: readUint53(bytes, 40),
    bucketBits: bytes.readUInt32LE(48),
    filterBytes: bytes.readUInt32LE(52),
    tableCrc: bytes.readUInt32LE(56),
    filterCrc: bytes.readUInt32LE(60),
    key: bytes.toString('latin1', 64, 64 + KEY_CHARACTERS),
  }
}

function hex(seq: number): string {
  return seq.toString(16).padStart(16, '0')
}
