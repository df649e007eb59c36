import type { Random } from '@holdfast/core'
import type { BufferError } from '../../src/buffer/buffer-error.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, memoryDiskBuffer, numberedEvent } from './sample-buffer.ts'

// Memory for a batch is as large as a batch may be, and is asked for with each opening.
export const SMALL = { segmentBytes: 4096, maxBatchBytes: 4096 } as const
/** Events in the directory, numbered from 1. */
export const STORED = 12

/** A directory with everything in it: two segments, a run of ids, a cursor, a parked event and a dead letter. */
export async function fullDirectory(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem()
  const buffer = memoryDiskBuffer(fileSystem, SMALL)
  await buffer.open()
  const { consumer, lease } = await consumerOf(buffer)
  for (let number = 1; number <= STORED; number++) await buffer.append([numberedEvent(number, 500)])
  const entries = await consumer.read(lease, null, { limit: 3, maxBytes: 1e9, waitMs: 0 })
  const [first, second] = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
  if (first === undefined || second === undefined) throw new Error('There are no events.')
  await consumer.park(lease, [{ event: first, lane: 'a', redrives: 0, attempts: 0, nextAt: 0 }])
  const why = { attempts: 1, at: 1, message: 'no' }
  await consumer.deadLetter(lease, [{ event: second, lane: 'a', redrives: 0, why }])
  await buffer.close()
  return fileSystem
}

/** Anything that could be in a file: random bytes, bytes of another file, or the file with runs of it replaced. */
export function anything(own: Buffer, other: Buffer, random: Random): Buffer {
  const below = (limit: number): number => Math.floor(random.next() * limit)
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)))
  switch (below(6)) {
    case 0:
      return bytes(below(3000))
    case 1:
      return Buffer.from(other)
    case 2:
      return Buffer.alloc(below(20_000))
    case 3:
      return Buffer.concat([own.subarray(0, below(own.length + 1)), bytes(below(500))])
    case 4:
      return Buffer.concat([own, own.subarray(below(own.length + 1))])
    default: {
      const changed = Buffer.from(own)
      for (let count = 1 + below(4); count > 0; count--) bytes(1 + below(16)).copy(changed, below(changed.length))
      return changed
    }
  }
}

/** A format of a later version is refused; nothing else is. */
export function isOfLaterVersion(error: unknown): boolean {
  const { reason, message } = error as BufferError
  return reason === 'buffer_unusable' && /later version|has format/.test(message)
}
