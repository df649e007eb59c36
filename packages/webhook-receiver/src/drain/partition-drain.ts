import { type Clock, type Emitter, InvalidOptionsError, type Random } from '@holdfast/core'
import type {
  Consumer,
  CursorState,
  Lease,
  LogEntry,
  Position,
  RetryState,
  StoredEvent,
} from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { BufferPatience } from './buffer-patience.ts'
import { deliveredEvent } from './delivered-event.ts'
import { type Delivery, type DeliveryHome, type DeliveryState, states } from './delivery.ts'
import type { ResolvedDestination } from './destination-options.ts'
import type { Dispatcher } from './dispatcher.ts'
import { hintedDelayMs, staleLease } from './failure.ts'
import { createLanes } from './lanes.ts'
import { createLeaseKeeper } from './lease-keeper.ts'
import { type LogReader, startLogReader } from './log-reader.ts'
import { createOutcomeWriter } from './outcome-writer.ts'
import { retryDelayMs } from './retry-delay.ts'
import { createWindow, type WindowLimits } from './window.ts'

/** What the partitions of a drain share. */
export interface DrainContext {
  readonly name: string
  readonly destination: ResolvedDestination
  readonly consumer: Consumer
  readonly dispatcher: Dispatcher
  readonly patience: BufferPatience
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
  /** Events in the window that are not done. */
  readonly inWindow: number
  /** Whether everything that is in the log is done. */
  readonly idle: boolean
  /**
   * Goes on under another lease for the same partition. `askedAtMs`: monotonic time before it was asked for. False: somebody
   * else had it in between, and this one is over.
   */
  adopt(lease: Lease, askedAtMs: number): boolean
  /** Resolves when all that is in the log now is done. `backlog`: an upper bound of how much that is. */
  caughtUp(backlog: number): Promise<void>
  /** Reads and repeats nothing any more. Handlers may finish. */
  quit(): void
  /** Resolves when the outcomes known so far are written, or cannot be. Only after `quit`. */
  flushed(): Promise<void>
  /** Gives the lease back. Only after `flushed`. */
  release(): Promise<void>
}

// Rough size of an event without its body: ids, headers, bookkeeping.
const EVENT_OVERHEAD_BYTES = 512

