import type { BaseEventMap, IntegrationError } from '@holdfast/core'
import type { Hole, OpenReport, Position } from '../buffer/event-buffer.ts'

interface OfSource {
  readonly source: string
}

interface OfDelivery {
  readonly destination: string
  readonly source: string
  /** Dedupe id of the event. */
  readonly id: string
  readonly position: Position
  readonly attempt: number
}

/** Every event of a receiver. docs/events.md is compared with it by a test. */
export interface ReceiverEventMap extends BaseEventMap {
  /** After the buffer was opened, once per start. */
  'buffer:opened': OpenReport
  /** When records are found to be lost, at opening or while reading. */
  'buffer:lost': Hole
  /** After an event became durable and before the sender is answered. */
  'webhook:accepted': OfSource & { readonly id: string; readonly position: Position; readonly durationMs: number }
  /** When an event was there already; the sender gets the same answer. */
  'webhook:duplicate': OfSource & { readonly id: string; readonly position: Position; readonly durationMs: number }
  /** When a request is not accepted, for whatever reason. `source` is empty where no source has the name. */
  'webhook:refused': OfSource & {
    readonly status: number
    readonly error: IntegrationError
    readonly durationMs: number
  }
  /** After the handler succeeded and the ack was written. */
  'delivery:succeeded': OfDelivery & { readonly durationMs: number }
  /** After the handler failed, before the wait for its repeat. */
  'delivery:retried': OfDelivery & { readonly durationMs: number; readonly delayMs: number; readonly error: unknown }
  /** After the event was stored among the dead letters. */
  'delivery:dead-lettered': OfDelivery & { readonly error: unknown }
  /** When a destination has to stop for a while because its buffer fails; it goes on by itself. */
  'drain:failed': { readonly destination: string; readonly error: unknown; readonly retryInMs: number }
  /** When a destination has nothing left to deliver. */
  'drain:idle': { readonly destination: string }
}
