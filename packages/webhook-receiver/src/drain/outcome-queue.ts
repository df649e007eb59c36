import type { BufferPatience } from './buffer-patience.ts'
import type { Delivery } from './delivery.ts'
import { isStaleLease } from './failure.ts'

/** Outcomes that are written in one way. One write is in flight at a time; what comes meanwhile shares the next. */
export interface OutcomeQueue {
  /** Whether the last try failed. */
  readonly failing: boolean
  add(delivery: Delivery): void
  /** Resolves when everything added is written. After `signal` aborted: or has been tried once more in vain. */
  flushed(): Promise<void>
}

/** What an outcome queue is made of. */
export interface OutcomeQueueOptions {
  readonly patience: BufferPatience
  /** The partition stops. */
  readonly signal: AbortSignal
  /** Writes them. Each that is written must be in another state when this has settled, and no other. */
  readonly write: (batch: readonly Delivery[]) => Promise<void>
  /** Whether a delivery is still to be written. */
  readonly isUnwritten: (delivery: Delivery) => boolean
  /** Writing works again. */
  readonly onRecovered: () => void
  readonly onLost: (reason: unknown) => void
}

/** Makes an empty queue. A write that fails is tried again as it was, for as long as it takes. */
export function createOutcomeQueue(options: OutcomeQueueOptions): OutcomeQueue {
  const { patience, signal, write, isUnwritten, onRecovered, onLost } = options
  let unwritten: Delivery[] = []
  let writing: Promise<void> | undefined
  let failing = false
  let lost = false
  const tries = patience.tries()

  const run = async (): Promise<void> => {
    while (unwritten.length > 0 && !lost) {
      const batch = unwritten
      unwritten = []
      const lastTry = signal.aborted
      try {
        await write(batch)
        tries.worked()
        if (failing) {
          failing = false
          onRecovered()
        }
      } catch (error) {
        failing = true
        unwritten = [...batch.filter(isUnwritten), ...unwritten]
        if (isStaleLease(error)) {
          lost = true
          onLost(error)
        } else if (lastTry) {
          patience.report(error, 0)
          break
        } else await tries.wait(error, signal)
      }
    }
    writing = undefined
  }

  return {
    get failing() {
      return failing
    },
    add(delivery) {
      unwritten.push(delivery)
      // In a microtask: what ends together is written together.
      writing ??= Promise.resolve().then(run)
    },
    async flushed() {
      await writing
    },
  }
}
