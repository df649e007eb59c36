import type { HeaderPairs } from '../buffer/event-buffer.ts'

/** A request as it arrived. A `StoredEvent` is one, so that a stored event can be verified again. */
export interface VerifiableRequest {
  readonly headers: HeaderPairs
  readonly body: Uint8Array
  /** Arrival time, ms since the epoch. Timestamps are judged against it, not against the time of verification. */
  readonly receivedAt: number
  /** Default: POST. */
  readonly method?: string
  /** The URL under which the sender reached this endpoint, for schemes that sign it: absolute, or path and query. */
  readonly url?: string
}
