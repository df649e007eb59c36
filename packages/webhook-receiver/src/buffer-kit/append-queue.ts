import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import { createHalving } from './halving.ts'
import { createLinger } from './linger.ts'

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
  /**
   * Has a batch wait for those whom the one before has answered: senders who wait for an answer before they send again would otherwise share in two
   * halves what one batch could hold. It waits for a quarter of the time that the last batch took, and only while others wait anyway: who comes alone
   * is never kept. Absent: it waits for nobody.
   */
  readonly linger?: {
    readonly clock: Clock
    /** Longest wait, in ms. */
    readonly maxMs: number
  }
  /**
   * Share of the time, lately, in which this process was at work, 0 to 1. From a half on a batch holds no more than half of those who wait or were just
   * answered, and waits for nobody: the server works for one half while this process works for the other, where else each would wait for the other to be
   * through with all. When about as many wait as a batch held, the next one is sent before the senders of that one are answered. Below that syncs are what
   * takes the time, and a batch holds as many as it can. Absent: it always does.
   */
  readonly utilization?: () => number
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

/** A batch that is under way. */
interface Sent<Item, Outcome> {
  readonly groups: readonly Group<Item, Outcome>[]
  readonly outcomes: Promise<readonly Outcome[]>
}

/** Makes a queue that sends what is to be stored. Alone, a group goes at once; under load batches grow. */
export function createAppendQueue<Item extends Sized, Outcome>(
  options: AppendQueueOptions<Item, Outcome>,
): AppendQueue<Item, Outcome> {
  const { maxBatchBytes, send, nextTurn, utilization = () => 0 } = options
  const linger = options.linger && createLinger(options.linger)
  const halving = createHalving(utilization)
  let waiting: Group<Item, Outcome>[] = []
  let sending: Promise<void> | undefined

  const run = async (): Promise<void> => {
    try {
      // Whom a batch has answered may have more to send at once, which goes with what waits.
      for (await nextTurn(); waiting.length > 0; await nextTurn())
        for (let sent: Sent<Item, Outcome> | undefined = sendBatch(); sent !== undefined; ) sent = await settle(sent)
    } catch (error) {
      // Whoever comes later is not kept from trying.
      for (const { reject } of waiting.splice(0)) reject(error)
    }
    sending = undefined
  }

  const sendBatch = (): Sent<Item, Outcome> => {
    const groups = takeBatch(halving.begin(waiting.length))
    linger?.begin()
    return { groups, outcomes: outcomesOf(groups.flatMap(({ items }) => items)) }
  }

  const outcomesOf = async (items: readonly Item[]): Promise<readonly Outcome[]> => {
    const outcomes = await send(items)
    // Nobody may take for stored what nothing is known of.
    if (outcomes.length !== items.length)
      throw new BufferError('buffer_failed', `There are ${outcomes.length} outcomes for ${items.length} items.`)
    return outcomes
  }

  const takeBatch = (most: number): readonly Group<Item, Outcome>[] => {
    let bytes = 0
    let count = 0
    for (const group of waiting) {
      bytes += group.bytes
      if (count > 0 && (count === most || bytes > maxBatchBytes)) break
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  /** Resolves with the batch that was sent before this one was answered, if any. */
  const settle = async (sent: Sent<Item, Outcome>): Promise<Sent<Item, Outcome> | undefined> => {
    const { groups } = sent
    let outcomes: readonly Outcome[]
    try {
      outcomes = await sent.outcomes
    } catch (error) {
      for (const { reject } of groups) reject(error)
      return undefined
    }
    const others = waiting.length
    const next = halving.stored(groups.length, others) ? sendBatch() : undefined
    let from = 0
    for (const { items, resolve } of groups) {
      resolve(outcomes.slice(from, from + items.length))
      from += items.length
    }
    const around = others + groups.length
    // Who waits for the next batch must hear of its failure at once.
    if (next === undefined && !halving.isBusy)
      await linger?.untilBack(others, () => waiting.length >= around || bytesOf(waiting) >= maxBatchBytes)
    return next
  }

  return {
    add(items) {
      return new Promise((resolve, reject) => {
        waiting.push({ items, bytes: bytesOf(items), resolve, reject })
        linger?.added()
        sending ??= run()
      })
    },
    idle: () => sending ?? Promise.resolve(),
  }
}

function bytesOf(items: readonly Sized[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0)
}
