/**
 * Everything that the disk buffer asks of a file system. Errors carry Node's `code` (`ENOSPC`, `EIO`, ...).
 *
 * `nodeFileSystem()` is the real one; tests pass one that runs out of space, fails or forgets what was not synced.
 */
export interface FileSystem {
  /** `create` fails with `EEXIST` when the file is there, `write` and `read` fail with `ENOENT` when it is not. */
  open(path: string, mode: 'create' | 'write' | 'read'): Promise<OpenFile>
  /** Names in a directory, in no particular order; none when there is no such directory. */
  list(directory: string): Promise<string[]>
  /** Makes a directory with its parents, durably: their names are synced. One that exists is fine. */
  makeDirectory(path: string): Promise<void>
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>
  /** Deletes a file; one that is missing is fine. */
  remove(path: string): Promise<void>
  /** Replaces `to` atomically. */
  rename(from: string, to: string): Promise<void>
  /** What tells a directory from one that has taken its place; `undefined` when there is none of this name. */
  identify(directory: string): Promise<string | undefined>
  /** The volume that a directory is on. */
  volume(directory: string): Promise<Volume>
  /**
   * Takes an exclusive lock that ends with the process at the latest.
   *
   * @throws LockHeldError at once when somebody else has it.
   */
  lock(path: string): Promise<FileLock>
}

/** An open file. All reads and writes name their position. */
export interface OpenFile {
  size(): Promise<number>
  /** Reads into `target`; the number of bytes read is smaller at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>
  /** Writes the chunks one after the other. May write less than asked; the number of bytes written is returned. */
  write(chunks: readonly Uint8Array[], position: number): Promise<number>
  truncate(length: number): Promise<void>
  /** Makes content and size durable. After a failure nothing that was written since the last success can be trusted. */
  datasync(): Promise<void>
  close(): Promise<void>
}

/** Where a directory is, and how much room there is. */
export interface Volume {
  /**
   * `network`: locks and syncs cannot be depended on. `volatile`: it ends with the machine or the container. `unknown` where the system does not
   * tell.
   */
  readonly kind: 'local' | 'network' | 'volatile' | 'unknown'
  /** Name of its file system, for messages. */
  readonly name: string
  /** What an ordinary process may still write. */
  readonly freeBytes: number
  readonly totalBytes: number
}

/** A lock that is held until released. */
export interface FileLock {
  release(): Promise<void>
}

/** Somebody else holds the lock. Thrown by `FileSystem.lock`. */
export class LockHeldError extends Error {
  override readonly name: string = 'LockHeldError'
  readonly code = 'ELOCKED' as const
}
