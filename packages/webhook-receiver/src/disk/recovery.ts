import type { Clock } from '@holdfast/core'
import type { BodyCodec } from './body/body-codec.ts'
import type { Meta } from './meta-codec.ts'
import type { FileSystem } from './file-system.ts'
import { quarantine } from './quarantine.ts'
import { type RecoveryMode, strictRefusal } from './recovery-mode.ts'
import { mendRecords } from './salvage/mend-records.ts'
import { settleNewest, settleOlder } from './segment-end.ts'
import { findSegments, type SegmentFile } from './segment-files.ts'
import { acceptSeal, type FoundSeal } from './segment-sealer.ts'
import { judgeScan, type RecordVisitor, scanSegment } from './segment-scanner.ts'
import { SEGMENT_HEADER_BYTES } from './segment-format.ts'
import type { Segment } from './segment.ts'
import { type SeqRange, subtractRanges } from './seq.ts'

export interface RecoveryOptions {
  readonly fileSystem: FileSystem
  readonly segmentDirectory: string
  readonly quarantineDirectory: string
  readonly recovery: RecoveryMode
  /** What META said; `undefined` when there is none or it is lost. */
  readonly meta: Meta | undefined
  /** A sequence number that is known from elsewhere to have been durable. */
  readonly provenSeq: number
  readonly recordType: number
  readonly bodies: BodyCodec
  /** Everything up to here has been passed by a consumer, holes included: what comes back below is never read. */
  readonly passedSeq: number
  readonly clock: Clock
  /** Set where syncs are behind appends: then only the hint in META says what was synced. */
  readonly syncIntervalMs?: number | undefined
  /** Whether a sealed segment is to be read nevertheless, for `visit`. */
  readonly needsScan: (segment: Segment) => boolean
  readonly visit?: RecordVisitor | undefined
  /** Visited records from this one on turned out to be a torn write. */
  readonly onDropped?: ((fromSeq: number) => void) | undefined
  /** Awaited after a segment was read. */
  readonly onScanned?: ((scanned: SeqRange, isActive: boolean) => Promise<void>) | undefined
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
  /** Numbers of the records that `salvage` made readable. */
  readonly mended: readonly number[]
}

/** What one segment contributed. */
interface Outcome {
  readonly holes: readonly SeqRange[]
  readonly scannedBytes: number
  readonly tornBytes: number
  /** Set when appending can go on in it. */
  readonly lastBatch?: number
}

const TRUSTED: Outcome = { holes: [], scannedBytes: 0, tornBytes: 0 }

/**
 * Reads the segments of a log, decides what is torn and what is lost, and leaves a clean end to append to. A sealed segment costs two small
 * reads; only the last one is read as a whole, and those that were not sealed.
 */
export async function recoverSegments(options: RecoveryOptions): Promise<Recovered> {
  const { meta } = options
  const proven = Math.max(options.provenSeq, meta?.durableSeqHint ?? 0)
  const found = await findSegments({
    ...options,
    activeHeader: meta?.activeHeader,
    provenSeq: proven,
    now: options.clock.now(),
  })
  const firstSeq = meta?.firstSeq ?? found[0]?.segment.baseSeq ?? 1
  await removeReleased(options, found, firstSeq)
  const holes: SeqRange[] = []
  const segments = found.map(({ segment }) => segment)
  const [oldest] = segments
  if (oldest !== undefined && oldest.baseSeq > firstSeq) holes.push({ from: firstSeq, to: oldest.baseSeq - 1 })
  refuseIfStrict(options, holes)
  let durableSeq = firstSeq - 1
  let scannedBytes = 0
  let tornBytes = 0
  const mended: number[] = []
  let active: Segment | undefined
  let lastBatch = 0
  for (const [index, file] of found.entries()) {
    const nextBase = segments[index + 1]?.baseSeq
    if (options.recovery === 'salvage') mended.push(...(await mendSegment(options, file, nextBase)))
    const outcome = await recoverSegment(options, file, nextBase, proven)
    const { baseSeq, lastSeq } = file.segment
    const isActive = outcome.lastBatch !== undefined
    if (outcome !== TRUSTED && (isActive || lastSeq >= baseSeq))
      await options.onScanned?.({ from: baseSeq, to: lastSeq }, isActive)
    holes.push(...outcome.holes)
    scannedBytes += outcome.scannedBytes
    tornBytes += outcome.tornBytes
    durableSeq = file.segment.lastSeq
    if (outcome.lastBatch === undefined) continue
    active = file.segment
    lastBatch = outcome.lastBatch
  }
  // Records that are proven by META or a cursor, and nothing of them is left.
  if (proven > durableSeq) {
    holes.push({ from: durableSeq + 1, to: proven })
    durableSeq = proven
    active = undefined
  }
  refuseIfStrict(options, holes)
  return { segments, durableSeq, lastBatch, active, holes, scannedBytes, tornBytes, mended }
}

