import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Random } from '@holdfast/core'
import type { SegmentKey } from './record-codec.ts'
import { readUint53, writeUint53 } from './seq.ts'

/** Version of everything on disk. A higher one is refused. */
export const FORMAT_VERSION = 1
export const SEGMENT_HEADER_BYTES = 64
/** Body of a seal record. */
export const SEAL_BODY_BYTES = 112

const MAGIC = Buffer.from('WHBUFSEG', 'latin1')
const SALT_BYTES = 16
const UNFINISHED = '.tmp'
const NAME = /^([0-9a-f]{16})-([0-9a-f]{8})\.log$/

/** The header of a segment: 64 bytes at the start of the file. */
export interface SegmentHeader {
  readonly formatVersion: number
  readonly baseSeq: number
  /** Wall-clock time, ms since the epoch. */
  readonly createdAt: number
  readonly salt: Buffer
  readonly epoch: number
}

/** What a seal record says about its segment. */
export interface Seal {
  /** The 64 bytes of the segment's header again, in case those are damaged. */
  readonly header: Buffer
  readonly firstSeq: number
  readonly lastSeq: number
  readonly count: number
  /** Times of the first and the last append, ms since the epoch. */
  readonly firstAt: number
  readonly lastAt: number
  /** End of the records; the index record begins there, if there is one. */
  readonly recordsEnd: number
}

/** `<baseSeq hex16>-<epoch hex8>.log`: unique for ever, so that a segment made anew is never taken for an older one. */
export function segmentName(baseSeq: number, epoch: number): string {
  return `${baseSeq.toString(16).padStart(16, '0')}-${epoch.toString(16).padStart(8, '0')}.log`
}

/** The parts of a segment's name, or `undefined` for other files. */
export function parseSegmentName(name: string): { readonly baseSeq: number; readonly epoch: number } | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const baseSeq = Number.parseInt(match[1] ?? '', 16)
  return Number.isSafeInteger(baseSeq) && baseSeq >= 1
    ? { baseSeq, epoch: Number.parseInt(match[2] ?? '', 16) }
    : undefined
}

/** Name of a file that becomes a segment when it is renamed. */
export function unfinishedSegmentName(epoch: number, count: number): string {
  return `next-${epoch.toString(16)}-${count.toString(16)}${UNFINISHED}`
}

/** Whether a file is a segment that never began. */
export function isUnfinishedSegment(name: string): boolean {
  return name.endsWith(UNFINISHED)
}

/** 16 unpredictable bytes. Whoever sends us payloads must not be able to guess them, so they come from UUIDs, not from `next`. */
export function randomSalt(random: Random): Buffer {
  return createHash('sha256').update(random.uuid()).update(random.uuid()).digest().subarray(0, SALT_BYTES)
}

/** The record marker and the checksum seed of a segment. */
export function segmentKey(header: SegmentHeader): SegmentKey {
  return { marker: header.salt.subarray(0, 8), seed: header.salt.readUInt32LE(8) }
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  MAGIC.copy(bytes, 0)
  bytes.writeUInt16LE(header.formatVersion, 8)
  bytes.writeUInt32LE(SEGMENT_HEADER_BYTES, 12)
  writeUint53(bytes, header.baseSeq, 16)
  writeUint53(bytes, header.createdAt, 24)
  header.salt.copy(bytes, 32)
  writeUint53(bytes, header.epoch, 48)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 60)), 60)
  return bytes
}

/** Reads a segment header, or `undefined` when its checksum does not hold. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.compare(MAGIC, 0, 8, 0, 8) !== 0) return undefined
  if (crc32(bytes.subarray(0, 60)) !== bytes.readUInt32LE(60)) return undefined
  return {
    formatVersion: bytes.readUInt16LE(8),
    baseSeq: readUint53(bytes, 16),
    createdAt: readUint53(bytes, 24),
    salt: Buffer.from(bytes.subarray(32, 48)),
    epoch: readUint53(bytes, 48),
  }
}

export function encodeSeal(seal: Seal): Buffer {
  const body = Buffer.alloc(SEAL_BODY_BYTES)
  seal.header.copy(body, 0)
  writeUint53(body, seal.firstSeq, 64)
  writeUint53(body, seal.lastSeq, 72)
  body.writeUInt32LE(seal.count, 80)
  writeUint53(body, seal.firstAt, 88)
  writeUint53(body, seal.lastAt, 96)
  writeUint53(body, seal.recordsEnd, 104)
  return body
}

export function decodeSeal(body: Buffer): Seal | undefined {
  if (body.length !== SEAL_BODY_BYTES) return undefined
  return {
    header: Buffer.from(body.subarray(0, SEGMENT_HEADER_BYTES)),
    firstSeq: readUint53(body, 64),
    lastSeq: readUint53(body, 72),
    count: body.readUInt32LE(80),
    firstAt: readUint53(body, 88),
    lastAt: readUint53(body, 96),
    recordsEnd: readUint53(body, 104),
  }
}
