import { InvalidOptionsError } from '@holdfast/core'
import type { LogEntry, Position } from '../buffer/event-buffer.ts'
import type { Log } from './log.ts'
import { entryOf, refuseToRead } from './log-entry.ts'
import { positionOf, seqOf } from './seq.ts'

/** Reads of the log without a consumer. */
export class LogHistory {
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** See `EventBuffer.read`. */
  async read(partition: number, after: Position | null, limit: number, maxBytes: number): Promise<LogEntry[]> {
    checkPartition(partition)
    const afterSeq = after === null ? 0 : (seqOf(after) ?? wrongPosition(after))
    const reader = this.#log.reader()
    try {
      const items = await reader.read(afterSeq, Math.max(1, limit), maxBytes)
      return items.map(entryOf)
    } catch (error) {
      refuseToRead(error)
    } finally {
      await reader.close().catch(() => undefined)
    }
  }

  /** See `EventBuffer.positionBefore`: the beginning of the segment that was being written then. */
  async positionBefore(partition: number, at: number): Promise<Position | null> {
    checkPartition(partition)
    const segment = this.#log.segments.findLast(({ header }) => header.createdAt <= at)
    return segment === undefined || segment.baseSeq === 1 ? null : positionOf(segment.baseSeq - 1)
  }
}

function checkPartition(partition: number): void {
  if (partition !== 0)
    throw new InvalidOptionsError({ path: 'partition', expected: '0: there is one partition', received: partition })
}

function wrongPosition(position: Position): never {
  throw new InvalidOptionsError({ path: 'after', expected: 'a position of this buffer', received: position })
}
