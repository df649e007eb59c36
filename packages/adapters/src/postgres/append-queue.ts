import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EventRecord } from './event-record.ts'

/** Events of one call. */
interface Group {
  readonly records: readonly EventRecord[]
  readonly bytes: number
  readonly resolve: (seqs: readonly number[]) => void
  readonly reject: (error: unknown) => void
}

/** Sends what is to be stored: one batch at a time, and what comes meanwhile is the next. */
export interface AppendQueue {
  /** Resolves with the number of each, negative where it was known. */
  add(records: readonly EventRecord[]): Promise<readonly number[]>
  /** Resolves when nothing waits. */
  idle(): Promise<void>
}

/** Makes the queue of a buffer. `send` stores records, all or none. */
export function createAppendQueue(
  maxBatchBytes: number,
  send: (records: readonly EventRecord[]) => Promise<readonly number[]>,
): AppendQueue {
  let waiting: Group[] = []
  let sending: Promise<void> | undefined

  const run = async (): Promise<void> => {
    // What comes in the same turn of the event loop goes together.
    await nextTurn()
    while (waiting.length > 0) await settle(takeBatch())
    sending = undefined
  }

  const takeBatch = (): readonly Group[] => {
    let bytes = 0
    let count = 0
    for (const group of waiting) {
      bytes += group.bytes
      if (count > 0 && bytes > maxBatchBytes) break
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  const settle = async (batch: readonly Group[]): Promise<void> => {
    try {
      const seqs = await send(batch.flatMap(({ records }) => records))
      let from = 0
      for (const { records, resolve } of batch) {
        resolve(seqs.slice(from, from + records.length))
        from += records.length
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    add(records) {
      return new Promise((resolve, reject) => {
        waiting.push({ records, bytes: records.reduce((sum, { bytes }) => sum + bytes, 0), resolve, reject })
        sending ??= run()
      })
    },
    idle: () => sending ?? Promise.resolve(),
  }
}
