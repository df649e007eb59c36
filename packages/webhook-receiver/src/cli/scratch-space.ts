import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFully, writeFully } from '../disk/file-io.ts'
import type { FileSystem, OpenFile } from '../disk/file-system.ts'

const MEMORY_BYTES = 16 * 1024 * 1024

/** Bytes that are kept until the space is closed. */
export interface KeptBytes {
  readonly length: number
  /** Fills `target` with what is kept from `from` on. */
  read(target: Uint8Array, from: number): Promise<void>
}

/** Keeps bytes for a while: the first 16 MiB in memory, the rest in a temporary file without a name. */
export class ScratchSpace {
  readonly #fileSystem: FileSystem
  #memoryLeft = MEMORY_BYTES
  #file: Promise<OpenFile> | undefined
  #fileBytes = 0

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem
  }

  async keep(chunks: readonly Uint8Array[]): Promise<KeptBytes> {
    const bytes = Buffer.concat(chunks)
    const { length } = bytes
    if (length <= this.#memoryLeft) {
      this.#memoryLeft -= length
      return keptInMemory(bytes)
    }
    const at = this.#fileBytes
    this.#fileBytes += length
    this.#file ??= this.#open()
    const file = await this.#file
    await writeFully(file, [bytes], at)
    return keptInFile(file, at, length)
  }

  async close(): Promise<void> {
    const file = await this.#file
    await file?.close()
  }

  async #open(): Promise<OpenFile> {
    const path = join(tmpdir(), `holdfast-${randomUUID()}`)
    const file = await this.#fileSystem.open(path, 'create')
    // It lasts as long as it is open, so that nothing stays behind however the process ends.
    await this.#fileSystem.remove(path)
    return file
  }
}

function keptInMemory(bytes: Uint8Array): KeptBytes {
  return {
    length: bytes.length,
    async read(target, from) {
      target.set(bytes.subarray(from, from + target.length))
    },
  }
}

// Apart from the caller, all of whose variables would be kept with it, the bytes among them.
function keptInFile(file: OpenFile, at: number, length: number): KeptBytes {
  return {
    length,
    async read(target, from) {
      await readFully(file, target, at + from)
    },
  }
}
