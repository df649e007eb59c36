import { readFully, writeFully, writeSmallFile } from './file-io.ts'
import type { FileSystem, OpenFile } from './file-system.ts'

const COPY_CHUNK_BYTES = 1024 * 1024

/** Bytes that are about to be cut from a segment. */
export interface CutBytes {
  readonly segment: string
  readonly offset: number
  readonly length: number
  readonly reason: string
  /** Sequence number that the first of them would have. */
  readonly fromSeq: number
}

/**
 * Copies bytes that are about to be cut to `quarantine/`, with a JSON file that says where they come from. Zeros are not worth
 * keeping. False when the copy could not be made.
 */
export async function quarantine(
  fileSystem: FileSystem,
  directory: string,
  file: OpenFile,
  cut: CutBytes,
): Promise<boolean> {
  let path: string | undefined
  try {
    if (await isAllZero(file, cut)) return true
    await fileSystem.makeDirectory(directory)
    path = `${directory}/${unusedName(await fileSystem.list(directory), cut)}`
    await writeSmallFile(fileSystem, `${path}.json`, Buffer.from(`${JSON.stringify(cut, null, 2)}\n`), true)
    const copy = await fileSystem.open(`${path}.bin`, 'create')
    try {
      let written = 0
      for await (const chunk of chunksOf(file, cut)) {
        await writeFully(copy, [chunk], written)
        written += chunk.length
      }
      await copy.datasync()
    } finally {
      await copy.close()
    }
    await fileSystem.syncDirectory(directory)
    return true
  } catch {
    // A full disk, or bytes that cannot be read, must not keep the log from opening. Half a copy only takes room.
    if (path !== undefined) {
      await fileSystem.remove(`${path}.bin`).catch(() => undefined)
      await fileSystem.remove(`${path}.json`).catch(() => undefined)
    }
    return false
  }
}

/** `<segment>-<offset>`, with a number behind it when something was cut there before. */
function unusedName(names: readonly string[], cut: CutBytes): string {
  const name = `${cut.segment}-${cut.offset.toString(16).padStart(8, '0')}`
  let candidate = name
  for (let count = 2; names.includes(`${candidate}.bin`) || names.includes(`${candidate}.json`); count++)
    candidate = `${name}-${count}`
  return candidate
}

async function isAllZero(file: OpenFile, cut: CutBytes): Promise<boolean> {
  for await (const chunk of chunksOf(file, cut)) {
    if (chunk.some((byte) => byte !== 0)) return false
  }
  return true
}

async function* chunksOf(file: OpenFile, cut: CutBytes): AsyncGenerator<Buffer> {
  let done = 0
  while (done < cut.length) {
    const chunk = Buffer.alloc(Math.min(COPY_CHUNK_BYTES, cut.length - done))
    const count = await readFully(file, chunk, cut.offset + done)
    if (count === 0) return
    yield chunk.subarray(0, count)
    done += count
  }
}
