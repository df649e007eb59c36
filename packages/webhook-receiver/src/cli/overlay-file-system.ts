import type { FileSystem, OpenFile } from '../disk/file-system.ts'
import { type KeptBytes, ScratchSpace } from './scratch-space.ts'

/** A view of a file system that keeps what is written to itself. */
export interface OverlayFileSystem {
  readonly fileSystem: FileSystem
  /** Closes the files of the base that it has opened, and forgets what was written. */
  close(): Promise<void>
}

/**
 * A view of `base` that changes nothing there: what is written through it is kept aside. So the directory of a running application
 * can be opened and recovered as after a crash, and looked into, while the application goes on writing. Files have the size that
 * they had when they were first opened, and the lock of the directory is neither taken nor asked for.
 */
export function overlayFileSystem(base: FileSystem): OverlayFileSystem {
  const files = new Map<string, OverlayContent>()
  const removed = new Set<string>()
  const opened: OpenFile[] = []
  const scratch = new ScratchSpace(base)

  const contentOf = async (path: string): Promise<OverlayContent> => {
    const known = files.get(path)
    if (known !== undefined) return known
    if (removed.has(path)) throw failure('ENOENT', path)
    const file = await base.open(path, 'read')
    opened.push(file)
    const content = new OverlayContent(scratch, file, await file.size())
    files.set(path, content)
    return content
  }

  const exists = async (path: string): Promise<boolean> => {
    if (files.has(path)) return true
    const directory = path.slice(0, path.lastIndexOf('/'))
    return !removed.has(path) && (await base.list(directory)).includes(path.slice(directory.length + 1))
  }

  const fileSystem: FileSystem = {
    async open(path, mode) {
      if (mode !== 'create') return (await contentOf(path)).handle()
      if (await exists(path)) throw failure('EEXIST', path)
      const content = new OverlayContent(scratch, undefined, 0)
      files.set(path, content)
      removed.delete(path)
      return content.handle()
    },
    async list(directory) {
      const names = new Set((await base.list(directory)).filter((name) => !removed.has(`${directory}/${name}`)))
      for (const path of files.keys()) {
        const name = path.slice(directory.length + 1)
        if (path.startsWith(`${directory}/`) && !name.includes('/')) names.add(name)
      }
      return [...names]
    },
    async makeDirectory() {},
    async syncDirectory() {},
    async remove(path) {
      files.delete(path)
      removed.add(path)
    },
    async rename(from, to) {
      files.set(to, await contentOf(from))
      files.delete(from)
      removed.add(from)
      removed.delete(to)
    },
    identify: (directory) => base.identify(directory),
    // Nothing is written, so it does not matter what the place is good for.
    volume: async (directory) => ({ ...(await base.volume(directory)), kind: 'unknown' }),
    async lock() {
      return { async release() {} }
    },
  }

  return {
    fileSystem,
    async close() {
      await Promise.all(opened.splice(0).map((file) => file.close()))
      await scratch.close()
    },
  }
}

/** A part of a file that was written; `length` is less than was kept where the file was cut. */
interface Extent {
  readonly at: number
  readonly length: number
  readonly bytes: KeptBytes
}

/** A file of the base with what was written over it. */
class OverlayContent {
  readonly #scratch: ScratchSpace
  readonly #base: OpenFile | undefined
  /** How much of the base is still seen. */
  #baseSize: number
  #size: number
  #extents: Extent[] = []

  constructor(scratch: ScratchSpace, base: OpenFile | undefined, size: number) {
    this.#scratch = scratch
    this.#base = base
    this.#baseSize = size
    this.#size = size
  }

  handle(): OpenFile {
    return {
      size: async () => this.#size,
      read: (target, position) => this.#read(target, position),
      write: (chunks, position) => this.#write(chunks, position),
      truncate: async (length) => this.#truncate(length),
      async datasync() {},
      // Others may have it open; the base is closed with the overlay.
      async close() {},
    }
  }

  async #read(target: Uint8Array, position: number): Promise<number> {
    const length = Math.max(0, Math.min(target.length, this.#size - position))
    const wanted = target.subarray(0, length)
    wanted.fill(0)
    let filled = 0
    const readable = Math.max(0, Math.min(length, this.#baseSize - position))
    while (this.#base !== undefined && filled < readable) {
      const count = await this.#base.read(wanted.subarray(filled, readable), position + filled)
      if (count === 0) break
      filled += count
    }
    for (const { at, length: extent, bytes } of this.#extents) {
      const from = Math.max(at, position)
      const to = Math.min(at + extent, position + length)
      if (from < to) await bytes.read(wanted.subarray(from - position, to - position), from - at)
    }
    return length
  }

  async #write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    const bytes = await this.#scratch.keep(chunks)
    const { length } = bytes
    this.#extents.push({ at: position, length, bytes })
    this.#size = Math.max(this.#size, position + length)
    return length
  }

  #truncate(length: number): void {
    this.#baseSize = Math.min(this.#baseSize, length)
    this.#extents = this.#extents
      .filter(({ at }) => at < length)
      .map((extent) => ({ ...extent, length: Math.min(extent.length, length - extent.at) }))
    this.#size = length
  }
}

function failure(code: 'ENOENT' | 'EEXIST', path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code })
}
