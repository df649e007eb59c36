import type { Clock } from '@holdfast/core'
import { writeFully } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { encodeSegmentHeader, FORMAT_VERSION, segmentName, unfinishedSegmentName } from './segment-format.ts'
import { Segment } from './segment.ts'

export interface SegmentMakerOptions {
  readonly fileSystem: FileSystem
  readonly segmentDirectory: string
  readonly epoch: number
  /** Zeros that are written ahead, in bytes; 0 for none. */
  readonly preallocateBytes: number
  readonly clock: Clock
  readonly newSalt: () => Buffer
  /** Called with a new segment; what is appended to it counts only when the promise has resolved. */
  readonly onSegmentCreated: (segment: Segment, header: Buffer) => Promise<void>
}

interface PreparedFile {
  readonly path: string
  readonly file: OpenFile
  /** End of the zeros that are there. */
  readonly allocatedEnd: number
}

/** A segment that has just been made. */
export interface NewSegment {
  readonly segment: Segment
  readonly file: OpenFile
  readonly allocatedEnd: number
  /** Resolves when its name is durable and META has a copy of its header. Nothing in it may be acknowledged before. */
  readonly born: Promise<unknown>
}

/**
 * Makes segments. The file of the next one is prepared while the one before fills up; it gets its name, which has the number of the first
 * record in it, when it is needed.
 */
export class SegmentMaker {
  readonly #options: SegmentMakerOptions
  #prepared: Promise<PreparedFile | undefined> | undefined
  #count = 0

  constructor(options: SegmentMakerOptions) {
    this.#options = options
  }

  /** Begins to prepare a file, once. When that fails, `make` tries again. */
  prepare(): void {
    this.#prepared ??= this.#openFile().catch(() => undefined)
  }

  /** Makes a segment whose first record will have this number. */
  async make(baseSeq: number): Promise<NewSegment> {
    const { fileSystem, segmentDirectory, epoch, clock, newSalt, onSegmentCreated } = this.#options
    const prepared = await this.#prepared
    this.#prepared = undefined
    const { path, file, allocatedEnd } = prepared ?? (await this.#openFile())
    const header = { formatVersion: FORMAT_VERSION, baseSeq, createdAt: clock.now(), salt: newSalt(), epoch }
    const segment = new Segment(`${segmentDirectory}/${segmentName(baseSeq, epoch)}`, header)
    const bytes = encodeSegmentHeader(header)
    try {
      await writeFully(file, [bytes], 0)
      // Only this writer makes names with its epoch: what it replaces is a segment of its own in which nothing became durable.
      await fileSystem.rename(path, segment.path)
    } catch (error) {
      await discard(fileSystem, path, file)
      throw error
    }
    const born = bothOf(fileSystem.syncDirectory(segmentDirectory), onSegmentCreated(segment, bytes))
    // Whoever writes to the segment waits for it; until then its failure must not count as unhandled.
    born.catch(ignore)
    return { segment, file, allocatedEnd, born }
  }

  /** Gives up what was prepared. */
  async close(): Promise<void> {
    const prepared = await this.#prepared
    this.#prepared = undefined
    if (prepared !== undefined) await discard(this.#options.fileSystem, prepared.path, prepared.file)
  }

  async #openFile(): Promise<PreparedFile> {
    const { fileSystem, segmentDirectory, epoch, preallocateBytes } = this.#options
    const path = `${segmentDirectory}/${unfinishedSegmentName(epoch, ++this.#count)}`
    const file = await fileSystem.open(path, 'create')
    if (preallocateBytes === 0) return { path, file, allocatedEnd: 0 }
    try {
      await writeFully(file, [Buffer.alloc(preallocateBytes)], 0)
      await file.datasync()
      return { path, file, allocatedEnd: preallocateBytes }
    } catch (error) {
      await discard(fileSystem, path, file)
      throw error
    }
  }
}

/** Whatever fails, nothing is under way when it rejects: a segment that is given up must not be put on the list after that. */
async function bothOf(first: Promise<unknown>, second: Promise<unknown>): Promise<void> {
  await Promise.allSettled([first, second])
  await first
  await second
}

async function discard(fileSystem: FileSystem, path: string, file: OpenFile): Promise<void> {
  await file.close().catch(ignore)
  // The next opening removes it as well.
  await fileSystem.remove(path).catch(ignore)
}

function ignore(): void {}
