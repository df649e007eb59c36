import { crc32 } from 'node:zlib'
import { readDespiteDamage, writeFully } from './file-io.ts'
import type { OpenFile } from './file-system.ts'
import {
  decodeRecordHeader,
  encodeRecord,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  recordBytes,
  recordTypes,
  type SegmentKey,
} from './record-codec.ts'
import {
  decodeSeal,
  decodeSegmentHeader,
  encodeSeal,
  encodeSegmentHeader,
  SEAL_BODY_BYTES,
  SEGMENT_HEADER_BYTES,
  type Seal,
  segmentKey,
} from './segment-format.ts'
import type { SealedEnd, Segment } from './segment.ts'
import { SparseIndex } from './sparse-index.ts'

const SEAL_BYTES = recordBytes(SEAL_BODY_BYTES)

/** A seal and the segment marker that its record carries. */
export interface FoundSeal {
  readonly content: Seal
  readonly marker: Buffer
  readonly at: number
}

/**
 * Ends a segment: writes its index and its seal behind the last record, and cuts off what was allocated beyond. Everything before must
 * be durable already: a seal is trusted without reading what it stands for.
 */
export async function sealSegment(file: OpenFile, segment: Segment, lastBatch: number): Promise<void> {
  const recordsEnd = segment.readableEnd
  const common = {
    flags: 0,
    metaBytes: 0,
    seq: segment.lastSeq + 1,
    batch: lastBatch,
    elapsedMs: elapsedSince(segment.header.createdAt, segment.lastAt),
  }
  const index = segment.index.encode()
  const seal = encodeSeal({
    header: encodeSegmentHeader(segment.header),
    firstSeq: segment.baseSeq,
    lastSeq: segment.lastSeq,
    count: segment.lastSeq - segment.baseSeq + 1,
    firstAt: segment.header.createdAt,
    lastAt: segment.lastAt,
    recordsEnd,
  })
  const records = [encodeRecord(segment.key, { ...common, type: recordTypes.seal }, seal)]
  if (index.length > 0) records.unshift(encodeRecord(segment.key, { ...common, type: recordTypes.index }, index))
  const bytes = Buffer.concat(records)
  await writeFully(file, [bytes], recordsEnd)
  await file.truncate(recordsEnd + bytes.length)
  await file.datasync()
  segment.noteSealed(sealedEndOf(recordsEnd, recordsEnd + bytes.length))
}

/** Takes over what a seal says about its segment, which has been found to hold. */
export function acceptSeal(segment: Segment, seal: FoundSeal): void {
  segment.readableEnd = seal.content.recordsEnd
  segment.lastSeq = seal.content.lastSeq
  segment.lastAt = seal.content.lastAt
  segment.noteSealed(sealedEndOf(seal.content.recordsEnd, seal.at + SEAL_BYTES))
}

/** The seal at the end of the file. The copy of the segment header in it makes it readable without the header itself. */
export async function readSeal(file: OpenFile, size: number): Promise<FoundSeal | undefined> {
  const at = size - SEAL_BYTES
  if (at < SEGMENT_HEADER_BYTES) return undefined
  const bytes = Buffer.alloc(SEAL_BYTES)
  await readDespiteDamage(file, bytes, at)
  const body = bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + SEAL_BODY_BYTES)
  const content = decodeSeal(body)
  const copy = content === undefined ? undefined : decodeSegmentHeader(content.header)
  if (content === undefined || copy === undefined || content.recordsEnd > at) return undefined
  const key = segmentKey(copy)
  const header = decodeRecordHeader(bytes, key)
  if (header?.type !== recordTypes.seal || header.bodyCrc !== crc32(body)) return undefined
  return { content, marker: key.marker, at }
}

/** The index of a sealed segment; an empty one where it is damaged. */
export async function readIndex(file: OpenFile, segment: Segment): Promise<SparseIndex> {
  const { sealed } = segment
  if (sealed === undefined) return segment.index
  const record = Buffer.alloc(sealed.sealAt - sealed.indexAt)
  const length = await readDespiteDamage(file, record, sealed.indexAt)
  const header = length < RECORD_HEADER_BYTES ? undefined : decodeIndexHeader(record, segment.key)
  if (header === undefined) return new SparseIndex()
  const body = record.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + header.bodyBytes)
  return crc32(body) === header.bodyCrc ? SparseIndex.decode(body) : new SparseIndex()
}

function decodeIndexHeader(record: Buffer, key: SegmentKey): RecordHeader | undefined {
  const header = decodeRecordHeader(record, key)
  return header?.type === recordTypes.index ? header : undefined
}

function sealedEndOf(recordsEnd: number, bytes: number): SealedEnd {
  return { indexAt: recordsEnd, sealAt: bytes - SEAL_BYTES, bytes }
}

/** Clocks jump; the field holds 32 bits. */
export function elapsedSince(createdAt: number, now: number): number {
  return Math.min(Math.max(now - createdAt, 0), 0xffff_ffff)
}
