import { crc32 } from 'node:zlib'
import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import { CURSOR_MAGIC, decodeCheckpoint, decodeDelta, encodeCheckpoint, encodeDelta } from './cursor-codec.ts'
import { CursorState, type SeqDelta } from './cursor-state.ts'
import { isNoSpace, openIfPresent, readDespiteDamage, writeFully, writeSmallFile } from './file-io.ts'
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
import { TwoSlotFile } from './two-slot-file.ts'

const SYNC_AFTER_MS = 1_000
const CHECKPOINT_AFTER_MS = 10_000
/** Some ten thousand acks: opening reads them in milliseconds, and the acks that wait for the syncs of a checkpoint are few among them. */
const CHECKPOINT_BYTES = 512 * 1024
const READ_CHUNK_BYTES = 64 * 1024
const RETRY_AFTER_MS = 1_000

export interface CursorFileOptions {
  readonly fileSystem: FileSystem
  /** Path without its ending: `.cur` and `.ack` are added. */
  readonly path: string
  readonly directory: string
  readonly clock: Clock
  readonly newSalt: () => Buffer
  /** Holes that are known by now. */
  readonly holes: () => readonly SeqRange[]
  /** Takes the changes in the ack log for those of a checkpoint that is gone; otherwise a log without a checkpoint is waste. */
  readonly keepsAcks?: boolean
  /** Called, before anything is written, when the checkpoint is lost: what is left of the ack log is all that is known. */
  readonly onLost?: () => void
}

interface Waiting {
  readonly delta: SeqDelta
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Keeps a cursor on disk: a checkpoint in two slots, and a log of the changes since. A change is written before `commit` resolves, so it survives
 * the process; it is synced within a second, so a power cut costs a second of acks, which are delivered again.
 */
export class CursorFile {
  readonly state: CursorState
  readonly #options: CursorFileOptions
  readonly #slots: TwoSlotFile
  #ack: OpenFile
  #ackHeader: SegmentHeader
  #ackEnd: number
  /** Size of the ack log when it was last begun anew. */
  #ackBase: number
  #version: number
  #waiting: Waiting[] = []
  #work: Promise<void> = Promise.resolve()
  #cancelSync: (() => void) | undefined
  #checkpointedAt: number
  /** Whether a sync failed, so that the changes since the checkpoint cannot be trusted to be on the disk. */
  #unsynced = false
  #closed = false

  private constructor(options: CursorFileOptions, slots: TwoSlotFile, loaded: Loaded) {
    this.#options = options
    this.#slots = slots
    this.state = loaded.state
    this.#version = loaded.version
    this.#ack = loaded.ack
    this.#ackHeader = loaded.ackHeader
    this.#ackEnd = loaded.ackEnd
    this.#ackBase = loaded.ackEnd
    this.#checkpointedAt = options.clock.monotonicMs()
  }

  /** Opens a cursor, or begins one at `lowWater`, durably. Damage is made up for as far as the other copies reach. */
  static async open(options: CursorFileOptions, lowWater: number): Promise<CursorFile> {
    const { fileSystem, path } = options
    const isNew = !(await fileSystem.list(options.directory)).includes(fileNameOf(path))
    // It gets its name when it holds something: one of this name that holds nothing is damaged.
    const name = isNew ? `${path}.cur.tmp` : `${path}.cur`
    if (isNew) await fileSystem.remove(name)
    const { file: slots, content } = await TwoSlotFile.open(fileSystem, name, CURSOR_MAGIC)
    try {
      if (content.kind === 'newer')
        throw new BufferError('buffer_unusable', `${path}.cur was written by a later version of Holdfast.`)
      const keepsAcks = options.keepsAcks === true
      if (isNew && !keepsAcks) await fileSystem.remove(`${path}.ack`)
      if (content.kind === 'none' && (!isNew || keepsAcks)) options.onLost?.()
      const loaded = await loadAcks(
        options,
        content.kind === 'payload'
          ? decodeCheckpoint(content.payload)
          : { state: new CursorState(lowWater), version: undefined, ackHeader: undefined },
      )
      const cursor = new CursorFile(options, slots, loaded)
      if (content.kind === 'none') await cursor.#checkpoint()
      if (!isNew) {
        if (content.kind === 'none') await fileSystem.syncDirectory(options.directory)
        return cursor
      }
      await cursor.close()
      await fileSystem.rename(name, `${path}.cur`)
      await fileSystem.syncDirectory(options.directory)
    } catch (error) {
      await slots.close().catch(() => undefined)
      throw error
    }
    return CursorFile.open(options, lowWater)
  }

