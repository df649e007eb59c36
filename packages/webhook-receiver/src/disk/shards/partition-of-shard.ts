import type { Hole, LogEntry, StoredEvent } from '../../buffer/event-buffer.ts'

/** An entry of a shard's own buffer as one of the partition that the shard is. */
export function entryIn(partition: number, entry: LogEntry): LogEntry {
  return entry.kind === 'hole'
    ? { kind: 'hole', hole: holeIn(partition, entry.hole) }
    : { kind: 'event', event: eventIn(partition, entry.event) }
}

export function eventIn(partition: number, event: StoredEvent): StoredEvent {
  return partition === 0 ? event : { ...event, partition }
}

export function holeIn(partition: number, hole: Hole): Hole {
  return { ...hole, partition }
}
