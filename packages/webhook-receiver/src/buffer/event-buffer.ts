/**
 * The storage contract of the receiver: a partitioned, ordered log with fenced consumer cursors. It is not a job table:
 * a claim-and-complete interface cannot keep order per key on every engine, an ordered log with one drainer per partition can.
 * Scheduling, retries, pacing and the dead-letter policy live once, in the drain engine above it.
 *
 * `bufferConformance` in `@holdfast/webhook-receiver/testing` is the executable form of this contract.
 */

/** Place of an event in its partition. Opaque; compares as a string in the order of the log. */
export type Position = string

/** Name and value as they came, in order, with their case where the transport keeps it. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[]

/** What a resolved `append` means, as configured and verified. */
export type BufferDurability =
  /** On stable storage: survives a power cut. */
  | 'fsync'
  /** Acknowledged by replicas. */
  | 'replicated'
  /** With the operating system: survives the process, not the machine. */
  | 'os'
  /** In this process only. */
  | 'memory'

/** What a buffer can do. The engine reads these flags; it never probes for methods. */
export interface BufferCaps {
  readonly durability: BufferDurability
  /** Fixed for the life of the buffer. Order holds within a partition. */
  readonly partitions: number
  /** Whether several processes can have it open. */
  readonly multiProcess: boolean
  /** Largest body that `append` takes, in bytes. */
  readonly maxEventBytes: number
  /** How long an id is remembered, in milliseconds. */
  readonly dedupeWindowMs: number
  /** Whether a handler's own transaction can carry the ack. */
  readonly transactionalAck: boolean
}

/** Which item of which delivery an event is, where one request brought several events. */
export interface BatchItem {
  /** SHA-256 of the body of the whole request, in hexadecimal: the same for all items, and for a repeat of the same bytes. */
  readonly id: string
  /** Place in the delivery, from 0. */
  readonly index: number
  /** Items in the delivery, those that were known already included. */
  readonly size: number
}

/** An event to be stored: the full request and what verification made of it. */
export interface NewEvent {
  /** Dedupe id, unique within the source and tenant. */
  readonly id: string
  /** Name of the source in the receiver's options. */
  readonly source: string
  readonly tenant?: string
  /** Chooses the partition; without it `id` does. */
  readonly key?: string
  /** The provider's event type. */
  readonly type?: string
  /** The provider's own event id, as sent. `id` differs from it when it was not covered by the signature. */
  readonly eventId?: string
  /** Arrival time, ms since the epoch. */
  readonly receivedAt: number
  /** When it happened, as the provider says, ms since the epoch. Its distance to `receivedAt` is the lag of the delivery. */
  readonly occurredAt?: number
  /** Where the request brought several events: which of them this is. `body` is then that item alone. */
  readonly batch?: BatchItem
  readonly method: string
  readonly url: string
  readonly remoteAddress?: string
  readonly headers: HeaderPairs
  readonly body: Uint8Array
}

/** An event as it is read back. */
export interface StoredEvent extends NewEvent {
  // Says that it is no SharedArrayBuffer, so that it can be the body of a `fetch`.
  readonly body: Uint8Array<ArrayBuffer>
  readonly partition: number
  readonly position: Position
}

/** Records that the log knows to be lost, reported in their place in the order. */
export interface Hole {
  readonly partition: number
  /** First and last position that are missing, both inclusive. */
  readonly from: Position
  readonly to: Position
  /** Number of lost records. */
  readonly lost: number
}

/** One step of reading: an event, or the exact place of lost ones. */
export type LogEntry =
  | { readonly kind: 'event'; readonly event: StoredEvent }
  | { readonly kind: 'hole'; readonly hole: Hole }

export interface AppendResult {
  /** `duplicate`: the id was there already, and the original is as durable as `caps.durability` says. */
  readonly status: 'appended' | 'duplicate'
  readonly partition: number
  readonly position: Position
}

/** What opening found. */
export interface OpenReport {
  readonly durationMs: number
  readonly scannedBytes: number
  /** Bytes of an unfinished last write that were cut off. They were never acknowledged. */
  readonly tornBytes: number
  /** Acknowledged records that are lost, exactly. */
  readonly holes: readonly Hole[]
}

export interface ConsumerStats {
  readonly name: string
  /** Events stored and not yet done. */
  readonly backlog: number
  readonly deadLetters: number
}

