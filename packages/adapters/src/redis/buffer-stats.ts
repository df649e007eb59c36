import type { BufferStats, ConsumerStats } from '@holdfast/webhook-receiver'
import { rowsOf } from './partition.ts'

/** What the partitions hold together, of the answers of `statsScript`. */
export function statsOfReplies(replies: readonly (readonly (Buffer | number)[])[]): BufferStats {
  let events = 0
  let bytes = 0
  const consumers = new Map<string, ConsumerStats>()
  const heldBytes: Record<string, number> = {}
  for (const [partitionEvents, partitionBytes, ...rest] of replies) {
    events += Number(partitionEvents)
    bytes += Number(partitionBytes)
    for (const [key, backlog, parked, deadLetters, held] of rowsOf(rest, 5)) {
      const name = decodeURIComponent(String(key))
      const before = consumers.get(name)
      consumers.set(name, {
        name,
        backlog: (before?.backlog ?? 0) + Number(backlog),
        parked: (before?.parked ?? 0) + Number(parked),
        deadLetters: (before?.deadLetters ?? 0) + Number(deadLetters),
      })
      heldBytes[name] = (heldBytes[name] ?? 0) + Number(held)
    }
  }
  return { events, bytes, lost: 0, consumers: [...consumers.values()], heldBytes }
}
