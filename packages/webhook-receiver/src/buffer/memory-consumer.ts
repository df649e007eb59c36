import type { Clock } from '@holdfast/core'
import { BufferError } from './buffer-error.ts'
import type {
  Consumer,
  CursorState,
  DeadLetter,
  Lease,
  LogEntry,
  Position,
  RetryState,
  StoredEvent,
} from './event-buffer.ts'

// Wide enough for every safe integer, so that positions compare as strings in the order of the log.
const POSITION_DIGITS = 16

/** One log of a memory buffer. */
export interface Partition {
  readonly index: number
  /** The event with sequence number n is at n - 1. */
  readonly log: StoredEvent[]
  readonly waiting: Set<() => void>
  wake(): void
}

/** Makes an empty log. */
export function createPartition(index: number): Partition {
  const waiting = new Set<() => void>()
  return {
    index,
    log: [],
    waiting,
    wake: () => {
      for (const resume of waiting) resume()
    },
  }
}

/** Cursor of one consumer in one partition, by sequence number. */
interface Cursor {
  /** Everything up to and including it is done. */
  lowWater: number
  /** What is done above `lowWater`. */
  readonly done: Set<number>
  readonly retry: Map<number, RetryState>
  epoch: number
  held: boolean
  expiresAt: number
}

/** What a memory buffer keeps of a consumer, open or closed. */
export interface StoredConsumer {
  readonly cursors: readonly Cursor[]
  readonly deadLetters: DeadLetter[]
}

/** Makes the cursor of a consumer that is through with everything up to `lowWater`. */
export function createCursor(lowWater: number): Cursor {
  return { lowWater, done: new Set(), retry: new Map(), epoch: 0, held: false, expiresAt: 0 }
}

/** Makes the face of a stored consumer. */
export function createMemoryConsumer(options: {
  readonly name: string
  readonly stored: StoredConsumer
  readonly partitions: readonly Partition[]
  readonly clock: Clock
  readonly requireOpen: () => void
}): Consumer {
  const { name, stored, partitions, clock, requireOpen } = options

  const cursorOf = (lease: Lease): Cursor => {
    requireOpen()
    const cursor = stored.cursors[lease.partition]
    if (cursor === undefined || !cursor.held || cursor.epoch !== lease.epoch)
      throw new BufferError(
        'stale_lease',
        `Partition ${lease.partition} of consumer "${name}" belongs to somebody else now.`,
      )
    return cursor
  }

  return {
    name,
    async acquire({ leaseMs, max = Infinity }) {
      requireOpen()
      const leases: Lease[] = []
      for (const [partition, cursor] of stored.cursors.entries()) {
        if (leases.length >= max) break
        if (cursor.held && cursor.expiresAt > clock.now()) continue
        cursor.held = true
        cursor.epoch += 1
        cursor.expiresAt = clock.now() + leaseMs
        leases.push({ partition, epoch: cursor.epoch, expiresAt: cursor.expiresAt })
      }
      return leases
    },
    async read(lease, after, { limit, maxBytes, waitMs, signal }) {
      cursorOf(lease)
      signal?.throwIfAborted()
      const partition = partitions[lease.partition] as Partition
      const start = after === null ? 0 : sequenceOf(after)
      if (partition.log.length <= start && waitMs > 0) {
        await waitForMore(partition, clock, waitMs, signal)
        requireOpen()
      }
      return slice(partition.log, start, limit, maxBytes)
    },
    async load(lease): Promise<CursorState> {
      const cursor = cursorOf(lease)
      return {
        lowWater: cursor.lowWater === 0 ? null : positionOf(cursor.lowWater),
        done: [...cursor.done].toSorted((left, right) => left - right).map(positionOf),
        retry: [...cursor.retry.values()],
      }
    },
    async commit(lease, { done = [], retry = [] }) {
      const cursor = cursorOf(lease)
      for (const state of retry) {
        const sequence = sequenceOf(state.position)
        if (!isDone(cursor, sequence)) cursor.retry.set(sequence, state)
      }
      for (const position of done) markDone(cursor, sequenceOf(position))
    },
    async deadLetter(lease, event, why) {
      const cursor = cursorOf(lease)
      const sequence = sequenceOf(event.position)
      if (isDone(cursor, sequence)) return
      stored.deadLetters.push({ event, why })
      markDone(cursor, sequence)
    },
    async *deadLetters() {
      requireOpen()
      yield* stored.deadLetters.slice()
    },
    async renew(lease, leaseMs) {
      requireOpen()
      const cursor = stored.cursors[lease.partition]
      if (cursor === undefined || !cursor.held || cursor.epoch !== lease.epoch) return false
      cursor.expiresAt = clock.now() + leaseMs
      return true
    },
    async release(lease) {
      requireOpen()
      const cursor = stored.cursors[lease.partition]
      if (cursor?.epoch === lease.epoch) cursor.held = false
    },
  }
}

function isDone(cursor: Cursor, sequence: number): boolean {
  return sequence <= cursor.lowWater || cursor.done.has(sequence)
}

function markDone(cursor: Cursor, sequence: number): void {
  cursor.retry.delete(sequence)
  if (sequence <= cursor.lowWater) return
  if (sequence > cursor.lowWater + 1) {
    cursor.done.add(sequence)
    return
  }
  cursor.lowWater = sequence
  while (cursor.done.delete(cursor.lowWater + 1)) cursor.lowWater += 1
}

function slice(log: readonly StoredEvent[], start: number, limit: number, maxBytes: number): LogEntry[] {
  const entries: LogEntry[] = []
  let bytes = 0
  for (let index = start; index < log.length && entries.length < limit; index++) {
    const event = log[index] as StoredEvent
    bytes += event.body.byteLength
    // The first entry always comes, however large: otherwise it would block the log for good.
    if (bytes > maxBytes && entries.length > 0) break
    entries.push({ kind: 'event', event })
  }
  return entries
}

function waitForMore(partition: Partition, clock: Clock, waitMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      cancel()
      partition.waiting.delete(resume)
      signal?.removeEventListener('abort', onAbort)
    }
    const resume = (): void => {
      finish()
      resolve()
    }
    const onAbort = (): void => {
      finish()
      reject(signal?.reason)
    }
    const cancel = clock.schedule(waitMs, resume, { background: true })
    partition.waiting.add(resume)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** Position of the event with sequence number `sequence`, from 1. */
export function positionOf(sequence: number): Position {
  return String(sequence).padStart(POSITION_DIGITS, '0')
}

function sequenceOf(position: Position): number {
  return Number(position)
}
