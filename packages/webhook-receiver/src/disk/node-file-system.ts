import { constants, close, fdatasync, fstat, fsync, ftruncate, open, read, write, writev } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { errorCodeOf } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import { lockWithSqlite } from './sqlite-lock.ts'

const openFlags = {
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  write: constants.O_RDWR,
  read: constants.O_RDONLY,
} as const

// Most systems take 1,024 buffers in one writev.
const MAX_CHUNKS_PER_WRITE = 1024

/** The file system of the machine, through Node's thread pool: no call blocks the event loop. */
export function nodeFileSystem(): FileSystem {
  return {
    open: async (path, mode) => new NodeFile(await openDescriptor(path, openFlags[mode])),
    list: async (directory) => {
      try {
        return await readdir(directory)
      } catch (error) {
        if (errorCodeOf(error) === 'ENOENT') return []
        throw error
      }
    },
    makeDirectory: async (path) => {
      await mkdir(path, { recursive: true, mode: 0o700 })
    },
    syncDirectory,
    remove: (path) => rm(path, { force: true }),
    rename,
    lock: lockWithSqlite,
  }
}

// The callback functions of node:fs cost a third of their promise versions, and this is the append path.
class NodeFile implements OpenFile {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fstat(this.#descriptor, (error, stats) => (error ? reject(error) : resolve(stats.size)))
    })
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, target, 0, target.length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      )
    })
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, count: number): void => (error ? reject(error) : resolve(count))
      const only = chunks.length === 1 ? chunks[0] : undefined
      if (only === undefined) writev(this.#descriptor, chunks.slice(0, MAX_CHUNKS_PER_WRITE), position, done)
      else write(this.#descriptor, only, 0, only.length, position, done)
    })
  }

  truncate(length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      ftruncate(this.#descriptor, length, (error) => (error ? reject(error) : resolve()))
    })
  }

  datasync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => (error ? reject(error) : resolve()))
    })
  }

  close(): Promise<void> {
    return closeDescriptor(this.#descriptor)
  }
}

function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, 0o600, (error, descriptor) => (error ? reject(error) : resolve(descriptor)))
  })
}

function closeDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    close(descriptor, (error) => (error ? reject(error) : resolve()))
  })
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no way to sync a directory; its file systems journal names.
  if (process.platform === 'win32') return
  const descriptor = await openDescriptor(path, constants.O_RDONLY)
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(descriptor, (error) => (error ? reject(error) : resolve()))
    })
  } finally {
    await closeDescriptor(descriptor)
  }
}
