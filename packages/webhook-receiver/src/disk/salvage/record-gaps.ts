import type { OpenFile } from '../file-system.ts'
import { FrameReader } from '../frame-reader.ts'
import { type RecordHeader, recordBytes, recordTypes } from '../record-codec.ts'
import { SEGMENT_HEADER_BYTES } from '../segment-format.ts'
import type { Segment } from '../segment.ts'

const CHUNK_BYTES = 1024 * 1024
const MAX_UINT32 = 0xffff_ffff

/** Bytes of a segment in which records are missing. */
export interface RecordGap {
  readonly at: number
  /** Where the next good record begins; the end of the file behind the last. */
  readonly end: number
  /** The same, where padding may be cut off at the end of the file. */
  readonly paddedEnd: number
  readonly fromSeq: number
  /** Last number that may be missing; `Infinity` where nothing follows. */
  readonly toSeq: number
  /** Batch before the gap, and behind it. */
  readonly batch: number
  readonly nextBatch: number
  /** Times before the gap, and behind it, ms after the segment was begun. */
  readonly elapsedMs: number
  readonly nextElapsedMs: number
}

/** The gaps between the records of a segment whose headers hold, and behind the last of them. A damaged body leaves no gap: its header says how long it is. */
export async function findGaps(options: {
  readonly file: OpenFile
  readonly size: number
  readonly segment: Segment
  readonly limitSeq: number
}): Promise<RecordGap[]> {
  const { file, size, segment, limitSeq } = options
  const frames = new FrameReader({
    file,
    key: segment.key,
    offset: SEGMENT_HEADER_BYTES,
    end: size,
    expectedSeq: segment.baseSeq,
    chunkBytes: CHUNK_BYTES,
    unreadable: 'damage',
  })
  const gaps: RecordGap[] = []
  let at = SEGMENT_HEADER_BYTES
  let fromSeq = segment.baseSeq
  let before: Pick<RecordHeader, 'batch' | 'elapsedMs'> = { batch: 1, elapsedMs: 0 }
  for (;;) {
    const step = frames.step()
    if (step.kind === 'end') break
    if (step.kind === 'fill') {
      await frames.fill()
      continue
    }
    const { header } = step
    const toSeq = Math.min(header.seq - 1, limitSeq)
    const end = step.at
    const behind = { nextBatch: header.batch, nextElapsedMs: header.elapsedMs }
    if (end > at && toSeq >= fromSeq)
      gaps.push({
        at,
        end,
        paddedEnd: end,
        fromSeq,
        toSeq,
        batch: before.batch,
        elapsedMs: before.elapsedMs,
        ...behind,
      })
    if (header.type === recordTypes.index || header.type === recordTypes.seal || header.seq > limitSeq) return gaps
    at = end + recordBytes(header.bodyBytes)
    fromSeq = header.seq + 1
    before = header
  }
  if (at < size && fromSeq <= limitSeq)
    gaps.push({
      at,
      end: size,
      paddedEnd: Infinity,
      fromSeq,
      toSeq: limitSeq,
      batch: before.batch,
      elapsedMs: before.elapsedMs,
      nextBatch: MAX_UINT32,
      nextElapsedMs: MAX_UINT32,
    })
  return gaps
}
