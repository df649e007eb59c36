import type { FailureInfo, ParkedEvent, Position, StoredEvent } from '../buffer/event-buffer.ts'
import type { Place } from './window.ts'

/**
 * Where an event in the window is on its way to its destination.
 *
 * **queued**: read, and either behind a predecessor of its lane or, as the head, in line for the dispatcher. Every delivery
 * starts here. Leaves to `running` when dispatched; to `backing-off` when it becomes the head and an earlier run had left it
 * waiting.
 *
 * **running**: its handler is at work. Leaves to `acking` when the handler succeeds, to `saving` or `burying` when it fails or
 * takes too long, and back to `queued` when the drain stops or loses the partition first: an attempt that the drain itself
 * broke off does not count.
 *
 * **acking**: the handler succeeded and the ack is not written yet. Leaves to `done`.
 *
 * **saving**: the handler failed and the number of attempts is not written yet. Leaves to `backing-off`.
 *
 * **backing-off**: waits for its next attempt. Leaves to `queued`, still as the head of its lane; to `parking` when the window
 * needs its place.
 *
 * **parking**: it is being moved from the window to where it is parked, with everything of its lane. Leaves to `done`, as far as
 * the window is concerned; back to `backing-off` or `queued` when that could not be written.
 *
 * **blocking**: it failed for the last time and is being parked as what blocks its key. Leaves to `done`, in the same sense.
 *
 * **burying**: it failed for the last time and is not yet among the dead letters. Leaves to `done`.
 *
 * **done**: the buffer knows that this consumer is through with it. Only now does the next delivery of the lane get its turn,
 * so a crash at any moment repeats the head of a lane, never something before it.
 *
 * Only the head of a lane is ever in another state than `queued` or `parking`. While the buffer fails, `acking`, `saving` and `burying` last
 * until it works again or the lease is lost.
 */
export type DeliveryState =
  | { readonly kind: 'queued' }
  | { readonly kind: 'running' }
  | { readonly kind: 'acking'; readonly durationMs: number }
  | {
      readonly kind: 'saving'
      readonly error: unknown
      readonly durationMs: number
      readonly delayMs: number
      /** Monotonic; the wait began then. */
      readonly failedAtMs: number
      /** Wall clock, for the next run. */
      readonly nextAt: number
    }
  | { readonly kind: 'backing-off' }
  | { readonly kind: 'parking' }
  | { readonly kind: 'blocking'; readonly error: unknown; readonly at: number }
  | { readonly kind: 'burying'; readonly error: unknown; readonly at: number }
  | { readonly kind: 'done' }

/** The states that carry nothing, shared by all deliveries. */
export const states: Readonly<Record<'queued' | 'running' | 'backingOff' | 'parking' | 'done', DeliveryState>> = {
  queued: { kind: 'queued' },
  running: { kind: 'running' },
  backingOff: { kind: 'backing-off' },
  parking: { kind: 'parking' },
  done: { kind: 'done' },
}

/** Who owns a delivery and is told how its attempts end. */
export interface DeliveryHome {
  /** Of the lease that its deliveries are made under. */
  readonly epoch: number
  /** Whether a delivery may start now. When not, the home takes it back and offers it again when it may. */
  admits(delivery: Delivery): boolean
  /** An attempt said nothing about the delivery, which is to have another one in its turn. */
  takenBack(delivery: Delivery): void
  succeeded(delivery: Delivery, durationMs: number): void
  failed(delivery: Delivery, error: unknown, durationMs: number): void
  /** Runs `work` in a transaction of the buffer that also holds the ack of the delivery. */
  transaction<Result>(delivery: Delivery, work: (transaction: unknown) => Promise<Result>): Promise<Result>
}

/** One event on its way to one destination. */
export interface Delivery {
  readonly home: DeliveryHome
  /** `undefined`: it is parked. */
  readonly place: Place | undefined
  readonly event: StoredEvent
  /** `undefined`: not ordered with anything. */
  readonly key: string | undefined
  /** Why no ordering key could be found; every attempt fails with it. */
  readonly keyError: { readonly error: unknown } | undefined
  /** Failed attempts so far, also those of earlier runs. */
  attempts: number
  /** Wall-clock time of the next attempt; 0 without one. */
  resumeAt: number
  /** How often it was taken back from the dead letters. */
  readonly redrives: number
  /** Whether it is done in the buffer already: a transaction that held its ack was committed. */
  isAcked: boolean
  state: DeliveryState
  /** Ends its wait for the next attempt. */
  cancelWait: (() => void) | undefined
  /** `undefined`: it is not ordered, and was not in trouble yet. */
  lane: Lane | undefined
  /** The next one of the same lane. */
  behind: Delivery | undefined
}

/**
 * Deliveries with the same key, one behind the other in the order of the log: first what is parked, then what is in the window. After a power cut that took
 * an ack, an event may be in the window again that comes before what is parked.
 */
export interface Lane {
  /** Its name in the buffer. */
  readonly name: string
  /** `undefined`: it is for a single event that is not ordered. */
  readonly key: string | undefined
  /** First and last of those in the window. */
  head: Delivery | undefined
  last: Delivery | undefined
  /** What of it is parked. */
  parked: ParkedPart | undefined
}

/**
 * The part of a lane that is parked.
 *
 * **waiting**: for the time of its first event's next attempt, or for a delivery in the window that comes before it, or was at work already when
 * events were taken back from the dead letters, or until the log is read as far as its first event. **loading**: its first events are being read, or are in line for that.
 * **loaded**: they are in memory; the first of them is in line for the dispatcher, at work, or being written. **blocked**: its first
 * event was given up, and somebody has to say what becomes of it.
 */
export interface ParkedPart {
  phase: 'waiting' | 'loading' | 'loaded' | 'blocked'
  /** About how many events, and bytes of bodies. That it is empty is known only when there was nothing to read. */
  events: number
  bytes: number
  /** Where its first event is in the log, as far as that is known. */
  first: Position
  /** The first ones, in order. */
  loaded: Delivery[]
  /** Ends the wait. */
  cancelWait: (() => void) | undefined
  /** Why it is blocked. */
  blocked: FailureInfo | undefined
  /** Something may have come before the first one that is loaded. */
  isStale: boolean
  /** An event of it was given up just now, and everything behind it is to follow. */
  isCondemned: boolean
}

/** Whether the first event of a lane is in the window. */
export function windowLeads({ head, parked }: Lane): boolean {
  return head !== undefined && (parked === undefined || head.event.position < parked.first)
}

/** A delivery at the start of its course. */
export function newDelivery(
  home: DeliveryHome,
  place: Place | undefined,
  { event, attempts, nextAt, redrives }: Pick<ParkedEvent, 'event' | 'attempts' | 'nextAt' | 'redrives'>,
  { key, keyError }: Pick<Delivery, 'key' | 'keyError'>,
): Delivery {
  return {
    home,
    place,
    event,
    key,
    keyError,
    attempts,
    resumeAt: nextAt,
    redrives,
    isAcked: false,
    state: states.queued,
    cancelWait: undefined,
    lane: undefined,
    behind: undefined,
  }
}
