import { crc32 } from 'node:zlib'
import { BufferError } from '../buffer/buffer-error.ts'
import { isNoSpace, isUnreadable, openIfPresent, readDespiteDamage, readFully, writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import type { Meta } from './meta-codec.ts'
import { quarantine } from './quarantine.ts'
import { decodeRecordHeader, RECORD_HEADER_BYTES, recordBytes, recordTypes } from './record-codec.ts'
import { Segment } from './segment.ts'
import {
  decodeSeal,
  decodeSegmentHeader,
  encodeSegmentHeader,
  FORMAT_VERSION,
  parseSegmentName,
  SEAL_BODY_BYTES,
  SEGMENT_HEADER_BYTES,
  type Seal,
  type SegmentHeader,
  segmentKey,
} from './segment-format.ts'
import { judgeScan, type RecordVisitor, type Scan, scanSegment, type Verdict } from './segment-scanner.ts'
import type { SeqRange } from './seq.ts'

const SEAL_BYTES = recordBytes(SEAL_BODY_BYTES)
const REWRITE_CHUNK_BYTES = 1024 * 1024

export interface RecoveryOptions {
  readonly fileSystem: FileSystem
  readonly segmentDirectory: string
  readonly quarantineDirectory: string
  /** What META said; `undefined` when there is none or it is lost. */
  readonly meta: Meta | undefined
  /** A sequence number that is known from elsewhere to have been durable. */
  readonly provenSeq: number
  readonly recordType: number
  /** Sealed segments whose last append is older are trusted without a scan, ms since the epoch. */
  readonly scanSince: number
  readonly visit?: RecordVisitor | undefined
  /** Visited records from this one on turned out to be a torn write. */
  readonly onDropped?: ((fromSeq: number) => void) | undefined
}

/** A log as it was found. */
export interface Recovered {
  readonly segments: Segment[]
  readonly durableSeq: number
  /** Last batch number in the active segment; 0 without one. */
  readonly lastBatch: number
  /** The last segment, when appending to it can go on. */
  readonly active: Segment | undefined
  /** Every hole that was seen, in order. */
  readonly holes: SeqRange[]
  readonly scannedBytes: number
  readonly tornBytes: number
}

interface Found {
  readonly segment: Segment
  readonly size: number
  /** Set when the segment is sealed and its seal holds. */
  readonly seal: Seal | undefined
}

/** Reads the segments of a log, decides what is torn and what is lost, and leaves a clean end to append to. */
export async function recoverSegments(options: RecoveryOptions): Promise<Recovered> {
  const found = await findSegments(options)
  const holes: SeqRange[] = []
  let lastBatch = 0
  let scannedBytes = 0
  let tornBytes = 0
  let active: Segment | undefined
  const firstBase = found[0]?.segment.baseSeq
  const firstSeq = options.meta?.firstSeq ?? firstBase ?? 1
  let durableSeq = firstSeq - 1
  if (firstBase !== undefined && firstBase > firstSeq) holes.push({ from: firstSeq, to: firstBase - 1 })
  for (const [index, { segment, size, seal }] of found.entries()) {
    const nextBase = found[index + 1]?.segment.baseSeq
    const isLast = nextBase === undefined
    if (isTrusted(seal, segment, nextBase, options.scanSince)) {
      acceptSeal(segment, size, seal)
      durableSeq = segment.lastSeq
      continue
    }
    const file = await options.fileSystem.open(segment.path, 'write')
    try {
      const scan = await scanSegment({
        file,
        segment,
        size,
        limitSeq: isLast ? Infinity : nextBase - 1,
        recordType: options.recordType,
        visit: options.visit,
      })
      const proven = isLast ? Math.max(options.provenSeq, options.meta?.durableSeqHint ?? 0) : nextBase - 1
      const verdict = judgeScan(scan, segment.baseSeq, proven)
      scannedBytes += size
      holes.push(...verdict.holes)
      segment.readableEnd = verdict.keptEnd
      segment.lastSeq = verdict.lastSeq
      segment.lastAt = segment.header.createdAt + scan.lastElapsedMs
      durableSeq = verdict.lastSeq
      if (!isLast) continue
      const end = await settleEnd(options, file, segment, scan, verdict, size, proven >= verdict.lastSeq)
      tornBytes += end.tornBytes
      if (end.canAppend) {
        active = segment
        lastBatch = verdict.lastBatch
      }
    } finally {
      await file.close()
    }
  }
  // Records that are proven by META or a cursor, and nothing of them is left.
  const proven = Math.max(options.provenSeq, options.meta?.durableSeqHint ?? 0)
  if (proven > durableSeq) {
    holes.push({ from: durableSeq + 1, to: proven })
    durableSeq = proven
    active = undefined
  }
  return {
    segments: found.map(({ segment }) => segment),
    durableSeq,
    lastBatch,
    active,
    holes,
    scannedBytes,
    tornBytes,
  }
}

/** Opens every segment's header. Files that have none, anywhere, are moved to quarantine. */
async function findSegments(options: RecoveryOptions): Promise<Found[]> {
  const { fileSystem, segmentDirectory } = options
  const names = (await fileSystem.list(segmentDirectory)).filter((name) => parseSegmentName(name) !== undefined)
  const found: Found[] = []
  for (const name of names.toSorted()) {
    const path = `${segmentDirectory}/${name}`
    const file = await openIfPresent(fileSystem, path, 'write')
    if (file === undefined) continue
    try {
      const size = await file.size()
      const seal = await readSeal(file, size)
      const header = await settleHeader(file, name, options.meta?.activeHeader, seal?.content)
      if (header !== undefined) {
        if (header.formatVersion > FORMAT_VERSION)
          throw new BufferError(
            'buffer_unusable',
            `The segment ${name} has format ${header.formatVersion}; this version reads up to ${FORMAT_VERSION}.`,
          )
        found.push({ segment: new Segment(path, header), size, seal: sealFor(header, seal) })
        continue
      }
      // A crash while the segment was made leaves no record behind; anything else is kept for people to look at.
      // Without room for a copy it stays where it is, for the next opening.
      const saved =
        size <= SEGMENT_HEADER_BYTES ||
        (await quarantine(fileSystem, options.quarantineDirectory, file, {
          segment: name,
          offset: 0,
          length: size,
          reason: 'unreadable segment header',
          fromSeq: parseSegmentName(name)?.baseSeq ?? 0,
        }))
      if (!saved) continue
    } finally {
      await file.close()
    }
    await fileSystem.remove(path)
  }
  return found
}

interface SealRecord {
  readonly content: Seal
  readonly marker: Buffer
}

/** The seal at the end of the file. The copy of the segment header in it makes it readable without the header itself. */
async function readSeal(file: OpenFile, size: number): Promise<SealRecord | undefined> {
  if (size < SEGMENT_HEADER_BYTES + SEAL_BYTES) return undefined
  const bytes = Buffer.alloc(SEAL_BYTES)
  await readDespiteDamage(file, bytes, size - SEAL_BYTES)
  const body = bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + SEAL_BODY_BYTES)
  const content = decodeSeal(body)
  const copy = content === undefined ? undefined : decodeSegmentHeader(content.header)
  if (content === undefined || copy === undefined) return undefined
  const key = segmentKey(copy)
  const header = decodeRecordHeader(bytes, key)
  if (header?.type !== recordTypes.seal || header.bodyCrc !== crc32(body)) return undefined
  return { content, marker: key.marker }
}

