/** What is to be stored. */
export interface Sized {
  /** What it takes of a batch. */
  readonly bytes: number
}

/** What a queue is made of. */
export interface AppendQueueOptions<Item extends Sized, Outcome> {
  /** Bytes that are sent at once, at most; a single group is sent whatever its size. */
  readonly maxBatchBytes: number
  /** Stores items, all or none. Resolves with what became of each, in their order. */
  readonly send: (items: readonly Item[]) => Promise<readonly Outcome[]>
  /**
   * Resolves in the next turn of the event loop: what comes in one turn goes together. `setImmediate` of `node:timers/promises`; a timer of 0 ms takes a
   * millisecond.
   */
  readonly nextTurn: () => Promise<unknown>
}

/** Group commit: one batch at a time is under way, and what comes meanwhile is the next. */
export interface AppendQueue<Item extends Sized, Outcome> {
  /** Adds a group, which is never split. Resolves with what became of each item; rejects with what its batch was rejected with. */
  add(items: readonly Item[]): Promise<readonly Outcome[]>
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
}

interface Group<Item, Outcome> {
  readonly items: readonly Item[]
  readonly bytes: number
  readonly resolve: (outcomes: readonly Outcome[]) => void
  readonly reject: (error: unknown) => void
}

/** Makes a queue that sends what is to be stored. Without a timer: alone, a group goes at once; under load batches grow. */
export function createAppendQueue<Item extends Sized, Outcome>(
  options: AppendQueueOptions<Item, Outcome>,
): AppendQueue<Item, Outcome> {
  const { maxBatchBytes, send, nextTurn } = options
  let waiting: Group<Item, Outcome>[] = []
  let sending: Promise<void> | undefined

  const run = async (): Promise<void> => {
    await nextTurn()
    while (waiting.length > 0) await settle(takeBatch())
    sending = undefined
  }

  const takeBatch = (): readonly Group<Item, Outcome>[] => {
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

  const settle = async (batch: readonly Group<Item, Outcome>[]): Promise<void> => {
    try {
      const outcomes = await send(batch.flatMap(({ items }) => items))
      let from = 0
      for (const { items, resolve } of batch) {
        resolve(outcomes.slice(from, from + items.length))
        from += items.length
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    add(items) {
      return new Promise((resolve, reject) => {
        waiting.push({ items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0), resolve, reject })
        sending ??= run()
      })
    },
    idle: () => sending ?? Promise.resolve(),
  }
}