export interface BufferStats {
  /** Events stored, whether consumed or not. */
  readonly events: number
  readonly bytes: number
  /** Records known to be lost. */
  readonly lost: number
  readonly consumers: readonly ConsumerStats[]
}

export interface EventBuffer {
  readonly caps: BufferCaps
  /**
   * Takes the lock and recovers. Resolves with what was found; damage is reported, not thrown.
   *
   * @throws BufferError `buffer_locked` when somebody else has it open; `buffer_unusable` when it is no buffer of this format.
   */
  open(): Promise<OpenReport>
  /**
   * Stores events in order, or finds that they are there. Resolves when all are durable as `caps.durability` says; all or
   * nothing per call.
   *
   * @throws BufferError `buffer_full`, `buffer_overloaded`, `buffer_failed`, `event_too_large` or `buffer_closed`; nothing of the
   * call is acknowledged then.
   */
  append(events: readonly NewEvent[]): Promise<AppendResult[]>
  /** Registers a consumer for good, or finds it. It holds back deletion until removed. Default `from`: `earliest`. */
  openConsumer(name: string, options?: { readonly from?: 'earliest' | 'latest' }): Promise<Consumer>
  /** Forgets a consumer with its cursor. Unknown names are fine. */
  removeConsumer(name: string): Promise<void>
  stats(): Promise<BufferStats>
  /** Finishes what was accepted, syncs cursors, releases the lock. Idempotent. */
  close(): Promise<void>
}

/** The right to drain one partition. Every write that moves a cursor carries it and is checked inside the store's atomic unit. */
export interface Lease {
  readonly partition: number
  /** Grows with every change of owner. */
  readonly epoch: number
  /** End of the lease, ms since the epoch; `Infinity` where a lock is the lease. */
  readonly expiresAt: number
}

/** Attempts so far of an event that failed. */
export interface RetryState {
  readonly position: Position
  readonly attempts: number
  /** Wall-clock time of the next attempt, ms since the epoch. */
  readonly nextAt: number
}

/** Where a consumer is in a partition: everything up to and including `lowWater` is done, and `done` above it. */
export interface CursorState {
  /** `null`: nothing is done yet. */
  readonly lowWater: Position | null
  readonly done: readonly Position[]
  readonly retry: readonly RetryState[]
}

/** What changes about a cursor. */
export interface CursorDelta {
  readonly done?: readonly Position[]
  readonly retry?: readonly RetryState[]
}

/** Why an event was given up. */
export interface FailureInfo {
  readonly attempts: number
  /** When it was given up, ms since the epoch. */
  readonly at: number
  /** `code` of the error, where it has one. */
  readonly code?: string
  /** Message of the error, cut to 1,000 characters. */
  readonly message: string
}

export interface DeadLetter {
  readonly event: StoredEvent
  readonly why: FailureInfo
}

export interface Consumer {
  readonly name: string
  /** Takes the free partitions, at most `max`. A consumer of a single-process buffer gets all. */
  acquire(options: { readonly owner: string; readonly leaseMs: number; readonly max?: number }): Promise<Lease[]>
  /**
   * Reads on after `after` (`null`: from the start), in order and without gaps: an entry once seen never gets a predecessor
   * later. Only durable events are seen. Ends at `limit` entries, at the latest with the one that reaches `maxBytes`, and gives
   * at least one where there is one. Waits up to `waitMs` for the first entry; then an empty array.
   *
   * @throws the signal's reason, untouched, as soon as `signal` aborts.
   */
  read(
    lease: Lease,
    after: Position | null,
    options: {
      readonly limit: number
      readonly maxBytes: number
      readonly waitMs: number
      readonly signal?: AbortSignal
    },
  ): Promise<LogEntry[]>
  load(lease: Lease): Promise<CursorState>
  /**
   * Writes the delta. When it resolves, the change survives the death of the process; it is synced to the disk within a second.
   *
   * @throws BufferError `stale_lease` when somebody else has the partition now.
   */
  commit(lease: Lease, delta: CursorDelta): Promise<void>
  /** Puts the event among the dead letters, durably, and only then marks it done. */
  deadLetter(lease: Lease, event: StoredEvent, why: FailureInfo): Promise<void>
  /** Dead letters of this consumer, oldest first. */
  deadLetters(): AsyncIterable<DeadLetter>
  /** Prolongs the lease. `false`: it is lost. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>
  release(lease: Lease): Promise<void>
}