function sealFor(header: SegmentHeader, seal: SealRecord | undefined): Found['seal'] {
  return seal !== undefined && seal.marker.equals(segmentKey(header).marker) ? seal.content : undefined
}

/** The header of a segment, put back from a copy when it is damaged. */
async function settleHeader(
  file: OpenFile,
  name: string,
  activeHeader: Buffer | undefined,
  seal: Seal | undefined,
): Promise<SegmentHeader | undefined> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  await readDespiteDamage(file, bytes, 0)
  const parsed = parseSegmentName(name)
  const candidates = [bytes, activeHeader, seal?.header]
  for (const candidate of candidates) {
    const header = candidate === undefined ? undefined : decodeSegmentHeader(candidate)
    if (header === undefined || header.baseSeq !== parsed?.baseSeq || header.epoch !== parsed.epoch) continue
    // The copy serves as well where it cannot be put back.
    if (candidate !== bytes) await putBack(file, header).catch(() => undefined)
    return header
  }
  return undefined
}

async function putBack(file: OpenFile, header: SegmentHeader): Promise<void> {
  await writeFully(file, [encodeSegmentHeader(header)], 0)
  await file.datasync()
}

function isTrusted(
  seal: Seal | undefined,
  segment: Segment,
  nextBase: number | undefined,
  scanSince: number,
): seal is Seal {
  return (
    seal !== undefined &&
    seal.lastAt < scanSince &&
    seal.firstSeq === segment.baseSeq &&
    (nextBase === undefined || nextBase === seal.lastSeq + 1)
  )
}

