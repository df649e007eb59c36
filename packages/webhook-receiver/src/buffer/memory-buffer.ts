import { checkOptions, type Clock, durationMs, integer, plainObject, systemClock } from '@holdfast/core'
import { BufferError } from './buffer-error.ts'
import type {
  AppendResult,
  BufferCaps,
  BufferStats,
  Consumer,
  CursorState,
  DeadLetter,
  EventBuffer,
  Lease,
  LogEntry,
  NewEvent,
  Position,
  RetryState,
  StoredEvent,
} from './event-buffer.ts'

/** Options of `memoryBuffer`. */
export interface MemoryBufferOptions {
  /** Number of partitions, 1 to 1,024. Default: `1`. */
  readonly partitions?: number
  /** Where lease expiry, long polls and the dedupe window take the time from. Default: `systemClock`. */
  readonly clock?: Clock
  /** Largest body, in bytes. Default: `16_777_216` (16 MiB). */
  readonly maxEventBytes?: number
  /** How long an id is remembered, in milliseconds. Default: `259_200_000` (72 h). */
  readonly dedupeWindowMs?: number
}

// Wide enough for every safe integer, so that positions compare as strings in the order of the log.
const POSITION_DIGITS = 16

/**
 * An `EventBuffer` in memory: the reference implementation of the contract, for tests. What is stored belongs to the object
 * and survives `close()` and a new `open()`, as a disk survives a restart; it does not survive the process. Leases end on the
 * given clock. Nothing is ever deleted.
 *
 * @throws InvalidOptionsError for an option out of range.
 */
export function memoryBuffer(options: MemoryBufferOptions = {}): EventBuffer {
  checkOptions('', options, {
    partitions: integer({ min: 1, max: 1024 }),
    clock: plainObject,
    maxEventBytes: integer({ min: 0 }),
    dedupeWindowMs: durationMs({ infinity: true }),
  })
  const clock = options.clock ?? systemClock
  const caps: BufferCaps = Object.freeze({
    durability: 'memory',
    partitions: options.partitions ?? 1,
    multiProcess: false,
    maxEventBytes: options.maxEventBytes ?? 16 * 1024 * 1024,
    dedupeWindowMs: options.dedupeWindowMs ?? 72 * 3_600_000,
    transactionalAck: false,
  })
  const partitions = Array.from({ length: caps.partitions }, (_, index) => createPartition(index))
  const ids = createIdWindow(clock, caps.dedupeWindowMs)
  const cursors = new Map<string, StoredConsumer>()
  let opened = false

  const requireOpen = (): void => {
    if (!opened) throw new BufferError('buffer_closed', 'The buffer is not open.')
  }

  const store = (event: NewEvent): AppendResult => {
    const known = ids.find(event)
    if (known !== undefined) return { status: 'duplicate', ...known }
    const partition = partitions[hash(event.key ?? event.id) % partitions.length] as Partition
    const position = positionOf(partition.log.length + 1)
    partition.log.push({
      ...event,
      headers: event.headers.map(([name, value]) => [name, value] as const),
      body: event.body.slice(),
      partition: partition.index,
      position,
    })
    const place = { partition: partition.index, position }
    ids.add(event, place)
    return { status: 'appended', ...place }
  }

  return {
    caps,
    async open() {
      if (opened) throw new BufferError('buffer_locked', 'The buffer is open already.')
      opened = true
      return { durationMs: 0, scannedBytes: 0, tornBytes: 0, holes: [] }
    },
    async append(events) {
      requireOpen()
      for (const event of events) {
        if (event.body.byteLength > caps.maxEventBytes)
          throw new BufferError(
            'event_too_large',
            `The event has ${event.body.byteLength} bytes; the buffer takes up to ${caps.maxEventBytes}.`,
          )
      }
      const results = events.map(store)
      for (const partition of partitions) partition.wake()
      return results
    },
    async openConsumer(name, { from = 'earliest' } = {}) {
      requireOpen()
      let consumer = cursors.get(name)
      if (consumer === undefined) {
        consumer = {
          deadLetters: [],
          cursors: partitions.map((partition) => createCursor(from === 'earliest' ? 0 : partition.log.length)),
        }
        cursors.set(name, consumer)
      }
      return createConsumer({ name, stored: consumer, partitions, clock, requireOpen })
    },
    async removeConsumer(name) {
      requireOpen()
      for (const cursor of cursors.get(name)?.cursors ?? []) cursor.held = false
      cursors.delete(name)
    },
    async stats() {
      requireOpen()
      return statsOf(partitions, cursors)
    },
    async close() {
      opened = false
      for (const consumer of cursors.values()) for (const cursor of consumer.cursors) cursor.held = false
      for (const partition of partitions) partition.wake()
    },
  }
}

interface Partition {
  readonly index: number
  /** The event with sequence number n is at n - 1. */
  readonly log: StoredEvent[]
  readonly waiting: Set<() => void>
  wake(): void
}

function createPartition(index: number): Partition {
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

interface StoredConsumer {
  readonly cursors: readonly Cursor[]
  readonly deadLetters: DeadLetter[]
}

function createCursor(lowWater: number): Cursor {
  return { lowWater, done: new Set(), retry: new Map(), epoch: 0, held: false, expiresAt: 0 }
}

function createConsumer(options: {
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

interface Place {
  readonly partition: number
  readonly position: Position
}

interface IdWindow {
  find(event: NewEvent): Place | undefined
  add(event: NewEvent, place: Place): void
}

function createIdWindow(clock: Clock, windowMs: number): IdWindow {
  // Insertion order is the order of age: what has expired is at the front.
  const places = new Map<string, Place & { readonly storedAt: number }>()
  const keyOf = (event: NewEvent): string => `${event.source}\0${event.tenant ?? ''}\0${event.id}`
  return {
    find(event) {
      for (const [key, place] of places) {
        if (clock.now() - place.storedAt < windowMs) break
        places.delete(key)
      }
      const place = places.get(keyOf(event))
      return place && { partition: place.partition, position: place.position }
    },
    add(event, place) {
      places.set(keyOf(event), { ...place, storedAt: clock.now() })
    },
  }
}

function statsOf(partitions: readonly Partition[], consumers: ReadonlyMap<string, StoredConsumer>): BufferStats {
  const events = partitions.reduce((sum, { log }) => sum + log.length, 0)
  const bytes = partitions.reduce(
    (sum, { log }) => sum + log.reduce((logBytes, event) => logBytes + event.body.byteLength, 0),
    0,
  )
  return {
    events,
    bytes,
    lost: 0,
    consumers: [...consumers].map(([name, consumer]) => ({
      name,
      backlog: events - consumer.cursors.reduce((sum, cursor) => sum + cursor.lowWater + cursor.done.size, 0),
      deadLetters: consumer.deadLetters.length,
    })),
  }
}

function positionOf(sequence: number): Position {
  return String(sequence).padStart(POSITION_DIGITS, '0')
}

function sequenceOf(position: Position): number {
  return Number(position)
}

// FNV-1a, 32 bit: the same key goes to the same partition in every process.
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}
