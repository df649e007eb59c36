import { crc32 } from 'node:zlib'
import { readUint53, writeUint53 } from './seq.ts'

export const RECORD_HEADER_BYTES = 40

/** What a record is. 0 is invalid, so that zeros are never a record. Each log has a type of its own: a file of another is not taken for its. */
export const recordTypes = { event: 1, seal: 2, ack: 3, park: 4, commitMarker: 5, index: 6, letter: 7 } as const

/** What was done to a body before it was stored. Compressed first, then encrypted. */
export const recordFlags = { zstd: 1, brotli: 2, encrypted: 4 } as const
/** Bits that this version knows. */
export const ALL_RECORD_FLAGS = 7

/** What makes the records of one segment recognisable: random per segment, so that no payload can imitate a record. */
export interface SegmentKey {
  /** First 8 bytes of every record. */
  readonly marker: Buffer
  /** Start value of the header checksum. */
  readonly seed: number
}

/** The fields of a record header that carry meaning. */
export interface RecordHeader {
  readonly type: number
  readonly flags: number
  readonly bodyBytes: number
  /** Leading part of the body that is the compact meta. */
  readonly metaBytes: number
  readonly seq: number
  /** Number of the group commit. */
  readonly batch: number
  /** Time of the append, milliseconds after the segment was created. */
  readonly elapsedMs: number
  readonly bodyCrc: number
}

/** Bytes that a record takes in the file: header, body, zeros up to a multiple of 8. */
export function recordBytes(bodyBytes: number): number {
  return Math.ceil((RECORD_HEADER_BYTES + bodyBytes) / 8) * 8
}

/** A whole record with its padding. */
export function encodeRecord(
  key: SegmentKey,
  header: Omit<RecordHeader, 'bodyBytes' | 'bodyCrc'>,
  body: Buffer,
): Buffer {
  const record = Buffer.alloc(recordBytes(body.length))
  body.copy(record, RECORD_HEADER_BYTES)
  encodeRecordHeader(record, 0, key, { ...header, bodyBytes: body.length, bodyCrc: crc32(body) })
  return record
}

/** Writes a record header of 40 bytes. */
export function encodeRecordHeader(target: Buffer, offset: number, key: SegmentKey, header: RecordHeader): void {
  key.marker.copy(target, offset)
  target.writeUInt32LE(header.bodyBytes, offset + 8)
  target[offset + 12] = header.type
  target[offset + 13] = header.flags
  target.writeUInt16LE(header.metaBytes, offset + 14)
  writeUint53(target, header.seq, offset + 16)
  target.writeUInt32LE(header.batch, offset + 24)
  target.writeUInt32LE(header.elapsedMs, offset + 28)
  target.writeUInt32LE(header.bodyCrc, offset + 32)
  target.writeUInt32LE(crc32(target.subarray(offset, offset + 36), key.seed), offset + 36)
}

/** Reads the record header at an offset, or `undefined` when there is none. Nothing of it is trusted before its checksum holds. */
export function decodeRecordHeader(source: Buffer, key: SegmentKey, at = 0): RecordHeader | undefined {
  if (source.length < at + RECORD_HEADER_BYTES || !hasMarker(source, key, at)) return undefined
  if (crc32(source.subarray(at, at + 36), key.seed) !== source.readUInt32LE(at + 36)) return undefined
  const header: RecordHeader = {
    type: source.readUInt8(at + 12),
    flags: source.readUInt8(at + 13),
    bodyBytes: source.readUInt32LE(at + 8),
    metaBytes: source.readUInt16LE(at + 14),
    seq: readUint53(source, at + 16),
    batch: source.readUInt32LE(at + 24),
    elapsedMs: source.readUInt32LE(at + 28),
    bodyCrc: source.readUInt32LE(at + 32),
  }
  return header.metaBytes <= header.bodyBytes && Number.isSafeInteger(header.seq) ? header : undefined
}

function hasMarker(source: Buffer, { marker }: SegmentKey, at: number): boolean {
  return source.readUInt32LE(at) === marker.readUInt32LE(0) && source.readUInt32LE(at + 4) === marker.readUInt32LE(4)
}
