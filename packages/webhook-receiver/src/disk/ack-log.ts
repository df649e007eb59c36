import { crc32 } from 'node:zlib'
import type { Clock } from '@holdfast/core'
import { decodeDelta, encodeDelta } from './cursor-codec.ts'
import type { CursorState, SeqDelta } from './cursor-state.ts'
import { openIfPresent, readDespiteDamage, writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { FrameReader } from './frame-reader.ts'
import {
  decodeRecordHeader,
  encodeRecordHeader,
  RECORD_HEADER_BYTES,
  recordBytes,
  recordTypes,
} from './record-codec.ts'
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  FORMAT_VERSION,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentKey,
} from './segment-format.ts'
import type { SeqRange } from './seq.ts'

const READ_CHUNK_BYTES = 64 * 1024

export interface AckLogOptions {
  readonly fileSystem: FileSystem
  /** Path without its ending: `.ack` is added, as `.cur` is for the checkpoint. */
  readonly path: string
  readonly clock: Clock
  readonly newSalt: () => Buffer
  /** Holes that are known by now. */
  readonly holes: () => readonly SeqRange[]
}

/** A cursor as its checkpoint and its ack log have it, and the log, open for more. */
export interface LoadedCursor {
  readonly state: CursorState
  readonly version: number
  readonly ack: OpenFile
  readonly ackHeader: SegmentHeader
  readonly ackEnd: number
}

/** What the checkpoint says. */
export interface CheckpointBase {
  readonly state: CursorState
  /** `undefined`: the checkpoint is lost, or there was none. */
  readonly version: number | undefined
  readonly ackHeader: Buffer | undefined
}

/** Applies the changes since the checkpoint. Damaged frames are passed over: their events are delivered again. */
export async function loadAcks(options: AckLogOptions, checkpoint: CheckpointBase): Promise<LoadedCursor> {
  const { state } = checkpoint
  const present = await openIfPresent(options.fileSystem, `${options.path}.ack`, 'write')
  const ack = present ?? (await options.fileSystem.open(`${options.path}.ack`, 'create'))
  try {
    const ackHeader = await settleAckHeader(options, ack, checkpoint.ackHeader)
    const size = await ack.size()
    const frames = new FrameReader({
      file: ack,
      key: segmentKey(ackHeader),
      offset: SEGMENT_HEADER_BYTES,
      end: size,
      expectedSeq: Math.max((checkpoint.version ?? (await versionBefore(ack, ackHeader))) + 1, ackHeader.baseSeq),
      chunkBytes: READ_CHUNK_BYTES,
      unreadable: 'damage',
    })
    for (;;) {
      const step = frames.step()
      if (step.kind === 'end') break
      if (step.kind === 'fill') await frames.fill()
      else if (step.kind === 'record' && step.header.type === recordTypes.ack)
        state.apply(decodeDelta(step.body), options.holes())
    }
    // Damaged frames at the end are cut off, so their numbers are free: the next frame follows the last good one.
    const version = frames.expectedSeq - 1
    const ackEnd = frames.goodEnd
    if (size > ackEnd) await ack.truncate(ackEnd)
    return { state, version, ack, ackHeader, ackEnd }
  } catch (error) {
    await ack.close().catch(() => undefined)
    throw error
  }
}

/** The version that the first frame of an ack log follows: that of a checkpoint which is lost. */
async function versionBefore(ack: OpenFile, ackHeader: SegmentHeader): Promise<number> {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES)
  await readDespiteDamage(ack, bytes, SEGMENT_HEADER_BYTES)
  const first = decodeRecordHeader(bytes, segmentKey(ackHeader))
  return first?.type === recordTypes.ack ? first.seq - 1 : 0
}

/** The header of the ack log: its own, or the checkpoint's copy, or a new one for a new log. */
async function settleAckHeader(
  options: AckLogOptions,
  ack: OpenFile,
  copy: Buffer | undefined,
): Promise<SegmentHeader> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  await readDespiteDamage(ack, bytes, 0)
  const own = decodeSegmentHeader(bytes)
  if (own !== undefined) return own
  const header: SegmentHeader = (copy === undefined ? undefined : decodeSegmentHeader(copy)) ?? {
    formatVersion: FORMAT_VERSION,
    baseSeq: 1,
    createdAt: options.clock.now(),
    salt: options.newSalt(),
    epoch: 0,
  }
  await writeFully(ack, [encodeSegmentHeader(header)], 0)
  return header
}

/** A change as a frame of the log with this header. */
export function encodeAckFrame(header: SegmentHeader, version: number, delta: SeqDelta): Buffer {
  const body = encodeDelta(delta)
  const frame = Buffer.alloc(recordBytes(body.length))
  body.copy(frame, RECORD_HEADER_BYTES)
  encodeRecordHeader(frame, 0, segmentKey(header), {
    type: recordTypes.ack,
    flags: 0,
    bodyBytes: body.length,
    metaBytes: 0,
    seq: version,
    batch: 0,
    elapsedMs: 0,
    bodyCrc: crc32(body),
  })
  return frame
}
