import type { IntegrationError } from '@holdfast/core'
import type { Position } from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { GatewayMode } from './gateway-mode.ts'

/** Why a request was stored instead of being passed on. */
export type CaptureReason =
  /** The gateway was in the mode `buffer`. */
  | 'target_unhealthy'
  /** An earlier request with its key was waiting. */
  | 'key_waiting'
  /** It was passed on, and the target failed it. */
  | 'target_failed'

/** Why the mode changed. */
export type ModeChangeCause = 'started' | 'probes' | 'live_failures' | 'held' | 'released' | 'captured' | 'drained'

/** Every event of a gateway: those of its buffer and drain, whose destination is called `gateway`, and its own. */
export interface GatewayEventMap extends ReceiverEventMap {
  /** After the mode changed, and once at the start. */
  'gateway:mode-changed': {
    readonly from: GatewayMode | undefined
    readonly to: GatewayMode
    readonly cause: ModeChangeCause
    /** Stored requests that wait. */
    readonly backlog: number
  }
  /**
   * After a probe of the target failed, and before the mode changes for it: `error.upstream.status` is the answer that was no 2xx; without one the
   * code and the message say why there was none.
   */
  'gateway:probe-failed': { readonly error: IntegrationError; readonly durationMs: number }
  /** After a request became durable and before the sender is answered. */
  'gateway:captured': {
    readonly id: string
    readonly position: Position
    readonly reason: CaptureReason
    readonly durationMs: number
  }
  /** After the target began to answer a request that was passed straight on. */
  'gateway:forwarded': { readonly status: number; readonly durationMs: number }
  /** When a request is answered neither by the target nor from the buffer. */
  'gateway:refused': { readonly status: number; readonly error: IntegrationError; readonly durationMs: number }
}
