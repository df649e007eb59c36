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
  /** Fixed for the life of the buffer, unless it `adopts`. Order holds within a partition. */
  readonly partitions: number
  /** Whether `acquire` takes over partitions of processes that have ended, and gives them back when they are empty; `partitions` grows with them. */
  readonly adopts?: boolean
  /** Whether several processes can have it open. */
  readonly multiProcess: boolean
  /** Largest body that `append` takes, in bytes. */
  readonly maxEventBytes: number
  /** How long an id is remembered, in milliseconds. */
  readonly dedupeWindowMs: number
  /** Whether a handler's own transaction can carry the ack. */
  readonly transactionalAck: boolean
  /** Whether consumers have `asideMark`. Absent: they have not, and drains ask for the parked lanes each time. */
  readonly asideMarks?: boolean
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
  /**
   * Chooses the partition; without it `id` does. A repeat of an event has to have the same key: a buffer may compare ids within a
   * partition only.
   */
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
  /** Parked events and dead letters that are lost. Which ones they were is not known any more. */
  readonly lostAside: number
  /** Records that were made readable again, where the buffer was opened for that. */
  readonly salvaged?: number
  /** What its owner should know about the place where it is kept, and about what it cannot tell any more. */
  readonly warnings?: readonly BufferWarning[]
}

/** Something that a buffer's owner should know. */
export interface BufferWarning {
  /**
   * `volatile_file_system`: it ends with the machine or the container. `network_file_system`: its locks and syncs cannot be depended on.
   * `cursor_lost`: which events a consumer was through with is not known any more, so that it may get them again. `meta_lost`: which
   * losses were known is not known any more.
   */
  readonly reason: 'volatile_file_system' | 'network_file_system' | 'cursor_lost' | 'meta_lost'
  readonly message: string
}

export interface ConsumerStats {
  readonly name: string
  /** Events stored and not yet done, parked ones included. */
  readonly backlog: number
  /** Events that are parked. */
  readonly parked: number
  readonly deadLetters: number
}

