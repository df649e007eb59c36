import type { Consumer, CursorDelta, DeadLetter, Lease, Position, RetryState } from '../buffer/event-buffer.ts'
import type { BufferPatience } from './buffer-patience.ts'
import type { Delivery } from './delivery.ts'
import { failureInfo } from './failure.ts'
import { laneName } from './lanes.ts'
import { createOutcomeQueue } from './outcome-queue.ts'

// Enough to share a sync, few enough that a large one does not hold much memory.
const LETTERS_AT_ONCE = 64

/** Writes how deliveries ended. */
export interface OutcomeWriter {
  /** Whether acks could not be written at the last try. */
  readonly failing: boolean
  /** Takes a delivery that is `acking`, `saving` or `burying`. */
  add(delivery: Delivery): void
  /** Resolves when everything added is written. After `signal` aborted: or has been tried once more in vain. */
  flushed(): Promise<void>
}

/**
 * Makes the writer of one partition. A write that fails is tried again as it was: done is done however often it is said, so
 * no handler runs twice because the buffer had a bad moment. A dead letter that cannot be written holds up nothing but its lane: on a full disk
 * only the acks of others make room for it.
 */
export function createOutcomeWriter(options: {
  readonly consumer: Consumer
  readonly lease: () => Lease
  readonly patience: BufferPatience
  /** The partition stops. */
  readonly signal: AbortSignal
  /** The outcome of this delivery is durable. It must be in another state when this returns. */
  readonly onWritten: (delivery: Delivery) => void
  /** After the outcomes of a write. */
  readonly onBatch: () => void
  /** Acks can be written again. */
  readonly onRecovered: () => void
  readonly onLost: (reason: unknown) => void
}): OutcomeWriter {
  const { consumer, lease, onWritten, onBatch } = options

  const written = (deliveries: readonly Delivery[]): void => {
    for (const delivery of deliveries) onWritten(delivery)
    onBatch()
  }

  const acks = createOutcomeQueue({
    ...options,
    isUnwritten: ({ state }) => state.kind === 'acking' || state.kind === 'saving',
    async write(batch) {
      await consumer.commit(lease(), deltaOf(batch))
      written(batch)
    },
  })

  const letters = createOutcomeQueue({
    ...options,
    isUnwritten: ({ state }) => state.kind === 'burying',
    async write(batch) {
      for (let from = 0; from < batch.length; from += LETTERS_AT_ONCE) {
        const some = batch.slice(from, from + LETTERS_AT_ONCE)
        await consumer.deadLetter(lease(), some.map(toLetter))
        written(some)
      }
    },
    onRecovered: () => {},
  })

  return {
    get failing() {
      return acks.failing
    },
    add(delivery) {
      if (delivery.state.kind === 'burying') letters.add(delivery)
      else acks.add(delivery)
    },
    async flushed() {
      // In this order: an ack may be what lets the next of its lane follow a dead letter.
      await acks.flushed()
      await letters.flushed()
    },
  }
}

function toLetter({ event, attempts, key, lane, redrives, state }: Delivery): DeadLetter {
  if (state.kind !== 'burying') throw new Error(`A delivery that is ${state.kind} is no dead letter.`)
  const name = lane?.name ?? laneName(key, event.position)
  return { event, why: failureInfo(state.error, attempts, state.at), lane: name, redrives }
}

function deltaOf(batch: readonly Delivery[]): CursorDelta {
  const done: Position[] = []
  const retry: RetryState[] = []
  for (const { state, event, attempts } of batch) {
    if (state.kind === 'acking') done.push(event.position)
    else if (state.kind === 'saving') retry.push({ position: event.position, attempts, nextAt: state.nextAt })
  }
  return { ...(done.length > 0 && { done }), ...(retry.length > 0 && { retry }) }
}
