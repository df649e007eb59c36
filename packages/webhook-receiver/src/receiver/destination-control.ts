import type { DeadLetter, Position, StoredEvent } from '../buffer/event-buffer.ts'
import type { DestinationSnapshot } from './destination-snapshot.ts'

/** Chooses events; all conditions that are given must hold. */
export interface EventQuery {
  /** Ids, of the buffer or of the provider. */
  readonly ids?: readonly string[]
  readonly sources?: readonly string[]
  readonly types?: readonly string[]
  readonly tenants?: readonly string[]
  /** Arrival, inclusive; a number is ms since the epoch. */
  readonly from?: Date | number
  /** Arrival, exclusive. */
  readonly to?: Date | number
  /** Anything else. */
  readonly where?: (event: StoredEvent) => boolean
}

/** Chooses dead letters to be changed: all of them, or those of a query with at least one condition. */
export type DeadLetterChoice = EventQuery | { readonly all: true }

/** The events that a destination has given up. */
export interface DeadLetters {
  /** Lists them, oldest first. */
  list(query?: EventQuery): AsyncIterable<DeadLetter>
  /**
   * Has them delivered again, in the order of arrival within their key and before what is later in it. Resolves with how many, when they are in
   * line. `ratePerSecond` puts them there at this rate; `signal` ends that early.
   *
   * @throws InvalidOptionsError when nothing is chosen, or an option is wrong; the signal's reason.
   */
  redrive(
    choice: DeadLetterChoice,
    options?: { readonly ratePerSecond?: number; readonly signal?: AbortSignal },
  ): Promise<number>
  /**
   * Deletes them for good. Resolves with how many.
   *
   * @throws InvalidOptionsError when nothing is chosen, or an option is wrong.
   */
  purge(choice: DeadLetterChoice): Promise<number>
}

/** What is to be delivered again out of the history of the buffer. */
export interface ReplayOptions extends EventQuery {
  /** Begins behind this position instead of looking for `from`; in partition 0 where the buffer has several. */
  readonly after?: { readonly partition?: number; readonly position: Position }
  /** Ends with this position, of the same partition. */
  readonly upTo?: Position
  /** Events started per second, spread evenly. Default: that of the destination. */
  readonly ratePerSecond?: number
  /** Deliveries of one event, the first included, before it is counted as failed. Default: that of the destination, at most `10`. */
  readonly maxAttempts?: number
  /** Ends it early. */
  readonly signal?: AbortSignal
}

/** What a replay did. */
export interface ReplayReport {
  readonly delivered: number
  readonly failed: number
  /** The first 100 events that failed. */
  readonly failures: readonly { readonly id: string; readonly position: Position; readonly message: string }[]
  readonly durationMs: number
}

/** What is wanted of a destination. `disabled`: it is not drained, and keeps its place. `detached`: it is forgotten. */
export type DestinationMode = 'active' | 'paused' | 'disabled' | 'detached'

/** How a destination is doing, with what only the buffer knows. */
export interface DestinationStatus extends DestinationSnapshot {
  readonly mode: DestinationMode
  /** Events stored and not yet done, parked ones included. */
  readonly backlog: number
  readonly deadLetters: number
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** Events that may be started per second at present. */
  readonly ratePerSecond: number
  readonly isOnBackup: boolean
}

/** Control of one destination while the receiver runs. What it does holds for this process, and until it ends. */
export interface DestinationControl {
  readonly name: string
  /** @throws IntegrationError `configuration_error` while the receiver does not run; so do all methods that need the buffer. */
  status(): Promise<DestinationStatus>
  /** Starts nothing any more; handlers at work finish. What comes is stored and waits. */
  pause(): void
  /**
   * Goes on after `pause` or `disable`.
   *
   * @throws IntegrationError `configuration_error` after `detach`.
   */
  resume(): void
  /** Stops its drain, with up to `timeoutMs` (default: `10_000`) for handlers at work, and gives its partitions back. Its cursor stays. */
  disable(options?: { readonly timeoutMs?: number }): Promise<void>
  /**
   * Stops its drain and forgets its cursor, its parked events and its dead letters, so that they hold no space. Take it out of the options, too: at
   * the next start it would begin anew, with everything that is stored.
   */
  detach(options?: { readonly timeoutMs?: number }): Promise<void>
  /** Has the first event of a blocked key tried again, with all its attempts. False: the key is not blocked in a partition of this process. */
  resumeKey(key: string): Promise<boolean>
  readonly deadLetters: DeadLetters
  /**
   * Delivers events of the history once more to this destination alone, through its handler or URL, in order per key. No cursor moves, no other
   * destination notices, and what fails becomes no dead letter. It runs beside the drain: pause that where the order between both matters.
   *
   * @throws InvalidOptionsError when an option is wrong; the signal's reason; IntegrationError `canceled` when the receiver stops.
   */
  replay(options?: ReplayOptions): Promise<ReplayReport>
}
