import { constants, close, fdatasync, fstat, fsync, ftruncate, open, read, write, writev } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, resolve as resolvePath } from 'node:path'
import { errorCodeOf } from './file-io.ts'
import type { FileSystem, OpenFile, Volume } from './file-system.ts'
import { fileSystemOf } from './linux-file-systems.ts'
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
        const code = errorCodeOf(error)
        if (code === 'ENOENT' || code === 'ENOTDIR') return []
        throw error
      }
    },
    makeDirectory,
    syncDirectory,
    remove: (path) => rm(path, { force: true }),
    rename,
    identify,
    volume,
    lock: lockWithSqlite,
  }
}

// The callback functions of node:fs cost a third of their promise versions, and this is the append path.
class NodeFile implements OpenFile {
  /** -1 once it is closed: the system gives the number to another file, which a late call must not touch. */
  #descriptor: number

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

  async close(): Promise<void> {
    const descriptor = this.#descriptor
    this.#descriptor = -1
    if (descriptor !== -1) await closeDescriptor(descriptor)
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

async function makeDirectory(path: string): Promise<void> {
  const target = resolvePath(path)
  if (await makeMissing(target)) return
  // It may be there since a moment ago, made by a process that was killed before it could sync. A parent that may not be read is
  // not ours: who made the directory for us has seen to it.
  await syncDirectory(dirname(target)).catch((error: unknown) => {
    if (errorCodeOf(error) !== 'EACCES') throw error
  })
}

/**
 * Makes a directory, after its parents that are missing; `false` when it is there. Step by step: `recursive` of Node.js tries again for ever where a parent is
 * there and nothing can be made in it, as in /proc.
 */
async function makeMissing(target: string, hasParent: boolean = dirname(target) === target): Promise<boolean> {
  try {
    await mkdir(target, 0o700)
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT' && !hasParent) {
      await makeMissing(dirname(target))
      return makeMissing(target, true)
    }
    if ((await stat(target).catch(() => undefined))?.isDirectory()) return false
    throw error
  }
  await syncDirectory(dirname(target))
  return true
}

async function identify(directory: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(directory, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT' || errorCodeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

async function volume(directory: string): Promise<Volume> {
  const { type, bsize, bavail, blocks } = await statfs(directory)
  // Only Linux has numbers for file systems that mean the same on every machine.
  const { kind, name } =
    process.platform === 'linux' ? fileSystemOf(type) : { kind: 'unknown' as const, name: 'unknown' }
  return { kind, name, freeBytes: bsize * bavail, totalBytes: bsize * blocks }
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