/** Removes what a crash left over of a deletion. */
async function removeReleased(options: RecoveryOptions, found: SegmentFile[], firstSeq: number): Promise<void> {
  for (;;) {
    const [oldest, next] = found
    if (oldest === undefined || next === undefined || next.segment.baseSeq > firstSeq) return
    // It is not needed for anything; when it cannot be removed, the next opening tries again.
    await options.fileSystem.remove(oldest.segment.path).catch(() => undefined)
    found.shift()
  }
}

/** Puts record headers back, except where a consumer has passed their records as lost. */
async function mendSegment(
  options: RecoveryOptions,
  { segment, size }: SegmentFile,
  nextBase: number | undefined,
): Promise<number[]> {
  const { fileSystem, meta, passedSeq } = options
  const file = await fileSystem.open(segment.path, 'write')
  const isKnownLost = (seq: number): boolean => meta?.holes.some(({ from, to }) => from <= seq && seq <= to) === true
  try {
    return await mendRecords({
      ...options,
      file,
      size,
      segment,
      limitSeq: nextBase === undefined ? Infinity : nextBase - 1,
      mayReturn: (seq) => seq >= (meta?.listedFrom ?? 0) && (seq > passedSeq || !isKnownLost(seq)),
      keep: (offset, length, fromSeq) =>
        quarantine(fileSystem, options.quarantineDirectory, file, {
          segment: segment.name,
          offset,
          length,
          reason: 'damaged record header, put back',
          fromSeq,
        }),
    })
  } finally {
    await file.close()
  }
}

async function recoverSegment(
  options: RecoveryOptions,
  { segment, size, seal }: SegmentFile,
  nextBase: number | undefined,
  proven: number,
): Promise<Outcome> {
  const isSealed = seal !== undefined && isContinuous(seal, segment, nextBase)
  if (isSealed) {
    acceptSeal(segment, seal)
    if (options.recovery !== 'salvage' && !options.needsScan(segment)) return TRUSTED
  }
  const isLast = nextBase === undefined
  const file = await options.fileSystem.open(segment.path, 'write')
  try {
    const scan = await scanSegment({
      file,
      segment,
      size,
      limitSeq: isLast ? Infinity : nextBase - 1,
      recordType: options.recordType,
      bodies: options.bodies,
      visit: options.visit,
    })
    // Records without a proof that they were synced may have been refused; for salvage they are better than nothing.
    const lastFound = options.recovery === 'salvage' ? (scan.islands.at(-1)?.lastSeq ?? 0) : 0
    const provenHere = isLast ? Math.max(proven, lastFound) : nextBase - 1
    const verdict = judgeScan(scan, segment.baseSeq, provenHere)
    const { holes } = verdict
    refuseIfStrict(options, holes)
    if (isLast && verdict.tornTail) options.onDropped?.(verdict.lastSeq + 1)
    if (isSealed) {
      acceptSeal(segment, seal)
      return { holes, scannedBytes: size, tornBytes: 0 }
    }
    segment.readableEnd = verdict.keptEnd
    segment.lastSeq = verdict.lastSeq
    segment.lastAt = segment.header.createdAt + scan.lastElapsedMs
    const unprovenBatchAt = isLast && proven < verdict.lastSeq ? scan.lastBatchAt : undefined
    const unsyncedFrom =
      options.syncIntervalMs === undefined ? unprovenBatchAt : placeBehind(segment, options.meta?.durableSeqHint ?? 0)
    const end = { ...options, file, size, segment, scan, verdict, unsyncedFrom }
    if (!isLast) {
      await settleOlder(end)
      return { holes, scannedBytes: size, tornBytes: 0 }
    }
    const { canAppend, tornBytes } = await settleNewest(end)
    return { holes, scannedBytes: size, tornBytes, ...(canAppend ? { lastBatch: verdict.lastBatch } : {}) }
  } finally {
    await file.close()
  }
}

/** A place at or before the records behind `seq`; `undefined` when the segment has none. */
function placeBehind(segment: Segment, seq: number): number | undefined {
  if (seq >= segment.lastSeq) return undefined
  return segment.index.placeBefore(seq + 1)?.offset ?? SEGMENT_HEADER_BYTES
}

function isContinuous({ content }: FoundSeal, segment: Segment, nextBase: number | undefined): boolean {
  return content.firstSeq === segment.baseSeq && (nextBase === undefined || nextBase === content.lastSeq + 1)
}

/** Holes that META knows were reported by an earlier opening, which went on behind them. */
function refuseIfStrict({ recovery, meta }: RecoveryOptions, holes: readonly SeqRange[]): void {
  if (recovery !== 'strict') return
  const [hole] = subtractRanges(holes, meta?.holes ?? [])
  if (hole !== undefined) throw strictRefusal(`the records ${hole.from} to ${hole.to} are lost`)
}
