import { dirname } from 'node:path'
import { type FileSystem, LockHeldError, type OpenFile, type Volume } from '../../src/disk/file-system.ts'

/** A call that a fault can be put on. */
export type FileOperation =
  | 'open'
  | 'size'
  | 'read'
  | 'write'
  | 'truncate'
  | 'datasync'
  | 'close'
  | 'list'
  | 'makeDirectory'
  | 'syncDirectory'
  | 'remove'
  | 'rename'
  | 'identify'
  | 'volume'
  | 'lock'

/**
 * Decides what happens to a call: nothing special, an error with this code, or a write of only so many bytes. A read says which
 * bytes it is about.
 */
export type Fault = (
  operation: FileOperation,
  path: string,
  from?: number,
  to?: number,
) => string | { readonly shortWrite: number } | undefined

/** What of the writes that were not synced reached the disk when the power went. */
export type CrashOptions = {
  /** Called for each 512-byte sector that was written since the last sync. */
  readonly survives?: (path: string, sector: number) => boolean
  /** Whether the names that were made, changed or removed since the last sync of their directory are as they were before. */
  readonly namesSurvive?: boolean
}

interface FileContent {
  data: Buffer
  size: number
  /** What is on the disk for sure. */
  synced: Buffer
  dirtySectors: Set<number>
}

const SECTOR_BYTES = 512

/** A file system in memory that forgets, when the power goes, what was not synced, and fails when it is told to. */
export class MemoryFileSystem implements FileSystem {
  readonly files: Map<string, FileContent> = new Map()
  /** Names that are on the disk for sure. */
  readonly #syncedNames: Map<string, FileContent> = new Map()
  readonly #locks: Set<string> = new Set()
  fault: Fault | undefined
  /** Whether a sync that fails leaves pages that look clean and are not on the disk, as Linux does. */
  forgetsOnFailedSync = false
  /** What `volume` says. */
  disk: Volume = { kind: 'local', name: 'memory', freeBytes: 1e12, totalBytes: 1e12 }
  /** Changes when the directories are replaced by others. */
  identity: string | undefined = 'first'
  /** Number of calls so far. */
  calls = 0

  /** The content of a file. */
  read(path: string): Buffer {
    const file = this.files.get(path)
    if (file === undefined) throw new Error(`There is no ${path}.`)
    return file.data.subarray(0, file.size)
  }

  /** Replaces the content of a file, as a fault of the disk would. It is on the disk for sure. */
  replace(path: string, content: Uint8Array): void {
    const data = Buffer.from(content)
    const file = { data, size: data.length, synced: Buffer.from(data), dirtySectors: new Set<number>() }
    this.files.set(path, file)
    this.#syncedNames.set(path, file)
  }

