import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

/** Batches of a small log: numbers of the events that are appended together. */
const BATCHES: readonly (readonly number[])[] = [[1, 2], [3], [4, 5, 6], [7], [8, 9]]
/** The numbers of its events. */
export const ALL: number[] = BATCHES.flat()

/** A log that was closed: META says how far it is durable. */
export async function closedLog(more = 0): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  for (const batch of BATCHES) await buffer.append(batch.map((number) => numberedEvent(number)))
  for (let number = 10; number < 10 + more; number++) await buffer.append([numberedEvent(number)])
  await buffer.close()
  return fileSystem
}

/** A log whose process was killed after the last append. */
export async function killedLog(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem)
  await buffer.open()
  for (const batch of BATCHES) await buffer.append(batch.map((number) => numberedEvent(number)))
  return fileSystem.afterKill()
}

export function segmentOf(fileSystem: MemoryFileSystem): string {
  const [path] = fileSystem.paths(`${DIRECTORY}/seg`)
  if (path === undefined) throw new Error('There is no segment.')
  return path
}

export function flipped(content: Uint8Array, bit: number): Buffer {
  const damaged = Buffer.from(content)
  damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
  return damaged
}
