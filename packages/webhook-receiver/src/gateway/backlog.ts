import { TransientMap, TransientSet } from '../buffer-kit/transient.ts'
import type { AppendResult, EventBuffer, NewEvent } from '../buffer/event-buffer.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import { type BacklogKeys, createBacklogKeys } from './backlog-keys.ts'
import { GATEWAY_NAME } from './captured-request.ts'

const MAX_STRAYS = 10_000

/** The stored requests that the target does not have yet. */
export interface Backlog extends Pick<BacklogKeys, 'size' | 'has'> {
  /** Stores a request behind those that wait. It counts as waiting from the call on. */
  store(event: NewEvent, key: string | undefined): Promise<AppendResult>
  /** A stored request is about to be delivered; resolves when it is known whether an earlier run had stored it. */
  delivering(event: WebhookEvent, key: string | undefined): Promise<void>
  /** A request that was delivered, or given up, is done. */
  done(id: string): void
  /** Nothing is left in the log that an earlier run had stored. */
  inheritanceIsDone(): void
  /** Some may be counted that were lost, or done although the answer to that was lost: forgets all if nothing is left in the log. */
  forgetLost(): Promise<void>
}

/**
 * Keeps the books of a buffer with a single consumer.
 *
 * @param inherited - Requests that an earlier run left.
 */
export function createBacklog(buffer: EventBuffer, inherited: number, maxKeys: number): Backlog {
  const keys = createBacklogKeys(inherited, maxKeys)
  /** The first position of this run in each partition; everything before it is inherited. */
  const firstOfRun = new Map<number, string>()
  const storing = new TransientSet<Promise<unknown>>()
  /** Requests that this run has begun to store. */
  let begun = 0
  /** Requests that could not be stored as far as is known, and are not counted; some are there all the same, and are delivered. */
  const strays = new TransientSet<string>()
  /** Requests that were delivered before whoever stored them heard of it. */
  const doneEarly = new TransientSet<string>()
  const beingStored = new TransientSet<string>()
  const delivering = new TransientMap<string, { readonly key: string | undefined; readonly isInherited: boolean }>()

  const noteFirst = ({ partition, position }: AppendResult): void => {
    const first = firstOfRun.get(partition)
    if (first === undefined || position < first) firstOfRun.set(partition, position)
  }

  const append = async (event: NewEvent): Promise<AppendResult> => {
    const [result] = await buffer.append([event])
    // Ids are random. A duplicate would be answered with a success, and nothing of it would be stored.
    if (result?.status !== 'appended') throw new Error('The buffer did not store the request as a new one.')
    noteFirst(result)
    return result
  }

  return {
    get size() {
      return keys.size
    },
    has: (key) => keys.has(key),
    async store(event, key) {
      keys.add(key)
      begun++
      const stored = append(event)
      storing.add(stored)
      beingStored.add(event.id)
      try {
        return await stored
      } catch (error) {
        if (!doneEarly.has(event.id)) {
          keys.remove(key)
          strays.add(event.id)
          // Most of them are nowhere.
          if (strays.size > MAX_STRAYS) forgetOldest(strays)
        }
        throw error
      } finally {
        storing.delete(stored)
        beingStored.delete(event.id)
        doneEarly.delete(event.id)
      }
    },
    async delivering({ id, partition, position }, key) {
      // The log may hand over a request before the one who stored it hears of it.
      while (!firstOfRun.has(partition) && storing.size > 0) await Promise.race(storing).catch(() => {})
      const first = firstOfRun.get(partition)
      delivering.set(id, { key, isInherited: first === undefined || position < first })
    },
    done(id) {
      const delivered = delivering.get(id)
      if (delivered === undefined) return
      delivering.delete(id)
      if (strays.delete(id)) return
      if (beingStored.has(id)) doneEarly.add(id)
      if (delivered.isInherited) keys.removeInherited()
      else keys.remove(delivered.key)
    },
    inheritanceIsDone: () => keys.forgetInherited(),
    async forgetLost() {
      // What is stored while the buffer is asked may be counted already, and not in its answer.
      if (storing.size > 0) return
      const before = begun
      const { consumers } = await buffer.stats()
      const isEmpty = consumers.every(({ name, backlog }) => name !== GATEWAY_NAME || backlog === 0)
      if (isEmpty && begun === before) {
        keys.forgetAll()
        // Whose answer is still on its way is not taken from the count once more.
        for (const [id] of delivering) delivering.delete(id)
      }
    },
  }
}

function forgetOldest(ids: TransientSet<string>): void {
  for (const id of ids) {
    ids.delete(id)
    return
  }
}
