import {
  checkOptions,
  type Clock,
  clockObject,
  durationMs,
  integer,
  InvalidOptionsError,
  systemClock,
} from '@holdfast/core'
import { checkEvent } from '../buffer-kit/event-meta.ts'
import { createLifetime } from '../buffer-kit/lifetime.ts'
import { partitionOf, positionOf } from '../buffer-kit/position.ts'
import { BufferError } from './buffer-error.ts'
import type { AppendResult, BufferCaps, BufferStats, EventBuffer, NewEvent, Position } from './event-buffer.ts'
import {
  createCursor,
  createMemoryConsumer,
  createPartition,
  type Partition,
  readLog,
  type StoredConsumer,
} from './memory-consumer.ts'

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
    clock: clockObject,
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
    asideMarks: true,
  })
  const partitions = Array.from({ length: caps.partitions }, (_, index) => createPartition(index))
  const ids = createIdWindow(clock, caps.dedupeWindowMs)
  const cursors = new Map<string, StoredConsumer>()
  const lifetime = createLifetime()
  const requireOpen = (): void => lifetime.requireOpen()

  const partitionAt = (index: number): Partition => {
    const partition = partitions[index]
    if (partition !== undefined) return partition
    throw new InvalidOptionsError({
      path: 'partition',
      expected: `a partition from 0 to ${partitions.length - 1}`,
      received: index,
    })
  }

  const store = (event: NewEvent): AppendResult => {
    const known = ids.find(event)
    if (known !== undefined) return { status: 'duplicate', ...known }
    const partition = partitions[partitionOf(event.key ?? event.id, partitions.length)] as Partition
    const position = positionOf(partition.log.length + 1)
    partition.log.push({
      ...event,
      headers: event.headers.map(([name, value]) => [name, value] as const),
      // Not `slice`, which on Node's Buffer shares the bytes.
      body: new Uint8Array(event.body),
      partition: partition.index,
      position,
    })
    const place = { partition: partition.index, position }
    ids.add(event, place)
    return { status: 'appended', ...place }
  }

  return {
    caps,
    open: () => lifetime.open(async () => ({ durationMs: 0, scannedBytes: 0, tornBytes: 0, holes: [], lostAside: 0 })),
    async append(events) {
      requireOpen()
      for (const event of events) {
        checkEvent(event)
        if (event.body.byteLength > caps.maxEventBytes)
          throw new BufferError(
            'event_too_large',
            `The event has ${event.body.byteLength} bytes; the buffer takes up to ${caps.maxEventBytes}.`,
          )
      }
      const results = events.map(store)
      for (const partition of new Set(results.map((result) => result.partition))) partitions[partition]?.wake()
      return results
    },
    async openConsumer(name, { from = 'earliest' } = {}) {
      requireOpen()
      let consumer = cursors.get(name)
      if (consumer === undefined) {
        consumer = partitions.map((partition) => createCursor(from === 'earliest' ? 0 : partition.log.length))
        cursors.set(name, consumer)
      }
      return createMemoryConsumer({ name, stored: consumer, partitions, clock, requireOpen })
    },
    async removeConsumer(name) {
      requireOpen()
      for (const cursor of cursors.get(name) ?? []) cursor.held = false
      cursors.delete(name)
    },
    async read(partition, after, options) {
      requireOpen()
      return readLog(partitionAt(partition), after, options)
    },
    async positionBefore(partition, at) {
      requireOpen()
      const { log } = partitionAt(partition)
      const first = log.findIndex((event) => event.receivedAt >= at)
      const before = first === -1 ? log.at(-1) : log[first - 1]
      return before?.position ?? null
    },
    async stats() {
      requireOpen()
      return statsOf(partitions, cursors)
    },
    close: () =>
      lifetime.close(async () => {
        for (const consumer of cursors.values()) for (const cursor of consumer) cursor.held = false
        for (const partition of partitions) partition.wake()
      }),
  }
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
  // JSON keeps the parts apart whatever they contain, and an absent tenant from an empty one.
  const keyOf = ({ source, tenant, id }: NewEvent): string => JSON.stringify([source, tenant, id])
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
    consumers: [...consumers].map(([name, cursors]) => {
      const parked = cursors.reduce((sum, cursor) => sum + cursor.parked.size, 0)
      return {
        name,
        backlog: events + parked - cursors.reduce((sum, cursor) => sum + cursor.lowWater + cursor.done.size, 0),
        parked,
        deadLetters: cursors.reduce((sum, cursor) => sum + cursor.deadLetters.size, 0),
      }
    }),
  }
}
