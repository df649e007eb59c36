import type { LogEntry } from '../buffer/event-buffer.ts'
import type { CommitGroup, CommittedBatch } from './commit-queue.ts'
import { eventOf } from './event-codec.ts'

/** What somebody reads next. */
export interface ExpectedRead {
  /** The event behind which it begins. */
  readonly afterSeq: number
  readonly limit: number
  readonly maxBytes: number
}

/**
 * What a read gets of a batch in the turn in which that has become durable: just what it would find in the file, or nothing where the batch is not
 * what follows for it. All is copied, for who has appended an event may do with it what they like as soon as they are answered.
 */
export function handedOver({ firstSeq, groups }: CommittedBatch, expected: ExpectedRead): LogEntry[] {
  const entries: LogEntry[] = []
  if (firstSeq !== expected.afterSeq + 1) return entries
  try {
    take(groups, expected, entries)
  } catch {
    // No event is of a kind that cannot be copied unless somebody got past the types. The file has what JSON made of it.
  }
  return entries
}

function take(groups: readonly CommitGroup[], { afterSeq, limit, maxBytes }: ExpectedRead, entries: LogEntry[]): void {
  let bytes = 0
  for (const { records } of groups) {
    for (const { meta, event } of records) {
      if (event === undefined || entries.length >= limit || (bytes >= maxBytes && entries.length > 0)) return
      entries.push({ kind: 'event', event: eventOf(afterSeq + 1 + entries.length, meta, event) })
      bytes += meta.length + event.body.length
    }
  }
}