  /**
   * Writes a change. Changes that come while one is being written are written together.
   *
   * @throws BufferError `buffer_full` or `buffer_failed`; the change may be found or not after a restart.
   */
  commit(delta: SeqDelta): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ delta, resolve, reject })
      if (this.#waiting.length === 1) this.#enqueue(() => this.#writeWaiting())
    })
  }

  /**
   * Makes what was committed so far durable at once.
   *
   * @throws BufferError `buffer_full` or `buffer_failed`.
   */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue(async () => {
        try {
          await (this.#unsynced ? this.#checkpoint() : this.#ack.datasync())
          resolve()
        } catch (error) {
          this.#unsynced = true
          reject(writeFailure(error))
        }
      })
    })
  }

  /** Checkpoints and closes. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelSync?.()
    this.#enqueue(async () => {
      if (this.#ackEnd > SEGMENT_HEADER_BYTES) await this.#checkpoint().catch(() => this.#ack.datasync())
    })
    await this.#work
    await this.#ack.close().catch(() => undefined)
    await this.#slots.close().catch(() => undefined)
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(() => undefined)
  }

  async #writeWaiting(): Promise<void> {
    const group = this.#waiting
    this.#waiting = []
    const delta: SeqDelta = {
      lowWater: 0,
      done: group.flatMap((waiting) => waiting.delta.done),
      retry: group.flatMap((waiting) => waiting.delta.retry),
    }
    try {
      if (this.#unsynced) await this.#checkpoint()
      await this.#writeDelta(delta)
      for (const waiting of group) waiting.resolve()
    } catch (error) {
      const refusal = writeFailure(error)
      for (const waiting of group) waiting.reject(refusal)
      return
    }
    this.#cancelSync ??= this.#options.clock.schedule(SYNC_AFTER_MS, () => this.#sync(), { background: true })
    if (this.#ackEnd >= Math.max(CHECKPOINT_BYTES, 2 * this.#ackBase)) await this.#checkpoint()
  }

  async #writeDelta(delta: SeqDelta): Promise<void> {
    const frame = encodeFrame(this.#ackHeader, this.#version + 1, delta)
    try {
      await writeFully(this.#ack, [frame], this.#ackEnd)
    } catch (error) {
      await this.#ack.truncate(this.#ackEnd).catch(() => undefined)
      // The slots have their place already, so acks go on while the disk is full.
      this.state.apply(delta, this.#options.holes())
      if (!(await this.#writeSlots().catch(() => false))) throw error
      return
    }
    this.#version++
    this.#ackEnd += frame.length
    this.state.apply(delta, this.#options.holes())
  }

  #sync(): void {
    this.#cancelSync = undefined
    this.#enqueue(async () => {
      if (this.#closed) return
      const isDue = this.#options.clock.monotonicMs() - this.#checkpointedAt >= CHECKPOINT_AFTER_MS
      if (isDue && this.#ackBase <= SEGMENT_HEADER_BYTES) {
        await this.#checkpoint()
        return
      }
      try {
        await this.#ack.datasync()
      } catch {
        this.#unsynced = true
        await this.#checkpoint()
      }
    })
  }

  /** Makes the whole state durable and begins the ack log anew. */
  async #checkpoint(): Promise<void> {
    if (await this.#writeSlots()) {
      // Frames up to the checkpoint's version do not count any more, so a crash before this changes nothing.
      await this.#ack.truncate(SEGMENT_HEADER_BYTES)
      this.#ackEnd = SEGMENT_HEADER_BYTES
    } else await this.#rewriteAcks()
    this.#ackBase = this.#ackEnd
    this.#unsynced = false
    this.#checkpointedAt = this.#options.clock.monotonicMs()
  }

  /** Writes the state into both slots; false when it does not fit. */
  async #writeSlots(): Promise<boolean> {
    const payload = encodeCheckpoint({
      state: this.state,
      version: this.#version,
      ackHeader: encodeSegmentHeader(this.#ackHeader),
    })
    if (payload === undefined) return false
    await this.#slots.write(payload, 2)
    return true
  }

  /** Puts an ack log in place that has nothing but the whole state: for a state that is too large for a slot. */
  async #rewriteAcks(): Promise<void> {
    const { fileSystem, path, directory } = this.#options
    const header: SegmentHeader = { ...this.#ackHeader, baseSeq: this.#version + 1 }
    const frame = encodeFrame(header, this.#version + 1, this.state.snapshot())
    const content = Buffer.concat([encodeSegmentHeader(header), frame])
    await writeSmallFile(fileSystem, `${path}.ack.tmp`, content, true)
    await fileSystem.rename(`${path}.ack.tmp`, `${path}.ack`)
    await fileSystem.syncDirectory(directory)
    const ack = await fileSystem.open(`${path}.ack`, 'write')
    await this.#ack.close().catch(() => undefined)
    this.#ack = ack
    this.#ackHeader = header
    this.#ackEnd = content.length
    this.#version++
  }
}

function writeFailure(error: unknown): BufferError {
  return new BufferError(isNoSpace(error) ? 'buffer_full' : 'buffer_failed', 'The cursor cannot be written.', {
    retryAfterMs: RETRY_AFTER_MS,
    cause: error,
  })
}

interface Loaded {
  readonly state: CursorState
  readonly version: number
  readonly ack: OpenFile
  readonly ackHeader: SegmentHeader
  readonly ackEnd: number
}

interface CheckpointBase {
  readonly state: CursorState
  /** `undefined`: the checkpoint is lost, or there was none. */
  readonly version: number | undefined
  readonly ackHeader: Buffer | undefined
}

/** Applies the changes since the checkpoint. Damaged frames are passed over: their events are delivered again. */
async function loadAcks(options: CursorFileOptions, checkpoint: CheckpointBase): Promise<Loaded> {
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

function fileNameOf(path: string): string {
  return `${path.slice(path.lastIndexOf('/') + 1)}.cur`
}

/** The header of the ack log: its own, or the checkpoint's copy, or a new one for a new log. */
async function settleAckHeader(
  options: CursorFileOptions,
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

function encodeFrame(header: SegmentHeader, version: number, delta: SeqDelta): Buffer {
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
