import { crc32 } from 'node:zlib'
import type { BodyCodec } from '../body/body-codec.ts'
import { readDespiteDamage, writeFully } from '../file-io.ts'
import type { OpenFile } from '../file-system.ts'
import {
  ALL_RECORD_FLAGS,
  encodeRecordHeader,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  recordBytes,
} from '../record-codec.ts'
import type { Segment } from '../segment.ts'
import { findGaps, type RecordGap } from './record-gaps.ts'
import { isReadableRecord } from './readable-record.ts'

const PADDING = 8
const BODY_BYTES_AT = 8
const FLAGS_AT = 13
const META_BYTES_AT = 14
const BATCH_AT = 24
const ELAPSED_AT = 28
const BODY_CRC_AT = 32
const CHECKSUM_AT = 36
const KNOWN_FLAGS: readonly number[] = Array.from({ length: ALL_RECORD_FLAGS + 1 }, (_, flags) => flags)

export interface MendOptions {
  readonly file: OpenFile
  readonly size: number
  readonly segment: Segment
  /** Records above belong to the next segment. */
  readonly limitSeq: number
  readonly recordType: number
  readonly bodies: BodyCodec
  /** Whether a record may come back. */
  readonly mayReturn: (seq: number) => boolean
  /** Called with the place of a header before it is written over; false when its bytes could not be kept. */
  readonly keep: (at: number, length: number, seq: number) => Promise<boolean>
}

/**
 * Puts record headers back that are damaged while the body is not. What a header must say follows from its place: marker, number, type and length;
 * batch and time lie between those of its neighbours. It is written back where one of two checksums proves it: its own, over what it must say, or that of
 * the body, where nothing but its own is wrong. Resolves with the numbers of the records that can be read again.
 */
export async function mendRecords(options: MendOptions): Promise<number[]> {
  const mended: number[] = []
  for (const gap of await findGaps(options)) {
    let { at, batch } = gap
    for (let seq = gap.fromSeq; seq <= gap.toSeq && options.mayReturn(seq); seq++) {
      const header = await provenHeader(options, { ...gap, at, batch }, seq)
      if (header === undefined) break
      if (!(await options.keep(at, RECORD_HEADER_BYTES, seq))) break
      await writeFully(options.file, [encoded(options.segment, header)], at)
      mended.push(seq)
      at += recordBytes(header.bodyBytes)
      batch = header.batch
    }
  }
  if (mended.length > 0) await options.file.datasync()
  return mended
}

/** The header of the record that begins where the gap does. */
async function provenHeader(options: MendOptions, gap: RecordGap, seq: number): Promise<RecordHeader | undefined> {
  const stored = Buffer.alloc(RECORD_HEADER_BYTES)
  await readDespiteDamage(options.file, stored, gap.at)
  const candidates: { readonly header: RecordHeader; readonly body: Buffer<ArrayBuffer> }[] = []
  for (const bodyBytes of possibleLengths(stored, gap, seq)) {
    const body = Buffer.alloc(bodyBytes)
    await readDespiteDamage(options.file, body, gap.at + RECORD_HEADER_BYTES)
    for (const header of possibleHeaders(options, stored, gap, seq, body)) candidates.push({ header, body })
  }
  // What the header's own checksum proves comes first: that of the body says nothing about flags and batch.
  for (const isProven of [isProvenByItself, isProvenByBody]) {
    for (const { header, body } of candidates) {
      if (!isProven(stored, encoded(options.segment, header))) continue
      // Flags that were damaged may ask for a key that nobody has.
      const check = isReadableRecord(options.bodies, options.segment.header, header, body)
      if (await check.catch(() => false)) return header
    }
  }
  return undefined
}

/** The last record of a gap ends where the next good one begins, up to its padding. */
function possibleLengths(stored: Buffer, gap: RecordGap, seq: number): number[] {
  const room = gap.end - gap.at - RECORD_HEADER_BYTES
  const said = stored.readUInt32LE(BODY_BYTES_AT)
  const lengths = said <= room && gap.at + recordBytes(said) <= gap.paddedEnd ? [said] : []
  if (seq === gap.toSeq && room >= 0)
    for (let length = room; length > room - PADDING && length >= 0; length--) if (length !== said) lengths.push(length)
  return lengths
}

function* possibleHeaders(
  { recordType }: MendOptions,
  stored: Buffer,
  gap: RecordGap,
  seq: number,
  body: Buffer,
): Generator<RecordHeader> {
  const { batch, nextBatch } = gap
  const [saidFlags, saidBatch] = [stored.readUInt8(FLAGS_AT), stored.readUInt32LE(BATCH_AT)]
  // They are counted without a gap.
  const highestBatch = Math.min(batch + 1, nextBatch)
  const batches = new Set([saidBatch, batch, batch + 1].filter((it) => it >= batch && it <= highestBatch))
  const saidElapsed = stored.readUInt32LE(ELAPSED_AT)
  const isInOrder = saidElapsed >= gap.elapsedMs && saidElapsed <= gap.nextElapsedMs
  const common = {
    type: recordType,
    bodyBytes: body.length,
    metaBytes: stored.readUInt16LE(META_BYTES_AT),
    seq,
    elapsedMs: isInOrder ? saidElapsed : gap.elapsedMs,
    bodyCrc: crc32(body),
  }
  if (common.metaBytes > body.length) return
  for (const flags of new Set([saidFlags, ...KNOWN_FLAGS]))
    for (const candidate of batches) yield { ...common, flags, batch: candidate }
}

function isProvenByItself(stored: Buffer, header: Buffer): boolean {
  return isSame(stored, header, CHECKSUM_AT, RECORD_HEADER_BYTES)
}

/** Nothing is wrong but the header's checksum, the marker, or the time. */
function isProvenByBody(stored: Buffer, header: Buffer): boolean {
  return isSame(stored, header, BODY_BYTES_AT, ELAPSED_AT) && isSame(stored, header, BODY_CRC_AT, CHECKSUM_AT)
}

function encoded(segment: Segment, header: RecordHeader): Buffer {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES)
  encodeRecordHeader(bytes, 0, segment.key, header)
  return bytes
}

function isSame(left: Buffer, right: Buffer, from: number, to: number): boolean {
  return left.compare(right, from, to, from, to) === 0
}
