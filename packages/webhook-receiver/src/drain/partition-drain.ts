import type { Clock, Emitter, Random } from '@holdfast/core'
import type {
  Consumer,
  CursorDelta,
  Lease,
  LogEntry,
  Position,
  RetryState,
  StoredEvent,
} from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import { deliveredEvent } from './delivered-event.ts'
import {
  type Delivery,
  type DeliveryHome,
  type DeliveryState,
  done,
  type Lane,
  type Place,
  queued,
} from './delivery.ts'
import type { ResolvedDestination } from './destination-options.ts'
import type { Dispatcher } from './dispatcher.ts'
import { failureInfo, hintedDelayMs, isStaleLease, staleLease } from './failure.ts'
import { createFifo } from './fifo.ts'
import { retryDelayMs } from './retry-delay.ts'

/** How far a partition is read ahead. A destination that cannot keep up costs this much memory and no more. */
export interface WindowLimits {
  /** Log entries from the oldest that is not done to the newest that was read. Bounds what a cursor must remember, too. */
  readonly records: number
  /** Bytes of events that are not done. */
  readonly bytes: number
}

/** What the partitions of a drain share. */
export interface DrainContext {
  readonly name: string
  readonly destination: ResolvedDestination
  readonly consumer: Consumer
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ReceiverEventMap>
  readonly limits: WindowLimits
  readonly leaseMs: number
  readonly counts: { delivered: number; retried: number; deadLettered: number }
  /** After the window was filled or emptied, or the end of the log was reached. */
  changed(): void
  /** After a partition went to somebody else. It is over by then. */
  lost(partition: number): void
}

/** The draining of one leased partition. */
export interface PartitionDrain {
  readonly lease: Lease
  /** Events in the window that are not done. */
  readonly inWindow: number
  /** Whether everything that is in the log is done. */
  readonly idle: boolean
  start(): void
  /** Goes on under another lease for the same partition. `takenAtMs`: monotonic time before it was asked for. */
  adopt(lease: Lease, takenAtMs: number): void
  /** Resolves when all that is in the log now is done. `backlog`: an upper bound of how much that is. */
  caughtUp(backlog: number): Promise<void>
  /** Reads and repeats nothing any more. Handlers may finish. */
  quit(): void
  /** Resolves when the outcomes known so far are written, or cannot be. Only after `quit`. */
  flushed(): Promise<void>
  /** Gives the lease back. Only after `flushed`. */
  release(): Promise<void>
}

const READ_LIMIT = 1024
const LONG_POLL_MS = 20_000
// Rough size of an event without its body: ids, headers, bookkeeping.
const EVENT_OVERHEAD_BYTES = 512
const BUFFER_RETRY = { baseDelayMs: 250, maxDelayMs: 30_000 } as const

/** A moment up to which somebody waits for everything to be done. */
interface Mark {
  /** Events still to be read before the mark is surely passed; an empty read settles it sooner. */
  toRead: number
  /** Number of the last place that belongs to it; `undefined` while the end is not found. */
  until: number | undefined
  readonly resolve: () => void
}

