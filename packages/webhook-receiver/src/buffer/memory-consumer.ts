import type { Clock } from '@holdfast/core'
import { positionOf, seqOf } from '../buffer-kit/position.ts'
import { BufferError } from './buffer-error.ts'
import type {
  Consumer,
  CursorState,
  DeadLetter,
  EventPlace,
  Lease,
  LogEntry,
  ParkedEvent,
  Position,
  RetryState,
  StoredEvent,
} from './event-buffer.ts'
import { createParkedLanes, type ParkedLanes } from './parked-lanes.ts'

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
  /** Dead letters that were redriven or purged. */
  takenBack: number
  /** Everything up to and including it is done. */
  lowWater: number
  /** What is done above `lowWater`. */
  readonly done: Set<number>
  readonly retry: Map<number, RetryState>
  readonly parked: ParkedLanes
  /** By sequence number, oldest first. */
  readonly deadLetters: Map<number, DeadLetter>
  epoch: number
  held: boolean
  expiresAt: number
  /** Who drains, until when; that of the first partition counts for all. */
  readonly present: Map<string, number>
}

/** What a memory buffer keeps of a consumer, open or closed: a cursor for each partition. */
export type StoredConsumer = readonly Cursor[]

/** Makes the cursor of a consumer that is through with everything up to `lowWater`. */
export function createCursor(lowWater: number): Cursor {
  return {
    takenBack: 0,
    lowWater,
    done: new Set(),
    retry: new Map(),
    parked: createParkedLanes(),
    deadLetters: new Map(),
    epoch: 0,
    held: false,
    expiresAt: 0,
    present: new Map(),
  }
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
    const cursor = stored[lease.partition]
    if (cursor === undefined || !cursor.held || cursor.epoch !== lease.epoch)
      throw new BufferError(
        'stale_lease',
        `Partition ${lease.partition} of consumer "${name}" belongs to somebody else now.`,
      )
    return cursor
  }

  const takeDeadLetters = (
    places: readonly EventPlace[],
    use: (cursor: Cursor, letter: DeadLetter) => void,
  ): number => {
    requireOpen()
    let taken = 0
    for (const { partition, position } of places) {
      const cursor = stored[partition]
      const letter = cursor?.deadLetters.get(seqOf(position))
      if (cursor === undefined || letter === undefined) continue
      use(cursor, letter)
      cursor.deadLetters.delete(seqOf(position))
      cursor.takenBack += 1
      taken += 1
    }
    return taken
  }

  return {
    name,
    async attend({ owner, leaseMs }) {
      requireOpen()
      const present = stored[0]?.present ?? new Map<string, number>()
      present.set(owner, clock.now() + leaseMs)
      for (const [name, until] of present) if (until <= clock.now()) present.delete(name)
      return [...present.keys()].toSorted()
    },
    async acquire({ leaseMs, max = Infinity }) {
      requireOpen()
      const leases: Lease[] = []
      for (const [partition, cursor] of stored.entries()) {
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
      if (partition.log.length <= seqOf(after) && waitMs > 0) {
        await waitForMore(partition, clock, waitMs, signal)
        requireOpen()
      }
      return readLog(partition, after, { limit, maxBytes })
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
        const sequence = seqOf(state.position)
        const parked = cursor.parked.get(state.position)
        if (parked !== undefined) cursor.parked.put(retried(parked, state))
        else if (!isDone(cursor, sequence)) cursor.retry.set(sequence, state)
      }
      for (const position of done) {
        if (!cursor.parked.remove(position)) markDone(cursor, seqOf(position))
      }
    },
    async park(lease, events) {
      const cursor = cursorOf(lease)
      for (const parked of events) {
        const sequence = seqOf(parked.event.position)
        const known = cursor.parked.get(parked.event.position) !== undefined
        if (!known && isDone(cursor, sequence)) continue
        cursor.parked.put(parked)
        markDone(cursor, sequence)
      }
    },
    async parkedLanes(lease) {
      return cursorOf(lease).parked.lanes()
    },
    async readParked(lease, lane, { limit, maxBytes }) {
      const events = upTo(cursorOf(lease).parked.inLane(lane), limit, maxBytes, ({ event }) => event)
      return events.map((parked) => ({ kind: 'event', parked }))
    },
    async deadLetter(lease, letters) {
      const cursor = cursorOf(lease)
      for (const letter of letters) {
        const { position } = letter.event
        const sequence = seqOf(position)
        if (!cursor.parked.remove(position) && isDone(cursor, sequence)) continue
        cursor.deadLetters.set(sequence, letter)
        markDone(cursor, sequence)
      }
    },
    async *deadLetters() {
      requireOpen()
      yield* stored
        .flatMap((cursor) => [...cursor.deadLetters.values()])
        .toSorted((left, right) => left.why.at - right.why.at)
    },
    async deadLanes(lease) {
      return [...new Set(Array.from(cursorOf(lease).deadLetters.values(), ({ lane }) => lane))]
    },
    asideMark: async (lease) => String(cursorOf(lease).takenBack),
    async redrive(places) {
      return takeDeadLetters(places, (cursor, { event, lane, redrives }) =>
        cursor.parked.put({ event, lane, redrives: redrives + 1, attempts: 0, nextAt: 0 }),
      )
    },
    async purge(places) {
      return takeDeadLetters(places, () => {})
    },
    async renew(lease, leaseMs) {
      requireOpen()
      const cursor = stored[lease.partition]
      if (cursor === undefined || !cursor.held || cursor.epoch !== lease.epoch) return false
      cursor.expiresAt = clock.now() + leaseMs
      return true
    },
    async release(lease) {
      requireOpen()
      const cursor = stored[lease.partition]
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

/** The event after another attempt. It is not blocked any more. */
function retried({ event, lane, redrives }: ParkedEvent, { attempts, nextAt }: RetryState): ParkedEvent {
  return { event, lane, redrives, attempts, nextAt }
}

/** What is behind `after`, as `EventBuffer.read` has it. */
export function readLog(
  { log }: Partition,
  after: Position | null,
  { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
): LogEntry[] {
  const start = seqOf(after)
  const events = upTo(log.slice(start, start + limit), limit, maxBytes, (event) => event)
  return events.map((event) => ({ kind: 'event', event }))
}

/** The first items, at most `limit`, up to the one that reaches `maxBytes`. */
function upTo<Item>(
  items: readonly Item[],
  limit: number,
  maxBytes: number,
  eventOf: (item: Item) => StoredEvent,
): Item[] {
  const taken: Item[] = []
  let bytes = 0
  for (const item of items) {
    if (taken.length >= limit) break
    bytes += eventOf(item).body.byteLength
    // The first one always comes, however large: otherwise it would block everything behind it for good.
    if (bytes > maxBytes && taken.length > 0) break
    taken.push(item)
  }
  return taken
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