/** Starts draining a partition. `askedAtMs`: monotonic time before its lease was asked for. */
export function startPartitionDrain(context: DrainContext, lease: Lease, askedAtMs: number): PartitionDrain {
  const { name, destination, consumer, dispatcher, patience, clock, random, events, counts } = context
  const quitting = new AbortController()
  const window = createWindow(context.limits)
  const lanes = createLanes()
  const backOffs = new Set<() => void>()
  // What could not start in its turn, because the lease was unsure or acks could not be written.
  let heldBack: Delivery[] = []
  let over = false

  const offerHeldBack = (): void => {
    const deliveries = heldBack
    heldBack = []
    for (const delivery of deliveries) dispatcher.offer(delivery)
  }

  const lose = (reason: unknown): void => {
    if (over) return
    over = true
    quit()
    keeper.stop()
    dispatcher.breakOff(reason, home)
    window.close()
    context.lost(keeper.lease.partition)
  }

  const quit = (): void => {
    quitting.abort()
    window.wake()
    for (const cancel of backOffs) cancel()
    backOffs.clear()
  }

  // What earlier runs left, until the log is read that far.
  let doneBefore = new Set<Position>()
  let retryBefore = new Map<Position, RetryState>()

  const remember = (cursor: CursorState): void => {
    doneBefore = new Set(cursor.done)
    retryBefore = new Map(cursor.retry.map((state) => [state.position, state]))
  }

  const admit = (entry: LogEntry): void => {
    if (entry.kind === 'hole') {
      if (events.has('buffer:lost')) events.emit('buffer:lost', entry.hole)
      return
    }
    const { event } = entry
    const isDone = doneBefore.delete(event.position)
    const place = window.enter(event.body.byteLength + EVENT_OVERHEAD_BYTES, isDone)
    if (isDone) return
    const retry = retryBefore.get(event.position)
    if (retry !== undefined) retryBefore.delete(event.position)
    const delivery: Delivery = {
      home,
      place,
      event,
      ...keyOf(event),
      attempts: retry?.attempts ?? 0,
      resumeAt: retry?.nextAt ?? 0,
      state: states.queued,
      behind: undefined,
    }
    if (lanes.join(delivery)) lead(delivery)
  }

  const keyOf = (event: StoredEvent): Pick<Delivery, 'key' | 'keyError'> => {
    if (destination.orderingKey === undefined) return { key: '', keyError: undefined }
    try {
      const key: unknown = destination.orderingKey(deliveredEvent(event)) ?? undefined
      if (key === undefined || typeof key === 'string') return { key, keyError: undefined }
      // A promise or an object equals no other: every event would be a key of its own, and order silently gone.
      throw new InvalidOptionsError({
        path: `destinations.${name}.orderingKey`,
        expected: 'a function that returns a string, `undefined` or `null`',
        received: undefined,
        receivedText: `one that returned a value of type ${typeof key}`,
      })
    } catch (error) {
      return { key: undefined, keyError: { error } }
    }
  }

  /** Gives the new head of a lane its turn. */
  const lead = (delivery: Delivery): void => {
    // Cut to the longest wait there is: the wall clock may have been set since the time was written.
    const waitMs = delivery.resumeAt === 0 ? 0 : Math.min(delivery.resumeAt - clock.now(), destination.maxDelayMs)
    if (waitMs > 0) backOff(delivery, waitMs)
    else dispatcher.offer(delivery)
  }

  const backOff = (delivery: Delivery, waitMs: number): void => {
    delivery.state = states.backingOff
    if (quitting.signal.aborted) return
    const cancel = clock.schedule(Math.max(0, waitMs), () => {
      backOffs.delete(cancel)
      delivery.state = states.queued
      dispatcher.offer(delivery)
    })
    backOffs.add(cancel)
  }

  const home: DeliveryHome = {
    admits(delivery) {
      if (over) return false
      if (!writer.failing && keeper.isSafe()) return true
      heldBack.push(delivery)
      return false
    },
    succeeded(delivery, durationMs) {
      end(delivery, { kind: 'acking', durationMs })
    },
    failed(delivery, error, durationMs) {
      delivery.attempts += 1
      if (delivery.attempts >= destination.maxAttempts) {
        end(delivery, { kind: 'burying', error, at: clock.now() })
        return
      }
      const hintMs = Math.min(hintedDelayMs(error), destination.maxDelayMs)
      const delayMs = Math.max(retryDelayMs(delivery.attempts, destination, random), hintMs)
      const failedAtMs = clock.monotonicMs()
      end(delivery, { kind: 'saving', error, durationMs, delayMs, failedAtMs, nextAt: clock.now() + delayMs })
    },
  }

  const end = (delivery: Delivery, state: DeliveryState): void => {
    delivery.state = state
    writer.add(delivery)
  }

  const written = (delivery: Delivery): void => {
    const { state, attempts } = delivery
    switch (state.kind) {
      case 'acking':
        counts.delivered += 1
        if (events.has('delivery:succeeded'))
          events.emit('delivery:succeeded', { ...facts(delivery), attempt: attempts + 1, durationMs: state.durationMs })
        finish(delivery)
        return
      case 'saving': {
        counts.retried += 1
        const { durationMs, delayMs, error } = state
        if (events.has('delivery:retried'))
          events.emit('delivery:retried', { ...facts(delivery), attempt: attempts, durationMs, delayMs, error })
        backOff(delivery, delayMs - (clock.monotonicMs() - state.failedAtMs))
        return
      }
      case 'burying':
        counts.deadLettered += 1
        if (events.has('delivery:dead-lettered'))
          events.emit('delivery:dead-lettered', { ...facts(delivery), attempt: attempts, error: state.error })
        finish(delivery)
        return
      case 'queued':
      case 'running':
      case 'backing-off':
      case 'done':
        throw new Error(`A delivery that is ${state.kind} has nothing to write.`)
    }
  }

  const facts = ({ event }: Delivery): { destination: string; source: string; id: string; position: Position } => ({
    destination: name,
    source: event.source,
    id: event.id,
    position: event.position,
  })

  const finish = (delivery: Delivery): void => {
    delivery.state = states.done
    window.leave(delivery.place)
    const next = lanes.leave(delivery)
    if (next !== undefined) lead(next)
  }

  const changed = (): void => {
    window.trim()
    context.changed()
  }

  const keeper = createLeaseKeeper({
    consumer,
    lease,
    askedAtMs,
    leaseMs: context.leaseMs,
    clock,
    onSafe: offerHeldBack,
    onLost: lose,
    onFailure: (error, retryInMs) => patience.report(error, retryInMs),
  })
  const writer = createOutcomeWriter({
    consumer,
    lease: () => keeper.lease,
    patience,
    signal: quitting.signal,
    onWritten: written,
    onBatch: changed,
    onRecovered: offerHeldBack,
    onLost: lose,
  })
  const reader: LogReader = startLogReader({
    consumer,
    lease: () => keeper.lease,
    window,
    patience,
    signal: quitting.signal,
    onCursor: remember,
    onEntry: admit,
    onRead: changed,
    onLost: lose,
  })

  return {
    get inWindow() {
      return window.open
    },
    get idle() {
      return reader.atEnd && window.open === 0
    },
    adopt(next, nextAskedAtMs) {
      // One change is ours. With another before it the cursor may have moved, and what was read here is out of date.
      if (next.epoch > keeper.lease.epoch + 1) {
        lose(staleLease(next.partition))
        return false
      }
      keeper.adopt(next, nextAskedAtMs)
      offerHeldBack()
      return true
    },
    caughtUp(backlog) {
      const caughtUp = window.caughtUp(backlog)
      reader.lookAgain()
      return caughtUp
    },
    quit,
    async flushed() {
      await reader.ended
      await writer.flushed()
    },
    async release() {
      over = true
      keeper.stop()
      await consumer.release(keeper.lease)
    },
  }
}
