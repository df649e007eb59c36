import { crc32 } from 'node:zlib'
import type { BodyCodec } from '../body/body-codec.ts'
import { readDespiteDamage } from '../file-io.ts'
import type { OpenFile } from '../file-system.ts'
import { FrameReader } from '../frame-reader.ts'
import { decodeRecordHeader, RECORD_HEADER_BYTES } from '../record-codec.ts'
import {
  decodeSegmentHeader,
  FORMAT_VERSION,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentKey,
} from '../segment-format.ts'
import { readUint53 } from '../seq.ts'
import { seedOf } from './crc-seed.ts'
import { isReadableRecord } from './readable-record.ts'

const CHUNK_BYTES = 1024 * 1024
const CREATED_AT = 24
const SALT_AT = 32
const SALT_END = 48
const SEED_AT = 8
const SPARE_AT = 12

export interface HeaderSalvage {
  readonly file: OpenFile
  readonly size: number
  /** What the file's name says. */
  readonly baseSeq: number
  readonly epoch: number
  /** Type of the log's records. */
  readonly recordType: number
  readonly bodies: BodyCodec
  /** Times between which the segment was begun, ms since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * The header of a segment that has no undamaged copy anywhere. A single flipped bit is found by its own checksum. Otherwise two places in the file cannot be
 * part of a payload, and only these are asked: the header itself, whose salt may have been spared, and the header of the first record behind it, whose
 * marker is the segment's and whose checksum gives away the seed. Either counts only if a record can be read with it, decryption included. Markers found
 * anywhere else prove nothing: a payload may hold records.
 *
 * @throws BufferError when a key is missing or the wrong one: nothing can be said of encrypted records then.
 */
export async function salvageHeader(salvage: HeaderSalvage): Promise<SegmentHeader | undefined> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  await readDespiteDamage(salvage.file, bytes, 0)
  const flipped = withoutFlip(salvage, bytes)
  if (flipped !== undefined) return flipped
  const own = headerWith(salvage, bytes, Buffer.from(bytes.subarray(SALT_AT, SALT_END)))
  if (await hasReadableRecord(salvage, own)) return own
  return fromFirstRecord(salvage, bytes)
}

/** The header with the one bit put right that makes its checksum hold. */
function withoutFlip({ baseSeq, epoch }: HeaderSalvage, damaged: Buffer): SegmentHeader | undefined {
  for (let bit = 0; bit < 8 * SEGMENT_HEADER_BYTES; bit++) {
    const bytes = Buffer.from(damaged)
    bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    const header = decodeSegmentHeader(bytes)
    if (header?.baseSeq === baseSeq && header.epoch === epoch && header.formatVersion === FORMAT_VERSION) return header
  }
  return undefined
}

/** Whether the first record of the file that holds under this key can be read. */
async function hasReadableRecord(salvage: HeaderSalvage, header: SegmentHeader): Promise<boolean> {
  const { file, size, recordType, bodies } = salvage
  const frames = new FrameReader({
    file,
    key: segmentKey(header),
    offset: SEGMENT_HEADER_BYTES,
    end: size,
    expectedSeq: header.baseSeq,
    chunkBytes: CHUNK_BYTES,
    unreadable: 'damage',
  })
  for (;;) {
    const step = frames.step()
    if (step.kind === 'end') return false
    if (step.kind === 'fill') await frames.fill()
    else if (step.kind === 'record' && step.header.type === recordType)
      return isReadableRecord(bodies, header, step.header, step.body)
  }
}

/** The header that the first record leads to. */
async function fromFirstRecord(salvage: HeaderSalvage, damaged: Buffer): Promise<SegmentHeader | undefined> {
  const { file, size, baseSeq, recordType, bodies } = salvage
  const record = Buffer.alloc(RECORD_HEADER_BYTES)
  await readDespiteDamage(file, record, SEGMENT_HEADER_BYTES)
  const salt = Buffer.alloc(SALT_END - SALT_AT)
  record.copy(salt, 0, 0, SEED_AT)
  salt.writeUInt32LE(
    seedOf(record.subarray(0, RECORD_HEADER_BYTES - 4), record.readUInt32LE(RECORD_HEADER_BYTES - 4)),
    SEED_AT,
  )
  // Only encryption uses these; they may have been spared.
  damaged.copy(salt, SPARE_AT, SALT_AT + SPARE_AT, SALT_END)
  const candidate = headerWith(salvage, damaged, salt)
  const header = decodeRecordHeader(record, segmentKey(candidate))
  if (header?.type !== recordType || header.seq !== baseSeq || header.batch !== 1) return undefined
  if (SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + header.bodyBytes > size) return undefined
  const body = Buffer.alloc(header.bodyBytes)
  await readDespiteDamage(file, body, SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES)
  if (crc32(body) !== header.bodyCrc) return undefined
  return (await isReadableRecord(bodies, candidate, header, body)) ? candidate : undefined
}

/** A late time keeps events and their ids longer than was asked for, an early one not long enough. */
function headerWith(salvage: HeaderSalvage, damaged: Buffer, salt: Buffer): SegmentHeader {
  const { baseSeq, epoch, notBefore, notAfter } = salvage
  const createdAt = readUint53(damaged, CREATED_AT)
  const isPossible = createdAt >= notBefore && createdAt <= notAfter
  return { formatVersion: FORMAT_VERSION, baseSeq, epoch, salt, createdAt: isPossible ? createdAt : notAfter }
}