  /** Paths below a directory. */
  paths(directory: string): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith(`${directory}/`)).toSorted()
  }

  /** A copy of what is visible now: what the next process finds after `kill -9`. What was not synced still is not. */
  afterKill(): MemoryFileSystem {
    const copy = new MemoryFileSystem()
    const copies = new Map<FileContent, FileContent>()
    const copyOf = (file: FileContent): FileContent => {
      const known = copies.get(file)
      if (known !== undefined) return known
      const made = { ...file, data: Buffer.from(file.data), dirtySectors: new Set(file.dirtySectors) }
      copies.set(file, made)
      return made
    }
    for (const [path, file] of this.files) copy.files.set(path, copyOf(file))
    for (const [path, file] of this.#syncedNames) copy.#syncedNames.set(path, copyOf(file))
    return copy
  }

  /** A copy of what is left after a power cut. */
  afterPowerCut({ survives = () => false, namesSurvive = false }: CrashOptions = {}): MemoryFileSystem {
    const copy = new MemoryFileSystem()
    for (const [path, file] of namesSurvive ? this.files : this.#syncedNames) {
      const sectors = [...file.dirtySectors].filter((sector) => survives(path, sector))
      const highest = Math.max(-1, ...sectors)
      const size = Math.max(file.synced.length, Math.min(file.size, (highest + 1) * SECTOR_BYTES))
      const content = Buffer.alloc(size)
      file.synced.copy(content, 0)
      copySectors(file, sectors, content)
      copy.replace(path, content)
    }
    return copy
  }

  async open(path: string, mode: 'create' | 'write' | 'read'): Promise<OpenFile> {
    this.#call('open', path)
    let file = this.files.get(path)
    if (mode === 'create') {
      if (file !== undefined) throw codedError('EEXIST')
      file = { data: Buffer.alloc(0), size: 0, synced: Buffer.alloc(0), dirtySectors: new Set() }
      this.files.set(path, file)
    } else if (file === undefined) throw codedError('ENOENT')
    return this.#openFile(path, file)
  }

  async list(directory: string): Promise<string[]> {
    this.#call('list', directory)
    const names = new Set<string>()
    for (const path of this.files.keys()) {
      if (!path.startsWith(`${directory}/`)) continue
      const [name = ''] = path.slice(directory.length + 1).split('/')
      names.add(name)
    }
    return [...names]
  }

  async makeDirectory(path: string): Promise<void> {
    this.#call('makeDirectory', path)
  }

  async syncDirectory(path: string): Promise<void> {
    this.#call('syncDirectory', path)
    for (const name of this.#syncedNames.keys()) {
      if (dirname(name) === path && !this.files.has(name)) this.#syncedNames.delete(name)
    }
    for (const [name, file] of this.files) if (dirname(name) === path) this.#syncedNames.set(name, file)
  }

  async remove(path: string): Promise<void> {
    this.#call('remove', path)
    this.files.delete(path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call('rename', from)
    const file = this.files.get(from)
    if (file === undefined) throw codedError('ENOENT')
    this.files.delete(from)
    this.files.set(to, file)
  }

  async identify(directory: string): Promise<string | undefined> {
    this.#call('identify', directory)
    return this.identity
  }

  async volume(directory: string): Promise<Volume> {
    this.#call('volume', directory)
    return this.disk
  }

  async lock(path: string): Promise<{ release(): Promise<void> }> {
    this.#call('lock', path)
    if (this.#locks.has(path)) throw new LockHeldError('The lock is held by somebody else.')
    this.#locks.add(path)
    return {
      release: async () => {
        this.#locks.delete(path)
      },
    }
  }

  #call(operation: FileOperation, path: string, from?: number, to?: number): number {
    this.calls++
    const fault = this.fault?.(operation, path, from, to)
    if (typeof fault === 'string') throw codedError(fault)
    return fault?.shortWrite ?? Infinity
  }

  #openFile(path: string, file: FileContent): OpenFile {
    return {
      size: async () => {
        this.#call('size', path)
        return file.size
      },
      read: async (target, position) => {
        this.#call('read', path, position, position + target.length)
        const end = Math.min(position + target.length, file.size)
        return position >= end ? 0 : file.data.copy(target, 0, position, end)
      },
      write: async (chunks, position) => {
        const limit = this.#call('write', path)
        const bytes = Buffer.concat(chunks).subarray(0, limit)
        resize(file, Math.max(file.size, position + bytes.length))
        bytes.copy(file.data, position)
        markDirty(file, position, position + bytes.length)
        return bytes.length
      },
      truncate: async (length) => {
        this.#call('truncate', path)
        const before = file.size
        resize(file, length)
        markDirty(file, Math.min(before, length), Math.max(before, length))
      },
      datasync: async () => {
        try {
          this.#call('datasync', path)
        } catch (error) {
          if (this.forgetsOnFailedSync) file.dirtySectors.clear()
          throw error
        }
        const synced = Buffer.alloc(file.size)
        file.synced.copy(synced)
        copySectors(file, file.dirtySectors, synced)
        file.synced = synced
        file.dirtySectors.clear()
      },
      close: async () => {
        this.#call('close', path)
      },
    }
  }
}

function resize(file: FileContent, size: number): void {
  if (size > file.data.length) {
    const grown = Buffer.alloc(Math.max(size, file.data.length * 2))
    file.data.copy(grown, 0, 0, file.size)
    file.data = grown
  }
  if (size < file.size) file.data.fill(0, size, file.size)
  file.size = size
}

function copySectors(file: FileContent, sectors: Iterable<number>, target: Buffer): void {
  for (const sector of sectors) {
    const from = sector * SECTOR_BYTES
    if (from < file.size) file.data.copy(target, from, from, Math.min(from + SECTOR_BYTES, file.size))
  }
}

function markDirty(file: FileContent, from: number, to: number): void {
  for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < to; sector++) file.dirtySectors.add(sector)
}

function codedError(code: string): Error {
  return Object.assign(new Error(`${code}: a fault of the test`), { code })
}
