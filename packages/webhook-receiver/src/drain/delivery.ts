import type { StoredEvent } from '../buffer/event-buffer.ts'
import type { Attempt } from './attempt.ts'

/**
 * Where an event in the window is on its way to its destination.
 *
 * **queued**: read, and either behind a predecessor of its lane or, as the head, in line for the dispatcher. Every delivery
 * starts here. Leaves to `running` when dispatched.
 *
 * **running**: its handler is at work. At most one delivery of a lane is. Leaves to `acking` when the handler succeeds, to
 * `saving` or `burying` when it fails or takes too long, and back to `queued` when the drain stops first: an attempt that the
 * drain itself broke off does not count.
 *
 * **acking**: the handler succeeded and the ack is not written yet. Leaves to `done`.
 *
 * **saving**: the handler failed and the number of attempts is not written yet. Leaves to `backing-off`.
 *
 * **backing-off**: waits for its next attempt and blocks its lane. A delivery whose wait was cut short by a restart comes here
 * from `queued`. Leaves to `queued`, still as the head of its lane.
 *
 * **burying**: it failed for the last time and is not yet among the dead letters. Leaves to `done`.
 *
 * **done**: the buffer knows that this consumer is through with it. Only now does the next delivery of the lane get its turn,
 * so a crash at any moment repeats the head of a lane, never something before it.
 *
 * While the buffer fails, `acking`, `saving` and `burying` last until it works again or the lease is lost.
 */
export type DeliveryState =
  | { readonly kind: 'queued' }
  | { readonly kind: 'running'; readonly attempt: Attempt }
  | { readonly kind: 'acking'; readonly durationMs: number }
  | ({
      readonly kind: 'saving'
      readonly failedAtMs: number
      readonly delayMs: number
      readonly nextAt: number
    } & Failed)
  | { readonly kind: 'backing-off'; readonly cancel: () => void }
  | ({ readonly kind: 'burying'; readonly at: number } & Failed)
  | { readonly kind: 'done' }

interface Failed {
  readonly error: unknown
  readonly durationMs: number
}

export const queued: DeliveryState = Object.freeze({ kind: 'queued' })
export const done: DeliveryState = Object.freeze({ kind: 'done' })

/** Who owns a delivery and is told how its attempts end. */
export interface DeliveryHome {
  /** Whether a delivery may start now. When not, the home takes the delivery back and offers it again later. */
  admits(delivery: Delivery): boolean
  succeeded(delivery: Delivery, durationMs: number): void
  failed(delivery: Delivery, error: unknown, durationMs: number): void
}

/** The place of an event in the window. It outlives the delivery when something before it is not done yet. */
export interface Place {
  done: boolean
}

/** One event on its way to one destination. */
export interface Delivery {
  readonly home: DeliveryHome
  readonly place: Place
  readonly event: StoredEvent
  readonly lane: Lane
  /** Why no ordering key could be found; every attempt fails with it. */
  readonly keyError: { readonly error: unknown } | undefined
  /** The next one in the lane. */
  behind: Delivery | undefined
  /** Failed attempts so far, also those before a restart. */
  attempts: number
  /** Wall-clock time of the next attempt, as an earlier run left it. */
  resumeAt: number
  state: DeliveryState
}

/** Deliveries with the same ordering key, in the order of the log. Only the head may be anything but `queued`. */
export interface Lane {
  /** `undefined`: a lane of a single, unordered event. */
  readonly key: string | undefined
  head: Delivery | undefined
  tail: Delivery | undefined
}
