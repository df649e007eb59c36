import type { BaseEventMap, IntegrationError } from '@holdfast/core'
import type { VerificationHint } from '../verify/verification-hint.ts'
import type { Verified } from '../verify/verify-result.ts'
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

interface OfKey {
  readonly destination: string
  readonly key?: string
}

interface OfRequest extends OfSource {
  readonly durationMs: number
}

/** How a stored event was verified. */
interface OfVerification {
  readonly scheme: Verified['scheme']
  readonly strength: Verified['strength']
  /** Index of the secret that fitted: says when a rotated secret is no longer used. */
  readonly keyIndex: number
  readonly keyId?: string
}

interface OfStored extends OfRequest, OfVerification {
  /** Dedupe id of the event. */
  readonly id: string
  readonly position: Position
}

/** Every event of a receiver. docs/events.md is compared with it by a test. */
export interface ReceiverEventMap extends BaseEventMap {
  /** After the buffer was opened, once per start. */
  'buffer:opened': OpenReport
  /** When records are found to be lost, at opening or while reading. */
  'buffer:lost': Hole
  /** After an event became durable and before the sender is answered. */
  'webhook:accepted': OfStored
  /** When an event was there already; the sender gets the same answer. */
  'webhook:duplicate': OfStored
  /** When a delivery without any event was acknowledged, as some providers send to see that the endpoint is there. */
  'webhook:empty': OfRequest & OfVerification
  /** After a request was answered as a handshake of the connector. */
  'webhook:handshake': OfRequest & { readonly handshake: string; readonly status: number }
  /** When a request is not accepted, for whatever reason. `source` is empty where no source has the name. */
  'webhook:refused': OfRequest & {
    readonly status: number
    readonly error: IntegrationError
    /** What probably went wrong, where a signature did not fit and a probe shows it. */
    readonly hint?: VerificationHint
  }
  /** After the handler succeeded and the ack was written. */
  'delivery:succeeded': OfDelivery & { readonly durationMs: number }
  /** After the handler failed, before the wait for its repeat. */
  'delivery:retried': OfDelivery & { readonly durationMs: number; readonly delayMs: number; readonly error: unknown }
  /** After the event was stored among the dead letters. */
  'delivery:dead-lettered': OfDelivery & { readonly error: unknown }
  /**
   * When a destination starts nothing any more: too many attempts in a row failed, and it tries again after `breakMs`; or somebody asked for it.
   */
  'destination:paused': {
    readonly destination: string
    readonly cause: 'failures' | 'request'
    /** How long it lasts, in milliseconds; absent: until somebody resumes it. */
    readonly breakMs?: number
    readonly error?: unknown
  }
  /** When a paused destination goes on: an attempt after the break succeeded, or somebody asked for it. */
  'destination:resumed': { readonly destination: string; readonly cause: 'success' | 'request' }
  /** After a destination went over to its backup. */
  'destination:failed-over': { readonly destination: string; readonly error: unknown }
  /** After a destination came back from its backup: probes of the first place succeeded, or the backup failed as well. */
  'destination:failed-back': { readonly destination: string; readonly cause: 'probes' | 'backup_failed' }
  /** After events of a key that waits for its repeat were put beside the log, so that others can go on. `key` is absent for events without one. */
  'key:parked': OfKey
  /** After an event failed for the last time and its key was blocked, with `onExhausted: 'blockKey'`. */
  'key:blocked': OfDelivery & OfKey & { readonly error: unknown }
  /** After the last of the events of a key that were beside the log. */
  'key:recovered': OfKey
  /** When so many events are beside the log that no more may be, and the other keys begin to wait, too. */
  'drain:parking-full': { readonly destination: string; readonly events: number; readonly bytes: number }
  /**
   * When a destination has to stop for a while because its buffer fails; it goes on by itself. What fails alike for several partitions is told once in
   * `retryInMs`.
   */
  'drain:failed': { readonly destination: string; readonly error: unknown; readonly retryInMs: number }
  /** When a destination has nothing left to deliver. */
  'drain:idle': { readonly destination: string }
}
