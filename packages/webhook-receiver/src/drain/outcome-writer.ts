import type { Consumer, CursorDelta, DeadLetter, Lease, Position, RetryState } from '../buffer/event-buffer.ts'
import type { BufferPatience } from './buffer-patience.ts'
import type { Delivery } from './delivery.ts'
import { failureInfo, isStaleLease } from './failure.ts'
import { laneName } from './lanes.ts'

// Enough to share a sync, few enough that a large one does not hold much memory.
const LETTERS_AT_ONCE = 64

/** Writes how deliveries ended. One write is in flight at a time; what ends meanwhile shares the next. */
export interface OutcomeWriter {
  /** Whether the last try failed. */
  readonly failing: boolean
  /** Takes a delivery that is `acking`, `saving` or `burying`. */
  add(delivery: Delivery): void
  /** Resolves when everything added is written. After `signal` aborted: or has been tried once more in vain. */
  flushed(): Promise<void>
}

/**
 * Makes the writer of one partition. A write that fails is tried again as it was: done is done however often it is said, so
 * no handler runs twice because the buffer had a bad moment.
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
  /** Writing works again. */
  readonly onRecovered: () => void
  readonly onLost: (reason: unknown) => void
}): OutcomeWriter {
  const { consumer, lease, patience, signal, onWritten, onBatch, onRecovered, onLost } = options
  let unwritten: Delivery[] = []
  let writing: Promise<void> | undefined
  let failing = false
  let lost = false

  const run = async (): Promise<void> => {
    let failures = 0
    while (unwritten.length > 0 && !lost) {
      const batch = unwritten
      unwritten = []
      const lastTry = signal.aborted
      try {
        await write(batch)
        failures = 0
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
        } else await patience.wait(error, ++failures, signal)
      }
    }
    writing = undefined
  }

  const write = async (batch: readonly Delivery[]): Promise<void> => {
    const { delta, letters } = sort(batch)
    if (delta !== undefined) {
      await consumer.commit(lease(), delta)
      for (const delivery of batch) if (delivery.state.kind !== 'burying') onWritten(delivery)
      onBatch()
    }
    for (let from = 0; from < letters.length; from += LETTERS_AT_ONCE) {
      const some = letters.slice(from, from + LETTERS_AT_ONCE)
      await consumer.deadLetter(lease(), some.map(toLetter))
      for (const delivery of some) onWritten(delivery)
      onBatch()
    }
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

function toLetter({ event, attempts, key, lane, redrives, state }: Delivery): DeadLetter {
  if (state.kind !== 'burying') throw new Error(`A delivery that is ${state.kind} is no dead letter.`)
  const name = lane?.name ?? laneName(key, event.position)
  return { event, why: failureInfo(state.error, attempts, state.at), lane: name, redrives }
}

function sort(batch: readonly Delivery[]): { delta: CursorDelta | undefined; letters: readonly Delivery[] } {
  const done: Position[] = []
  const retry: RetryState[] = []
  const letters: Delivery[] = []
  for (const delivery of batch) {
    const { state, event, attempts } = delivery
    if (state.kind === 'acking') done.push(event.position)
    else if (state.kind === 'saving') retry.push({ position: event.position, attempts, nextAt: state.nextAt })
    else letters.push(delivery)
  }
  if (done.length === 0 && retry.length === 0) return { delta: undefined, letters }
  return { delta: { ...(done.length > 0 && { done }), ...(retry.length > 0 && { retry }) }, letters }
}

function isUnwritten({ state }: Delivery): boolean {
  return state.kind === 'acking' || state.kind === 'saving' || state.kind === 'burying'
}
