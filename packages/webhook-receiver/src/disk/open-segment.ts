import type { BodyCipher } from './body/body-cipher.ts'
import type { EncodedBatch } from './batch-encoder.ts'
import { isNoSpace, writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import type { NewSegment } from './segment-maker.ts'
import { sealSegment } from './segment-sealer.ts'
import type { Segment } from './segment.ts'

/** A segment that is open for appending. Its end is clean: nothing is behind its last record but zeros. */
export class OpenSegment {
  readonly segment: Segment
  readonly file: OpenFile
  /** Encrypts its records; `undefined`: they are stored as they come. */
  readonly cipher: BodyCipher | undefined
  /** Zeros were written up to here. */
  #allocatedEnd: number
  /** Set until the segment is known to exist for good. */
  #born: Promise<unknown> | undefined

  private constructor(
    { segment, file, allocatedEnd }: NewSegment,
    born: Promise<unknown> | undefined,
    cipher: BodyCipher | undefined,
  ) {
    this.cipher = cipher
    this.segment = segment
    this.file = file
    this.#allocatedEnd = allocatedEnd
    this.#born = born
  }

  /** Takes over a segment that was just made. */
  static of(made: NewSegment, cipher: BodyCipher | undefined): OpenSegment {
    return new OpenSegment(made, made.born, cipher)
  }

  /** Opens a segment to go on in it. */
  static async resume(fileSystem: FileSystem, segment: Segment, cipher: BodyCipher | undefined): Promise<OpenSegment> {
    const file = await fileSystem.open(segment.path, 'write')
    try {
      const allocatedEnd = await file.size()
      return new OpenSegment({ segment, file, allocatedEnd, born: Promise.resolve() }, undefined, cipher)
    } catch (error) {
      await file.close().catch(ignore)
      throw error
    }
  }

  /** Writes a batch behind the last record. `aheadBytes` of zeros follow when those of before are used up. */
  async write(batch: EncodedBatch, aheadBytes: number, zeros: (bytes: number) => Uint8Array): Promise<void> {
    await writeFully(this.file, batch.chunks, this.segment.readableEnd)
    if (batch.end < this.#allocatedEnd) return
    this.#allocatedEnd = batch.end
    if (aheadBytes <= 0) return
    try {
      await writeFully(this.file, [zeros(aheadBytes)], batch.end)
      this.#allocatedEnd = batch.end + aheadBytes
    } catch (error) {
      // The batch itself is written; what there is of zeros does no harm.
      if (!isNoSpace(error)) throw error
    }
  }

  /** Waits until what was written may be acknowledged; `sync`: until it is on the disk. */
  async settle(sync: boolean): Promise<void> {
    const synced = sync ? this.file.datasync() : undefined
    if (this.#born !== undefined) {
      const [, birth] = await Promise.allSettled([synced, this.#born])
      if (birth.status === 'rejected') throw birth.reason
      this.#born = undefined
    }
    await synced
  }

  /** Cuts off a write that found no space. */
  async cutBack(): Promise<void> {
    await this.file.truncate(this.segment.readableEnd)
    this.#allocatedEnd = this.segment.readableEnd
  }

  /**
   * Gives the segment its seal and closes it. The seal can be done without: the number of the next segment says where this one ends, and
   * it is read as a whole at the next opening.
   */
  async seal(lastBatch: number, sync: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await sync?.()
      await sealSegment(this.file, this.segment, lastBatch)
    } catch {
      // See above.
    }
    await this.close()
  }

  /** Closes the file, whatever becomes of the segment. */
  async close(): Promise<void> {
    await this.#born?.catch(ignore)
    await this.file.close().catch(ignore)
  }
}

function ignore(): void {}
