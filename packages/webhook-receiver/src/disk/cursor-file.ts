import { BufferError } from '../buffer/buffer-error.ts'
import { type AckLogOptions, encodeAckFrame, loadAcks, type LoadedCursor } from './ack-log.ts'
import { CURSOR_MAGIC, decodeCheckpoint, encodeCheckpoint } from './cursor-codec.ts'
import { CursorState, type SeqDelta } from './cursor-state.ts'
import { isNoSpace, writeFully, writeSmallFile } from './file-io.ts'
import type { OpenFile } from './file-system.ts'
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-format.ts'
import { TwoSlotFile } from './two-slot-file.ts'

const SYNC_AFTER_MS = 1_000
const CHECKPOINT_AFTER_MS = 10_000
/** Some ten thousand acks: opening reads them in milliseconds, and the acks that wait for the syncs of a checkpoint are few among them. */
const CHECKPOINT_BYTES = 512 * 1024
const RETRY_AFTER_MS = 1_000

export interface CursorFileOptions extends AckLogOptions {
  /** Directory of `path`. */
  readonly directory: string
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

  private constructor(options: CursorFileOptions, slots: TwoSlotFile, loaded: LoadedCursor) {
    this.#options = options
    this.#slots = slots
    this.state = loaded.state
    this.#version = loaded.version
    this.#ack = loaded.ack
    this.#ackHeader = loaded.ackHeader
    this.#ackEnd = loaded.ackEnd
    this.#ackBase = loaded.ackEnd
    this.#checkpointedAt = options.clock.monotonicMs()
    // A process that was killed may have left what is not on the disk yet.
    if (loaded.ackEnd > SEGMENT_HEADER_BYTES) this.#syncSoon()
  }

  /** Opens a cursor, or begins one at `lowWater`, durably. Damage is made up for as far as the other copies reach. */
  static async open(options: CursorFileOptions, lowWater: number): Promise<CursorFile> {
    const { fileSystem, path } = options
    const isNew = !(await fileSystem.list(options.directory)).includes(fileNameOf(path))
    // It gets its name when it holds something: one of this name that holds nothing is damaged.
    const name = isNew ? `${path}.cur.tmp` : `${path}.cur`
    if (isNew) await fileSystem.remove(name)
    const { file: slots, content } = await TwoSlotFile.open(fileSystem, name, CURSOR_MAGIC)
    let cursor: CursorFile | undefined
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
      cursor = new CursorFile(options, slots, loaded)
      if (content.kind === 'none') await cursor.#checkpoint()
      if (!isNew) {
        if (content.kind === 'none') await fileSystem.syncDirectory(options.directory)
        return cursor
      }
      await cursor.close()
      await fileSystem.rename(name, `${path}.cur`)
      await fileSystem.syncDirectory(options.directory)
    } catch (error) {
      await (cursor ?? slots).close().catch(() => undefined)
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
    this.#syncSoon()
    if (this.#ackEnd >= Math.max(CHECKPOINT_BYTES, 2 * this.#ackBase)) await this.#checkpoint()
  }

  async #writeDelta(delta: SeqDelta): Promise<void> {
    const frame = encodeAckFrame(this.#ackHeader, this.#version + 1, delta)
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

  #syncSoon(): void {
    this.#cancelSync ??= this.#options.clock.schedule(SYNC_AFTER_MS, () => this.#sync(), { background: true })
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
    const frame = encodeAckFrame(header, this.#version + 1, this.state.snapshot())
    const content = Buffer.concat([encodeSegmentHeader(header), frame])
    await writeSmallFile(fileSystem, `${path}.ack.tmp`, content, true)
    // From here on nothing that is written to the file of before can be found again: if this ends early, a checkpoint comes before the next change.
    this.#unsynced = true
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

function fileNameOf(path: string): string {
  return `${path.slice(path.lastIndexOf('/') + 1)}.cur`
}
