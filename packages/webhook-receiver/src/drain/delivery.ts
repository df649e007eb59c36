import type { StoredEvent } from '../buffer/event-buffer.ts'
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
 * **backing-off**: waits for its next attempt. Leaves to `queued`, still as the head of its lane.
 *
 * **burying**: it failed for the last time and is not yet among the dead letters. Leaves to `done`.
 *
 * **done**: the buffer knows that this consumer is through with it. Only now does the next delivery of the lane get its turn,
 * so a crash at any moment repeats the head of a lane, never something before it.
 *
 * Only the head of a lane is ever in another state than `queued`. While the buffer fails, `acking`, `saving` and `burying` last
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
  | { readonly kind: 'burying'; readonly error: unknown; readonly at: number }
  | { readonly kind: 'done' }

/** The states that carry nothing, shared by all deliveries. */
export const states: Readonly<Record<'queued' | 'running' | 'backingOff' | 'done', DeliveryState>> = {
  queued: { kind: 'queued' },
  running: { kind: 'running' },
  backingOff: { kind: 'backing-off' },
  done: { kind: 'done' },
}

/** Who owns a delivery and is told how its attempts end. */
export interface DeliveryHome {
  /** Whether a delivery may start now. When not, the home takes it back and offers it again when it may. */
  admits(delivery: Delivery): boolean
  succeeded(delivery: Delivery, durationMs: number): void
  failed(delivery: Delivery, error: unknown, durationMs: number): void
}

/** One event on its way to one destination. */
export interface Delivery {
  readonly home: DeliveryHome
  readonly place: Place
  readonly event: StoredEvent
  /** `undefined`: not ordered with anything. */
  readonly key: string | undefined
  /** Why no ordering key could be found; every attempt fails with it. */
  readonly keyError: { readonly error: unknown } | undefined
  /** Failed attempts so far, also those of earlier runs. */
  attempts: number
  /** Wall-clock time of the next attempt as an earlier run left it; 0 without one. */
  readonly resumeAt: number
  state: DeliveryState
  /** The next one of the same lane. */
  behind: Delivery | undefined
}
