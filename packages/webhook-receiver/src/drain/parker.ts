import type { Consumer, Lease, ParkedEvent } from '../buffer/event-buffer.ts'
import type { BufferPatience } from './buffer-patience.ts'
import { type Delivery, type Lane, states } from './delivery.ts'
import { failureInfo, isStaleLease } from './failure.ts'

// One write of the buffer, bounded so that it neither holds much memory nor keeps acks waiting for long.
const BATCH_EVENTS = 1024
const BATCH_BYTES = 4 * 1024 * 1024
// Lanes that are well again are forgotten when so many are watched.
const PRUNE_FROM = 1024

/** Moves events of keys in trouble from the window to where they are parked. One write at a time. */
export interface Parker {
  /** This lane may have something to park from now on. */
  watch(lane: Lane): void
  /** Parks what it may park, while that is wanted. */
  relieve(): void
  /** Parks an event that was given up, to block its key. It is `blocking`. */
  block(delivery: Delivery): void
  /** Resolves when nothing is being written. */
  ended(): Promise<void>
}

/**
 * Makes the parker of one partition. A write that fails is tried again later, and holds up nothing but itself: with a full disk acks
 * still go on.
 */
export function createParker(options: {
  readonly consumer: Consumer
  readonly lease: () => Lease
  readonly patience: BufferPatience
  /** The partition stops. */
  readonly signal: AbortSignal
  /** Whether the events of this lane are to be parked now. */
  readonly wants: (lane: Lane) => boolean
  /** How many more may be parked. */
  readonly room: () => { readonly events: number; readonly bytes: number }
  /** There is something to park and no room for it. */
  readonly onFull: () => void
  /** These are parked. They must be in another state when this returns. */
  readonly onParked: (deliveries: readonly Delivery[]) => void
  /** These are not parked after all. */
  readonly onGivenBack: (delivery: Delivery) => void
  readonly onLost: (reason: unknown) => void
}): Parker {
  const { consumer, lease, patience, signal, wants, room, onFull, onParked, onGivenBack, onLost } = options
  const watched = new Set<Lane>()
  let pruneAt = PRUNE_FROM
  let blocking: Delivery[] = []
  let running: Promise<void> | undefined
  const tries = patience.tries()

  const run = async (): Promise<void> => {
    for (;;) {
      const lastTry = signal.aborted
      const batch = blocking.length > 0 || lastTry ? blocking : collect()
      if (batch.length === 0) break
      blocking = []
      try {
        await consumer.park(lease(), batch.map(toParked))
        tries.worked()
        onParked(batch)
      } catch (error) {
        blocking = [...batch.filter(({ state }) => state.kind === 'blocking'), ...blocking]
        for (const delivery of batch) if (delivery.state.kind === 'parking') onGivenBack(delivery)
        if (isStaleLease(error)) {
          onLost(error)
          break
        }
        if (lastTry) {
          patience.report(error, 0)
          break
        }
        await tries.wait(error, signal)
      }
    }
    running = undefined
  }

  const collect = (): readonly Delivery[] => {
    const { events, bytes } = room()
    const batch: Delivery[] = []
    let size = 0
    for (const lane of watched) {
      if (!isInTrouble(lane)) {
        watched.delete(lane)
        continue
      }
      if (!wants(lane)) continue
      for (let delivery = lane.head; delivery !== undefined; delivery = delivery.behind) {
        if (!isWaiting(delivery)) break
        if (batch.length >= BATCH_EVENTS || size >= BATCH_BYTES) return batch
        size += delivery.event.body.byteLength
        if (batch.length >= events || size > bytes) {
          if (batch.length === 0) onFull()
          return batch
        }
        delivery.cancelWait?.()
        delivery.state = states.parking
        batch.push(delivery)
      }
    }
    return batch
  }

  const start = (): void => {
    // In a microtask: what comes together is parked together.
    running ??= Promise.resolve().then(run)
  }

  return {
    watch(lane) {
      watched.add(lane)
      if (watched.size < pruneAt) return
      for (const other of watched) if (!isInTrouble(other)) watched.delete(other)
      pruneAt = Math.max(PRUNE_FROM, watched.size * 2)
    },
    relieve() {
      if (watched.size > 0) start()
    },
    block(delivery) {
      blocking.push(delivery)
      start()
    },
    async ended() {
      await running
    },
  }
}

/** Whether what is in the window of it waits for something else than its turn. */
function isInTrouble({ head, parked }: Lane): boolean {
  return head !== undefined && (parked !== undefined || head.state.kind === 'backing-off')
}

function isWaiting({ state }: Delivery): boolean {
  return state.kind === 'queued' || state.kind === 'backing-off'
}

function toParked({ event, lane, redrives, attempts, resumeAt, state }: Delivery): ParkedEvent {
  if (lane === undefined) throw new Error('An event without a lane cannot be parked.')
  const parked = { event, lane: lane.name, redrives, attempts }
  if (state.kind !== 'blocking') return { ...parked, nextAt: resumeAt }
  return { ...parked, nextAt: 0, blocked: failureInfo(state.error, attempts, state.at) }
}