export interface BufferStats {
  /** Events stored, whether consumed or not. */
  readonly events: number
  readonly bytes: number
  /** Records known to be lost. */
  readonly lost: number
  readonly consumers: readonly ConsumerStats[]
  /**
   * Bytes that are kept because a consumer is not through with them, by its name. What a consumer holds that nobody drains any more grows for
   * ever; `removeConsumer` lets go of it.
   */
  readonly heldBytes?: Readonly<Record<string, number>>
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
   * nothing per call and partition. Until then they belong to the buffer: who changes one changes what is stored or delivered.
   *
   * @throws BufferError `buffer_full`, `buffer_overloaded`, `buffer_failed`, `event_too_large` or `buffer_closed`; nothing of the
   * call is acknowledged then. What was stored all the same, in another partition or because an answer was lost, is a duplicate when it
   * is appended again.
   */
  append(events: readonly NewEvent[]): Promise<AppendResult[]>
  /** Registers a consumer for good, or finds it. It holds back deletion until removed. Default `from`: `earliest`. */
  openConsumer(name: string, options?: { readonly from?: 'earliest' | 'latest' }): Promise<Consumer>
  /** Forgets a consumer with its cursor, its parked events and its dead letters. Unknown names are fine. */
  removeConsumer(name: string): Promise<void>
  /**
   * Reads what is stored, without a consumer: for replay and inspection. Like `Consumer.read`, but it does not wait, and begins
   * with the oldest event that has not been deleted.
   */
  read(
    partition: number,
    after: Position | null,
    options: { readonly limit: number; readonly maxBytes: number },
  ): Promise<LogEntry[]>
  /**
   * A position behind which every event is whose `receivedAt` is `at` (ms since the epoch) or later; `null`: the start. Earlier
   * ones may be there, too: the buffer finds a place quickly rather than exactly. It trusts that clocks were not set back.
   */
  positionBefore(partition: number, at: number): Promise<Position | null>
  stats(): Promise<BufferStats>
  /**
   * Calls back with what opening found of each partition that it takes over, where `caps.adopts` says that it does. Returns a function that ends
   * this.
   */
  onAdopted?(listener: (report: OpenReport) => void): () => void
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

/**
 * What became of events. A position means the event wherever it is, in the log or parked: `done` takes it from there, `retry`
 * notes its attempts there. Positions that are done already, or dead letters, are passed over.
 */
export interface CursorDelta {
  readonly done?: readonly Position[]
  readonly retry?: readonly RetryState[]
}

/** Why an event was given up, or its key blocked. */
export interface FailureInfo {
  readonly attempts: number
  /** When that was, ms since the epoch. */
  readonly at: number
  /** `code` of the error, where it has one. */
  readonly code?: string
  /** Message of the error, cut to 1,000 characters. */
  readonly message: string
}

/** An event that is kept beside the log for one consumer. */
export interface SetAside {
  readonly event: StoredEvent
  /** Lane that it waits in: events of one lane are delivered in the order of the log. Opaque to the buffer. */
  readonly lane: string
  /** How often it was taken back from the dead letters. */
  readonly redrives: number
}

/**
 * An event that was taken out of the log so that it holds up nothing but its own lane. It is delivered from where it is parked, and
 * what comes later in its lane is parked behind it.
 */
export interface ParkedEvent extends SetAside {
  readonly attempts: number
  /** Wall-clock time of the next attempt, ms since the epoch; 0: at once. */
  readonly nextAt: number
  /** Why it waits until somebody acts; absent: it does not. */
  readonly blocked?: FailureInfo
}

/** One step of reading what is parked: an event, or the place of a lost one. */
export type ParkedEntry =
  | { readonly kind: 'event'; readonly parked: ParkedEvent }
  | { readonly kind: 'hole'; readonly hole: Hole }

/** A lane with parked events. */
export interface ParkedLane {
  readonly lane: string
  /** Number of events, and of bytes in their bodies. */
  readonly events: number
  readonly bytes: number
  /** The first of them, without its event. */
  readonly head: Pick<ParkedEvent, 'attempts' | 'nextAt' | 'blocked'> & { readonly position: Position }
}

/** An event that was given up. */
export interface DeadLetter extends SetAside {
  readonly why: FailureInfo
}

/** Where an event is. */
export interface EventPlace {
  readonly partition: number
  readonly position: Position
}

/**
 * Reads and writes for one destination. For each consumer an event is in one of four places: in the log, parked, among the dead
 * letters, or done. Every change of place is durable in the new one before it leaves the old one, so a crash in between may show
 * it in both, and never in none.
 */
export interface Consumer {
  readonly name: string
  /**
   * Says that `owner` drains until `leaseMs` from now; 0: no more. Resolves with all who do, in the order of their names. Processes divide
   * the partitions by it; it gives nobody a right. A buffer for one process knows of nobody else.
   */
  attend(options: { readonly owner: string; readonly leaseMs: number }): Promise<string[]>
  /** Takes the free partitions, at most `max`. A consumer of a single-process buffer gets all. */
  acquire(options: { readonly owner: string; readonly leaseMs: number; readonly max?: number }): Promise<Lease[]>
  /**
   * Reads on after `after` (`null`: from the start), in order and without gaps: an entry once seen never gets a predecessor
   * later. Only durable events are seen. Ends at `limit` entries, at the latest with the one that reaches `maxBytes`, and gives
   * at least one where there is one. Waits up to `waitMs` for the first entry, or `lingerMs`; then an empty array.
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
      /**
       * How long the first entry may be waited for where `waitMs` is over, or 0, in ms. Default 0. It asks for nothing: a buffer that knows that more is
       * about to come can spare its store a look with it, every other one ignores it.
       */
      readonly lingerMs?: number
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
  /**
   * Runs `work` in a transaction of the store, and commits the delta with it: both happen or neither. What `work` is given is the transaction of the
   * client that the buffer was made of. There where `caps.transactionalAck` says so.
   *
   * @throws BufferError `stale_lease`, and `already_done` when everything in `delta.done` has been done before; what `work` throws. Nothing has happened
   * then.
   */
  withTransaction?<Result>(
    lease: Lease,
    delta: CursorDelta,
    work: (transaction: unknown) => Promise<Result>,
  ): Promise<Result>
  /**
   * Parks events of the log, durably, and only then marks them done there. One that is parked already gets the new `attempts`,
   * `nextAt` and `blocked`. Done ones and dead letters are passed over.
   *
   * @throws BufferError as `append` does, and `stale_lease`. Some may be parked then; parking them again completes it.
   */
  park(lease: Lease, events: readonly ParkedEvent[]): Promise<void>
  /** The lanes of the partition that have parked events. */
  parkedLanes(lease: Lease): Promise<ParkedLane[]>
  /**
   * The first events that are parked in a lane, in the order of the log: at most `limit`, ending at the latest with the one that
   * reaches `maxBytes`, and at least one where there is one. A lost one is told once.
   */
  readParked(
    lease: Lease,
    lane: string,
    options: { readonly limit: number; readonly maxBytes: number },
  ): Promise<ParkedEntry[]>
  /**
   * Puts events among the dead letters, durably, and only then takes them from the log or from where they are parked. Done ones
   * are passed over.
   */
  deadLetter(lease: Lease, letters: readonly DeadLetter[]): Promise<void>
  /** Dead letters of this consumer, oldest first. */
  deadLetters(): AsyncIterable<DeadLetter>
  /** Lanes of the partition that have dead letters. */
  deadLanes(lease: Lease): Promise<string[]>
  /**
   * Parks dead letters, durably: with no attempts, `redrives` one more, and not blocked. Needs no lease; whoever has the
   * partition finds them with `parkedLanes`. Resolves with how many of the places held a dead letter.
   */
  redrive(places: readonly EventPlace[]): Promise<number>
  /**
   * A mark of what `redrive` and `purge` have changed in the partition, whoever called them: as long as it is the same they have changed nothing. Cheap, whatever
   * is set aside: a drain asks for it every few seconds, and for the lanes only when it has changed. There where `caps.asideMarks` says so.
   *
   * @throws BufferError `stale_lease`
   */
  asideMark?(lease: Lease): Promise<string>
  /** Deletes dead letters, durably. Resolves with how many of the places held one. */
  purge(places: readonly EventPlace[]): Promise<number>
  /** Prolongs the lease. `false`: it is lost. */
  renew(lease: Lease, leaseMs: number): Promise<boolean>
  release(lease: Lease): Promise<void>
}
