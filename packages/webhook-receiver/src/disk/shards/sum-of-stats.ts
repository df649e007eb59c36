import type { BufferStats, ConsumerStats } from '../../buffer/event-buffer.ts'

/** What several buffers have together; consumers of one name are one. */
export function sumOf(all: readonly BufferStats[]): BufferStats {
  const consumers = new Map<string, ConsumerStats>()
  const heldBytes: Record<string, number> = {}
  for (const stats of all) {
    for (const { name, backlog, parked, deadLetters } of stats.consumers) {
      const sum = consumers.get(name) ?? { name, backlog: 0, parked: 0, deadLetters: 0 }
      consumers.set(name, {
        name,
        backlog: sum.backlog + backlog,
        parked: sum.parked + parked,
        deadLetters: sum.deadLetters + deadLetters,
      })
    }
    for (const [name, bytes] of Object.entries(stats.heldBytes ?? {})) heldBytes[name] = (heldBytes[name] ?? 0) + bytes
  }
  return {
    events: all.reduce((sum, { events }) => sum + events, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    lost: all.reduce((sum, { lost }) => sum + lost, 0),
    consumers: [...consumers.values()],
    heldBytes,
  }
}