/** Makes the drain of one partition. `takenAtMs`: monotonic time before the lease was asked for. */
export function createPartitionDrain(context: DrainContext, firstLease: Lease, takenAtMs: number): PartitionDrain {
  const { name, destination, consumer, dispatcher, clock, random, events, limits, leaseMs, counts } = context
  const quitting = new AbortController()
  let lease = firstLease
  let safeUntilMs = Infinity
  let over = false

  // The window: what is read and not done, in the order of the log, and per key.
  const window = createFifo<Place>()
  const lanes = new Map<string, Lane>()
  let placesPushed = 0
  let inWindow = 0
  let bytesInWindow = 0
  const backOffs = new Set<() => void>()
  // What could not be started when its turn came, because the lease was unsure or acks could not be written.
  let heldBack: Delivery[] = []

  // Reading.
  let after: Position | null = null
  let doneBefore = new Set<Position>()
  let retryBefore = new Map<Position, { readonly attempts: number; readonly nextAt: number }>()
  let reader: Promise<void> | undefined
  let atEnd = false
  let longPoll: AbortController | undefined
  let onRoom: (() => void) | undefined
  let marks: Mark[] = []

  // Writing.
  let unwritten: Delivery[] = []
  let writer: Promise<void> | undefined
  let writeFails = false
  let cancelRenewal: (() => void) | undefined

  /** Reports that the buffer failed and waits. Returns at once when the drain quits. */
  const waitForBuffer = async (error: unknown, failures: number): Promise<void> => {
    const retryInMs = retryDelayMs(failures, BUFFER_RETRY, random)
    if (events.has('drain:failed')) events.emit('drain:failed', { destination: name, error, retryInMs })
    try {
      await clock.sleep(retryInMs, quitting.signal)
    } catch {
      // The drain quits; whoever waits looks at `quitting` next.
    }
  }

  const lose = (reason: unknown): void => {
    if (over) return
    over = true
    quit()
    dispatcher.breakOff(reason, home)
    resolveMarks()
    context.lost(lease.partition)
  }

  // ---- Reading -----------------------------------------------------------------------------------------------------------

  const hasRoom = (): boolean => window.size < limits.records && bytesInWindow < limits.bytes

  const loadCursor = async (): Promise<void> => {
    for (let failures = 1; !quitting.signal.aborted; failures++) {
      try {
        const cursor = await consumer.load(lease)
        after = cursor.lowWater
        doneBefore = new Set(cursor.done)
        retryBefore = new Map(cursor.retry.map((state) => [state.position, state]))
        return
      } catch (error) {
        if (isStaleLease(error)) lose(error)
        else await waitForBuffer(error, failures)
      }
    }
  }

  const readOn = async (): Promise<void> => {
    await loadCursor()
    let failures = 0
    while (!quitting.signal.aborted) {
      if (!hasRoom()) {
        await new Promise<void>((resolve) => {
          onRoom = resolve
        })
        continue
      }
      const open = marks.filter((mark) => mark.until === undefined)
      const waitMs = atEnd && open.length === 0 ? LONG_POLL_MS : 0
      const poll = new AbortController()
      if (waitMs > 0) longPoll = poll
      try {
        const entries = await consumer.read(lease, after, {
          limit: Math.min(READ_LIMIT, limits.records - window.size),
          maxBytes: limits.bytes - bytesInWindow,
          waitMs,
          signal: poll.signal,
        })
        failures = 0
        if (quitting.signal.aborted) return
        atEnd = entries.length === 0
        for (const entry of entries) admit(entry)
        if (atEnd) for (const mark of open) reachMark(mark)
        trim()
        context.changed()
      } catch (error) {
        if (poll.signal.aborted) continue
        if (isStaleLease(error)) lose(error)
        else await waitForBuffer(error, ++failures)
      } finally {
        longPoll = undefined
      }
    }
  }

  const admit = (entry: LogEntry): void => {
    if (entry.kind === 'hole') {
      after = entry.hole.to
      if (events.has('buffer:lost')) events.emit('buffer:lost', entry.hole)
      return
    }
    const { event } = entry
    after = event.position
    placesPushed += 1
    // Done by an earlier run. It keeps its place, so that what a cursor must remember stays bounded across restarts.
    const place: Place = { done: doneBefore.delete(event.position) }
    window.push(place)
    if (place.done) return
    inWindow += 1
    bytesInWindow += sizeOf(event)
    enterLane(event, place)
    for (const mark of marks) {
      if (mark.until === undefined && --mark.toRead <= 0) reachMark(mark)
    }
  }

  const enterLane = (event: StoredEvent, place: Place): void => {
    const { key, keyError } = keyOf(event)
    let lane = key === undefined ? undefined : lanes.get(key)
    if (lane === undefined) {
      lane = { key, head: undefined, tail: undefined }
      if (key !== undefined) lanes.set(key, lane)
    }
    const retry = retryBefore.size === 0 ? undefined : retryBefore.get(event.position)
    if (retry !== undefined) retryBefore.delete(event.position)
    const delivery: Delivery = {
      home,
      place,
      event,
      lane,
      keyError,
      behind: undefined,
      attempts: retry?.attempts ?? 0,
      resumeAt: retry?.nextAt ?? 0,
      state: queued,
    }
    if (lane.tail === undefined) lane.head = delivery
    else lane.tail.behind = delivery
    lane.tail = delivery
    if (lane.head === delivery) becomeHead(delivery)
  }

  const keyOf = (event: StoredEvent): { key: string | undefined; keyError: Delivery['keyError'] } => {
    if (destination.orderingKey === undefined) return { key: '', keyError: undefined }
    try {
      return { key: destination.orderingKey(deliveredEvent(event)) ?? undefined, keyError: undefined }
    } catch (error) {
      return { key: undefined, keyError: { error } }
    }
  }

  // ---- Lanes -------------------------------------------------------------------------------------------------------------

  const becomeHead = (delivery: Delivery): void => {
    // The wait is cut to the longest there is: the wall clock may have been set since it was written.
    const waitMs = delivery.resumeAt === 0 ? 0 : Math.min(delivery.resumeAt - clock.now(), destination.maxDelayMs)
    if (waitMs > 0) backOff(delivery, waitMs)
    else dispatcher.offer(delivery)
  }

  const backOff = (delivery: Delivery, waitMs: number): void => {
    if (quitting.signal.aborted) return
    const cancel = clock.schedule(Math.max(0, waitMs), () => {
      backOffs.delete(cancel)
      delivery.state = queued
      dispatcher.offer(delivery)
    })
    backOffs.add(cancel)
    delivery.state = { kind: 'backing-off', cancel }
  }

  const finish = (delivery: Delivery): void => {
    delivery.state = done
    delivery.place.done = true
    inWindow -= 1
    bytesInWindow -= sizeOf(delivery.event)
    const { lane } = delivery
    lane.head = delivery.behind
    if (lane.head !== undefined) becomeHead(lane.head)
    else if (lane.key === undefined) lane.tail = undefined
    else lanes.delete(lane.key)
  }

  /** Lets go of the done places at the front of the window and tells whoever waits for that. */
  const trim = (): void => {
    while (window.peek()?.done === true) window.shift()
    const passed = placesPushed - window.size
    for (const mark of marks) if (mark.until !== undefined && mark.until <= passed) mark.resolve()
    marks = marks.filter((mark) => mark.until === undefined || mark.until > passed)
    // Reading on only when a quarter is free makes few large reads instead of many small ones.
    if (onRoom !== undefined && window.size <= limits.records * 0.75 && bytesInWindow <= limits.bytes * 0.75) {
      onRoom()
      onRoom = undefined
    }
  }

  const reachMark = (mark: Mark): void => {
    mark.until = placesPushed
  }

  const resolveMarks = (): void => {
    for (const mark of marks) mark.resolve()
    marks = []
  }

  const offerHeldBack = (): void => {
    const deliveries = heldBack
    heldBack = []
    for (const delivery of deliveries) dispatcher.offer(delivery)
  }

  const home: DeliveryHome = {
    admits(delivery) {
      if (over) return false
      if (!writeFails && (safeUntilMs === Infinity || clock.monotonicMs() < safeUntilMs)) return true
      heldBack.push(delivery)
      return false
    },
    succeeded(delivery, durationMs) {
      writeSoon(delivery, { kind: 'acking', durationMs })
    },
    failed(delivery, error, durationMs) {
      delivery.attempts += 1
      if (delivery.attempts >= destination.maxAttempts) {
        writeSoon(delivery, { kind: 'burying', error, durationMs, at: clock.now() })
        return
      }
      const delayMs = Math.max(
        retryDelayMs(delivery.attempts, destination, random),
        Math.min(hintedDelayMs(error), destination.maxDelayMs),
      )
      const failedAtMs = clock.monotonicMs()
      writeSoon(delivery, { kind: 'saving', error, durationMs, delayMs, failedAtMs, nextAt: clock.now() + delayMs })
    },
  }

  // ---- Writing -----------------------------------------------------------------------------------------------------------

  const writeSoon = (delivery: Delivery, state: DeliveryState): void => {
    delivery.state = state
    unwritten.push(delivery)
    // In a microtask: what ends together is written together. One write is in flight; what ends meanwhile shares the next.
    writer ??= Promise.resolve().then(write)
  }

  const write = async (): Promise<void> => {
    let failures = 0
    while (unwritten.length > 0 && !over) {
      const batch = unwritten
      unwritten = []
      const lastTry = quitting.signal.aborted
      try {
        await writeBatch(batch)
        failures = 0
        if (writeFails) {
          writeFails = false
          offerHeldBack()
        }
      } catch (error) {
        unwritten = [...batch.filter(isUnwritten), ...unwritten]
        writeFails = true
        if (isStaleLease(error)) lose(error)
        else if (lastTry) break
        else await waitForBuffer(error, ++failures)
      }
    }
    writer = undefined
  }

  const writeBatch = async (batch: readonly Delivery[]): Promise<void> => {
    const delta = deltaOf(batch)
    if (delta !== undefined) {
      await consumer.commit(lease, delta)
      for (const delivery of batch) written(delivery)
    }
    for (const delivery of batch) {
      if (delivery.state.kind !== 'burying') continue
      const { error, at } = delivery.state
      await consumer.deadLetter(lease, delivery.event, failureInfo(error, delivery.attempts, at))
      buried(delivery, error)
    }
    trim()
    context.changed()
  }

  const written = (delivery: Delivery): void => {
    const { state } = delivery
    if (state.kind === 'acking') {
      counts.delivered += 1
      if (events.has('delivery:succeeded'))
        events.emit('delivery:succeeded', { ...facts(delivery, delivery.attempts + 1), durationMs: state.durationMs })
      finish(delivery)
    } else if (state.kind === 'saving') {
      counts.retried += 1
      const { durationMs, delayMs, error, failedAtMs } = state
      if (events.has('delivery:retried'))
        events.emit('delivery:retried', { ...facts(delivery, delivery.attempts), durationMs, delayMs, error })
      backOff(delivery, delayMs - (clock.monotonicMs() - failedAtMs))
    }
  }

  const buried = (delivery: Delivery, error: unknown): void => {
    counts.deadLettered += 1
    if (events.has('delivery:dead-lettered'))
      events.emit('delivery:dead-lettered', { ...facts(delivery, delivery.attempts), error })
    finish(delivery)
  }

  const facts = ({ event }: Delivery, attempt: number) => ({
    destination: name,
    source: event.source,
    id: event.id,
    position: event.position,
    attempt,
  })

  // ---- Lease -------------------------------------------------------------------------------------------------------------

  const adopt = (next: Lease, askedAtMs: number): void => {
    lease = next
    cancelRenewal?.()
    if (next.expiresAt === Infinity) safeUntilMs = Infinity
    else prolonged(askedAtMs)
    offerHeldBack()
  }

  /** The lease holds for `leaseMs` from `askedAtMs` on. Measured here, because wall clocks of two machines differ. */
  const prolonged = (askedAtMs: number): void => {
    // A tenth is left for the clocks to differ in speed and for an ack that is on its way.
    safeUntilMs = askedAtMs + leaseMs * 0.9
    renewIn(leaseMs / 3)
  }

  const renewIn = (delayMs: number): void => {
    if (over) return
    cancelRenewal = clock.schedule(delayMs, () => void renew(), { background: true })
  }

  const renew = async (): Promise<void> => {
    const askedAtMs = clock.monotonicMs()
    const renewed = lease
    try {
      const held = await consumer.renew(renewed, leaseMs)
      if (over || lease !== renewed) return
      if (!held) {
        lose(staleLease(lease.partition))
        return
      }
      prolonged(askedAtMs)
      offerHeldBack()
    } catch (error) {
      if (over || lease !== renewed) return
      const retryInMs = leaseMs / 10
      if (events.has('drain:failed')) events.emit('drain:failed', { destination: name, error, retryInMs })
      renewIn(retryInMs)
    }
  }

  // ---- Life --------------------------------------------------------------------------------------------------------------

  const quit = (): void => {
    quitting.abort()
    longPoll?.abort()
    onRoom?.()
    onRoom = undefined
    for (const cancel of backOffs) cancel()
    backOffs.clear()
    if (over) cancelRenewal?.()
  }

  adopt(firstLease, takenAtMs)

  return {
    get lease() {
      return lease
    },
    get inWindow() {
      return inWindow
    },
    get idle() {
      return atEnd && inWindow === 0
    },
    start() {
      reader ??= readOn()
    },
    adopt,
    caughtUp(backlog) {
      return new Promise((resolve) => {
        if (over) {
          resolve()
          return
        }
        marks.push({ toRead: backlog, until: undefined, resolve })
        longPoll?.abort()
      })
    },
    quit,
    async flushed() {
      await reader
      await writer
    },
    async release() {
      over = true
      cancelRenewal?.()
      await consumer.release(lease)
    },
  }
}

function deltaOf(batch: readonly Delivery[]): CursorDelta | undefined {
  const acked: Position[] = []
  const retry: RetryState[] = []
  for (const { state, event, attempts } of batch) {
    if (state.kind === 'acking') acked.push(event.position)
    else if (state.kind === 'saving') retry.push({ position: event.position, attempts, nextAt: state.nextAt })
  }
  if (acked.length === 0 && retry.length === 0) return undefined
  return { ...(acked.length === 0 ? {} : { done: acked }), ...(retry.length === 0 ? {} : { retry }) }
}

function isUnwritten({ state }: Delivery): boolean {
  return state.kind === 'acking' || state.kind === 'saving' || state.kind === 'burying'
}

function sizeOf(event: StoredEvent): number {
  return event.body.byteLength + EVENT_OVERHEAD_BYTES
}
