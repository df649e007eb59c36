import type { BodyCodec } from './body/body-codec.ts'
import { FrameReader } from './frame-reader.ts'
import type { OpenFile } from './file-system.ts'
import { recordTypes } from './record-codec.ts'
import { SEGMENT_HEADER_BYTES } from './segment-format.ts'
import type { Segment } from './segment.ts'
import type { SeqRange } from './seq.ts'
import { sliced } from './work-slices.ts'

const SCAN_CHUNK_BYTES = 1024 * 1024
/** Records that are decrypted in one turn of the event loop. */
const OPENED_AT_ONCE = 32

/** A run of good records without a gap. */
export interface Island {
  readonly firstSeq: number
  lastSeq: number
  /** End of the last record, with its padding. */
  end: number
  /** Batch number of the last record. */
  lastBatch: number
}

/** Everything that a scan of one segment saw. */
export interface Scan {
  readonly islands: readonly Island[]
  /**
   * Last sequence number that a later group commit proves to have been durable: one batch is written at a time, so a record of a
   * later batch shows that the batches before it were synced. 0 without such a proof.
   */
  readonly provenSeq: number
  /** Where the first record of the highest batch begins. Those before it were synced, as a later batch shows. */
  readonly lastBatchAt: number
  /** Whether its index or its seal is there: nothing is appended behind them. */
  readonly isEnded: boolean
  /** Time of the last append, milliseconds after the segment was created. */
  readonly lastElapsedMs: number
}

/** Called for every good record, in order, with the time of its append. `body` is valid during the call. */
export type RecordVisitor = (seq: number, at: number, metaBytes: number, body: Buffer<ArrayBuffer>) => void

export interface ScanOptions {
  readonly file: OpenFile
  readonly segment: Segment
  readonly size: number
  /** Records above belong to the next segment: those here were rejected and are passed over. */
  readonly limitSeq: number
  readonly recordType: number
  readonly bodies: BodyCodec
  readonly visit?: RecordVisitor | undefined
}

/** Reads a whole segment and checks every record. Nothing is decided here. */
export async function scanSegment(options: ScanOptions): Promise<Scan> {
  const { segment, limitSeq } = options
  const frames = new FrameReader({
    file: options.file,
    key: segment.key,
    offset: SEGMENT_HEADER_BYTES,
    end: options.size,
    expectedSeq: segment.baseSeq,
    chunkBytes: SCAN_CHUNK_BYTES,
    unreadable: 'damage',
  })
  const pauses = sliced(OPENED_AT_ONCE)
  const islands: Island[] = []
  let lastBatch = 0
  let lastBatchAt = SEGMENT_HEADER_BYTES
  let lastHeaderSeq = segment.baseSeq - 1
  let provenSeq = 0
  let isEnded = false
  let lastElapsedMs = 0
  for (;;) {
    const step = frames.step()
    if (step.kind === 'end') break
    if (step.kind === 'fill') {
      await frames.fill()
      continue
    }
    const { header } = step
    if (header.type === options.recordType && header.seq > limitSeq) break
    if (header.batch > lastBatch) {
      // Batches count from 1 in each segment, and each missing one had at least one record.
      provenSeq = Math.max(provenSeq, lastHeaderSeq + header.batch - lastBatch - 1)
      lastBatch = header.batch
      lastBatchAt = step.at
    }
    if (header.type === recordTypes.index || header.type === recordTypes.seal) {
      // They are written after the last batch was synced.
      if (header.seq - 1 <= limitSeq) provenSeq = Math.max(provenSeq, header.seq - 1)
      isEnded = true
      if (header.type === recordTypes.seal) break
      continue
    }
    lastHeaderSeq = header.seq
    if (step.kind === 'damaged-body' || header.type !== options.recordType) continue
    lastElapsedMs = header.elapsedMs
    const last = islands.at(-1)
    if (last !== undefined && header.seq === last.lastSeq + 1) {
      last.lastSeq = header.seq
      last.end = frames.goodEnd
      last.lastBatch = header.batch
    } else islands.push({ firstSeq: header.seq, lastSeq: header.seq, end: frames.goodEnd, lastBatch: header.batch })
    segment.index.note(header.seq, step.at)
    if (options.visit === undefined) continue
    const opened = options.bodies.open(segment.header, header, step.body)
    const body = opened instanceof Promise ? await opened : opened
    if (body !== step.body) await pauses()
    if (body !== undefined)
      options.visit(header.seq, segment.header.createdAt + header.elapsedMs, header.metaBytes, body)
  }
  return { islands, provenSeq, lastBatchAt, isEnded, lastElapsedMs }
}

/** What is to become of a scanned segment. */
export interface Verdict {
  /** Last sequence number that counts as durable; may lie behind the last good record when later ones are lost. */
  readonly lastSeq: number
  /** End of what is kept. */
  readonly keptEnd: number
  /** Batch number of the last record that is kept; 0 for none. */
  readonly lastBatch: number
  readonly holes: readonly SeqRange[]
  /** Whether the records after `keptEnd` are a torn write, which was never acknowledged, rather than lost records. */
  readonly tornTail: boolean
}

/**
 * Decides between torn and lost. Missing records that were provably durable are lost: a hole, and the log goes on behind it. Missing
 * records without such a proof belong, with all that follow, to the last write, which was never acknowledged: the log ends before them.
 */
export function judgeScan(scan: Scan, baseSeq: number, provenSeq: number): Verdict {
  const proven = Math.max(scan.provenSeq, provenSeq)
  const holes: SeqRange[] = []
  let lastSeq = baseSeq - 1
  let keptEnd = SEGMENT_HEADER_BYTES
  let lastBatch = 0
  for (const island of scan.islands) {
    const expected = lastSeq + 1
    if (island.firstSeq > expected) {
      if (proven < expected) return { lastSeq, keptEnd, lastBatch, holes, tornTail: true }
      holes.push({ from: expected, to: island.firstSeq - 1 })
    }
    lastSeq = island.lastSeq
    keptEnd = island.end
    lastBatch = island.lastBatch
  }
  if (proven <= lastSeq) return { lastSeq, keptEnd, lastBatch, holes, tornTail: true }
  holes.push({ from: lastSeq + 1, to: proven })
  return { lastSeq: proven, keptEnd, lastBatch, holes, tornTail: false }
}