function acceptSeal(segment: Segment, size: number, seal: Seal): void {
  segment.readableEnd = size - SEAL_BYTES
  segment.lastSeq = seal.lastSeq
  segment.lastAt = seal.lastAt
}

/** Makes what was found durable and cuts a torn write off. Appending goes on here only behind an undamaged end. */
async function settleEnd(
  options: RecoveryOptions,
  file: OpenFile,
  segment: Segment,
  scan: Scan,
  verdict: Verdict,
  size: number,
  isProven: boolean,
): Promise<{ readonly canAppend: boolean; readonly tornBytes: number }> {
  const isSealed = scan.seal !== undefined && verdict.holes.length === 0
  const end = isSealed ? scan.sealEnd : verdict.keptEnd
  // What a killed process wrote may be in the page cache only; readers are about to act on it.
  if (!isProven) await rewrite(file, scan.lastBatchAt, verdict.keptEnd)
  if (!verdict.tornTail || size <= end) {
    await file.datasync()
    return { canAppend: verdict.holes.length === 0 && !isSealed, tornBytes: 0 }
  }
  options.onDropped?.(verdict.lastSeq + 1)
  segment.forgetRecordsFrom(end)
  const saved = await quarantine(options.fileSystem, options.quarantineDirectory, file, {
    segment: segment.path.slice(segment.path.lastIndexOf('/') + 1),
    offset: end,
    length: size - end,
    reason: 'unfinished write',
    fromSeq: verdict.lastSeq + 1,
  })
  // Without a copy nothing is cut: the bytes stay, and a new segment that starts with the same number puts them out of force.
  if (saved) await file.truncate(end)
  await file.datasync()
  return { canAppend: saved && verdict.holes.length === 0 && !isSealed, tornBytes: size - end }
}

/**
 * Writes bytes to where they are. A sync that failed leaves pages that look clean and are not on the disk; only a new write makes the next sync
 * write them.
 */
async function rewrite(file: OpenFile, from: number, end: number): Promise<void> {
  const chunk = Buffer.alloc(Math.min(REWRITE_CHUNK_BYTES, Math.max(0, end - from)))
  for (let at = from; at < end; at += chunk.length) {
    const bytes = chunk.subarray(0, Math.min(chunk.length, end - at))
    try {
      if ((await readFully(file, bytes, at)) < bytes.length) return
      await writeFully(file, [bytes], at)
    } catch (error) {
      // What cannot be read is damage, and was judged. A full disk is one that copies on write; opening must not depend on room.
      if (!isUnreadable(error) && !isNoSpace(error)) throw error
    }
  }
}
