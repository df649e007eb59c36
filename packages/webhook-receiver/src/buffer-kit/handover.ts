import type { Clock } from '@holdfast/core'
import type { LogEntry, NewEvent } from '../buffer/event-buffer.ts'
import { copyOfEvent, decodeEvent, encodeEventMeta } from './event-meta.ts'
import { positionOf } from './position.ts'
import { TransientSet } from './transient.ts'

/** An event that was stored. */
export interface StoredRecord {
  readonly partition: number
  readonly event: NewEvent
  /** Its body as it was stored: who appended the event may have changed the bytes since. */
  readonly body: Uint8Array
}

/** Events that were stored in a partition at once: in order and without gaps. */
export interface StoredRun {
  readonly partition: number
  /** Number of the first. */
  readonly first: number
  readonly records: readonly StoredRecord[]
}

/** What somebody reads next. */
export interface ExpectedRead {
  readonly partition: number
  /** That of the server when it gave the lease: on another one a number may be that of another event. `undefined`: nothing is expected. */
  readonly timeline: string | undefined
  /** Number of the event behind which it begins. */
  readonly after: number
  readonly limit: number
  readonly maxBytes: number
}

/** A read that takes what is handed over until it is closed. */
export interface Expected {
  /** What follows upon the event behind which it begins. */
  readonly entries: LogEntry[]
  close(): void
}

/** Hands what this process stores to its reads that wait for just that, so that they need not ask the server for it. */
export interface Handover {
  /** @param timeline - That of the server when it stored them. */
  offer(run: StoredRun, timeline: string): void
  /**
   * How long to wait for what follows: what is left of `lingerMs` since the last was stored there. 0 where that is over, where the one before it had been
   * stored longer than `lingerMs` ago by then, and where the read is not behind the last.
   */
  soonMs(place: Pick<ExpectedRead, 'partition' | 'timeline' | 'after'>, lingerMs: number): number
  expect(read: ExpectedRead): Expected
}

/** The last that this process has stored in a partition. */
interface End {
  readonly timeline: string
  readonly seq: number
  readonly atMs: number
  /** Time since the one before. */
  readonly intervalMs: number
}

/** Makes the handover of a buffer. Of events it keeps none that no read waits for. */
export function createHandover(clock: Clock): Handover {
  const takers = new TransientSet<(run: StoredRun, timeline: string) => void>()
  const ends = new Map<number, End>()
  return {
    offer(run, timeline) {
      const atMs = clock.monotonicMs()
      const intervalMs = atMs - (ends.get(run.partition)?.atMs ?? -Infinity)
      ends.set(run.partition, { timeline, seq: run.first + run.records.length - 1, atMs, intervalMs })
      for (const take of takers) take(run, timeline)
    },
    soonMs({ partition, timeline, after }, lingerMs) {
      const end = ends.get(partition)
      if (end?.seq !== after || end.timeline !== timeline || end.intervalMs > lingerMs) return 0
      return Math.max(0, end.atMs + lingerMs - clock.monotonicMs())
    },
    expect({ partition, timeline, after, limit, maxBytes }) {
      const entries: LogEntry[] = []
      let bytes = 0
      const take = (run: StoredRun, runTimeline: string): void => {
        let seq = after + entries.length + 1
        if (run.partition !== partition || run.first !== seq || runTimeline !== timeline) return
        for (const record of run.records) {
          if (entries.length >= limit || bytes >= maxBytes) return
          entries.push(entryOf(record, seq))
          seq++
          bytes += record.body.byteLength
        }
      }
      takers.add(take)
      return {
        entries,
        close() {
          takers.delete(take)
        },
      }
    },
  }
}

/** What would be read back of a record. Each read is given one of its own, for handlers may change what they get. */
function entryOf({ partition, event, body }: StoredRecord, seq: number): LogEntry {
  const place = { partition, position: positionOf(seq) }
  const bytes = new Uint8Array(body)
  return { kind: 'event', event: copyOfEvent(event, bytes, place) ?? decodeEvent(encodeEventMeta(event), bytes, place) }
}

/** The runs of what was stored at once. `seqs`: the number of each, negative where it was known. */
export function runsOf(records: readonly StoredRecord[], seqs: readonly number[]): Iterable<StoredRun> {
  const runs = new Map<number, StoredRun & { readonly records: StoredRecord[] }>()
  for (const [index, record] of records.entries()) {
    const { partition } = record
    const first = seqs[index] as number
    if (first < 0) continue
    const run = runs.get(partition)
    if (run === undefined) runs.set(partition, { partition, first, records: [record] })
    else run.records.push(record)
  }
  return runs.values()
}
