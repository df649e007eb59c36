import type { FileSystem, OpenFile } from './file-system.ts'

// Devices and page caches lose no less than this at once.
const BLOCK_BYTES = 4096

/** Node's error code of a failed call. */
export function errorCodeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** Whether an error says that there is no room, as opposed to a device that fails. */
export function isNoSpace(error: unknown): boolean {
  const code = errorCodeOf(error)
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG'
}

/**
 * Writes all chunks, going on after short writes. A disk that fills up is met as a short write first; the next call has
 * the error.
 */
export async function writeFully(file: OpenFile, chunks: readonly Uint8Array[], position: number): Promise<void> {
  let rest = chunks
  let at = position
  while (rest.length > 0) {
    const written = await file.write(rest, at)
    if (written <= 0) throw Object.assign(new Error('The file system took no bytes.'), { code: 'ENOSPC' })
    at += written
    rest = dropBytes(rest, written)
  }
}

/** Reads until `target` is full or the file ends. */
export async function readFully(file: OpenFile, target: Uint8Array, position: number): Promise<number> {
  let filled = 0
  while (filled < target.length) {
    const count = await file.read(target.subarray(filled), position + filled)
    if (count === 0) break
    filled += count
  }
  return filled
}

/** Reads like `readFully`, with zeros where the device cannot read. */
export async function readDespiteDamage(file: OpenFile, target: Uint8Array, position: number): Promise<number> {
  try {
    return await readFully(file, target, position)
  } catch (error) {
    if (!isUnreadable(error)) throw error
  }
  let filled = 0
  while (filled < target.length) {
    const at = position + filled
    const block = target.subarray(filled, filled + BLOCK_BYTES - (at % BLOCK_BYTES))
    const count = await readFully(file, block, at).catch((error: unknown) => {
      if (!isUnreadable(error)) throw error
      block.fill(0)
      return block.length
    })
    filled += count
    if (count < block.length) break
  }
  return filled
}

/** Whether an error says that the device cannot read a place. */
export function isUnreadable(error: unknown): boolean {
  return errorCodeOf(error) === 'EIO'
}

/** Opens a file, or says that there is none. */
export async function openIfPresent(
  fileSystem: FileSystem,
  path: string,
  mode: 'write' | 'read',
): Promise<OpenFile | undefined> {
  try {
    return await fileSystem.open(path, mode)
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Writes a small file anew. Not atomic and not synced unless `sync` is set. */
export async function writeSmallFile(
  fileSystem: FileSystem,
  path: string,
  content: Uint8Array,
  sync = false,
): Promise<void> {
  await fileSystem.remove(path)
  const file = await fileSystem.open(path, 'create')
  try {
    await writeFully(file, [content], 0)
    if (sync) await file.datasync()
  } finally {
    await file.close()
  }
}

function dropBytes(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let skip = count
  let index = 0
  while (index < chunks.length) {
    const length = chunks[index]?.length ?? 0
    if (skip < length) break
    skip -= length
    index++
  }
  const rest = chunks.slice(index)
  const first = rest[0]
  if (first !== undefined && skip > 0) rest[0] = first.subarray(skip)
  return rest
}
