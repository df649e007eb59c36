import type { Consumer, Lease, LogEntry } from '../buffer/event-buffer.ts'
import type { Arrivals } from './arrivals.ts'
import type { Handover } from './handover.ts'
import { seqOf } from './position.ts'
import { untilAborted } from './until-aborted.ts'

/** What of a partition is read. */
export interface LogRead {
  readonly lease: Lease
  /** Number of the event behind which it begins. */
  readonly after: number
  /** Whether it is the first of a partition of which nothing was done: what is missing before it was deleted, not lost. */
  readonly isFirst: boolean
  readonly limit: number
  readonly maxBytes: number
}

/** What reads of the log are made of. */
export interface LogReadsOptions {
  readonly arrivals: Arrivals
  readonly handover: Handover
  /** @throws BufferError `buffer_closed` */
  readonly requireOpen: () => void
  /** Asks the server. Rejects where the lease is lost. */
  readonly ask: (read: LogRead) => Promise<LogEntry[]>
}

/**
 * Reads the partitions of a consumer: what this process stores as it is handed over, everything else from the server. Whether the lease holds only the
 * server says: what is handed over is given without that. A drain starts nothing beyond nine tenths of its lease, and where somebody else has the
 * partition its first ack is refused.
 */
export interface LogReads {
  readonly read: Consumer['read']
  /** A lease was given, on this timeline of the server. */
  leased(lease: Lease, timeline: string): void
}

/** What is known of a partition that this process has. */
interface Held {
  readonly epoch: number
  readonly timeline: string
}

/** Makes the reads of a consumer. */
export function createLogReads({ arrivals, handover, requireOpen, ask }: LogReadsOptions): LogReads {
  const held = new Map<number, Held>()

  const timelineOf = ({ partition, epoch }: Lease): string | undefined => {
    const known = held.get(partition)
    return known?.epoch === epoch ? known.timeline : undefined
  }

  return {
    leased({ partition, epoch }, timeline) {
      held.set(partition, { epoch, timeline })
    },
    async read(lease, position, { limit, maxBytes, waitMs, lingerMs = 0, signal }) {
      requireOpen()
      signal?.throwIfAborted()
      const after = seqOf(position)
      const { partition } = lease
      const ahead = { partition, timeline: timelineOf(lease), after, limit, maxBytes }
      const isFirst = position === null
      const askServer = (): Promise<LogEntry[]> => untilAborted(ask({ lease, after, isFirst, limit, maxBytes }), signal)
      const soonMs = handover.soonMs(ahead, lingerMs)
      if (soonMs <= 0 && waitMs <= 0) return askServer()
      const expected = handover.expect(ahead)
      const listener = arrivals.listen(partition, after)
      const arrived = (): LogEntry[] | undefined => (expected.entries.length > 0 ? expected.entries : undefined)
      try {
        if (soonMs > 0) await listener.wait(soonMs, signal)
        const handedOver = arrived()
        if (handedOver !== undefined) return handedOver
        const entries = await askServer()
        if (entries.length > 0 || waitMs <= 0 || !(await listener.wait(waitMs, signal))) return entries
        return arrived() ?? (await askServer())
      } finally {
        listener.close()
        expected.close()
      }
    },
  }
}
