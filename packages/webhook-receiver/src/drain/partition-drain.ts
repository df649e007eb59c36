import type { CursorState, Hole, Lease, LogEntry, Position, RetryState } from '../buffer/event-buffer.ts'
import { type Courses, createCourses } from './courses.ts'
import type { Delivery } from './delivery.ts'
import type { DrainContext } from './drain-context.ts'
import { staleLease } from './failure.ts'
import { createLeaseKeeper } from './lease-keeper.ts'
import { type LogReader, startLogReader } from './log-reader.ts'
import { createWindow } from './window.ts'

/** The draining of one leased partition. */
export interface PartitionDrain {
  /** Events in the window that are not done. */
  readonly inWindow: number
  /** Whether everything is done that is not blocked. */
  readonly idle: boolean
  /**
   * Goes on under another lease for the same partition. `askedAtMs`: monotonic time before it was asked for. False: somebody
   * else had it in between, and this one is over.
   */
  adopt(lease: Lease, askedAtMs: number): boolean
  /** Resolves when all that is in the log now is done. `backlog`: an upper bound of how much that is. */
  caughtUp(backlog: number): Promise<void>
  /** Looks at what is parked again, after somebody else changed it. */
  lookAside(): Promise<void>
  /** Has the first event of a blocked key tried again. False: the key is not blocked here. */
  resumeKey(key: string): Promise<boolean>
  /** Reads and repeats nothing any more. Handlers may finish. */
  quit(): void
  /** Resolves when the outcomes known so far are written, or cannot be. Only after `quit`. */
  flushed(): Promise<void>
  /** Gives the lease back. Only after `flushed`. */
  release(): Promise<void>
  /**
   * Gives the partition to somebody else: starts nothing any more, lets handlers finish for up to `graceMs`, aborts those that did not, writes
   * what is known and gives the lease back.
   */
  leave(graceMs: number): Promise<void>
}

// Rough size of an event without its body: ids, headers, bookkeeping.
const EVENT_OVERHEAD_BYTES = 512

/** Starts draining a partition. `askedAtMs`: monotonic time before its lease was asked for. */
export function startPartitionDrain(context: DrainContext, lease: Lease, askedAtMs: number): PartitionDrain {
  const { destination, consumer, dispatcher, patience, clock, events } = context
  const quitting = new AbortController()
  const window = createWindow(context.limits)
  // What could not start in its turn, because the lease was unsure or acks could not be written.
  let heldBack: Delivery[] = []
  let over = false
  let isLeaving = false

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
    dispatcher.breakOff(reason, courses.home)
    window.close()
    if (!isLeaving) context.lost(keeper.lease.partition)
  }

  const quit = (): void => {
    quitting.abort()
    window.wake()
    courses.quit()
  }

  // What earlier runs left, until the log is read that far.
  let doneBefore = new Set<Position>()
  let retryBefore = new Map<Position, RetryState>()

  // What `asideMark` was when the lanes were asked for. It is asked first, so that nothing goes unnoticed in between.
  let asideMark: string | undefined

  const learn = async (mark: string | undefined): Promise<void> => {
    await courses.learn()
    asideMark = mark
  }

  // How far the log is read, or known to be done.
  let reached: Position | null = null

  const remember = async (cursor: CursorState): Promise<void> => {
    reached = cursor.lowWater
    await learn(await context.asideMark(keeper.lease))
    doneBefore = new Set(cursor.done)
    retryBefore = new Map(cursor.retry.map((state) => [state.position, state]))
  }

  const tellHole = (hole: Hole): void => {
    if (events.has('buffer:lost')) events.emit('buffer:lost', hole)
  }

  const admit = (entry: LogEntry): void => {
    reached = entry.kind === 'event' ? entry.event.position : entry.hole.to
    if (entry.kind === 'hole') {
      tellHole(entry.hole)
      return
    }
    const { event } = entry
    const isDone = doneBefore.size > 0 && doneBefore.delete(event.position)
    const place = window.enter(event.body.byteLength + EVENT_OVERHEAD_BYTES, isDone)
    if (isDone) return
    const retry = retryBefore.size > 0 ? retryBefore.get(event.position) : undefined
    if (retry !== undefined) retryBefore.delete(event.position)
    courses.admit(event, place, retry)
  }

  const changed = (): void => {
    window.trim()
    noticePressure()
    courses.relieve()
    context.changed()
  }

  let isRelieving = false
  let progressAtRelief = -1
  /** The window needs room. While nothing gets on at all it does not: then not a key is in trouble, but the destination. */
  const noticePressure = (): void => {
    if (!window.isPressed) isRelieving = false
    else if (destination.orderingKey !== undefined && !isRelieving && context.progress() !== progressAtRelief) {
      isRelieving = true
      progressAtRelief = context.progress()
    }
  }

  const keeper = createLeaseKeeper({
    consumer,
    lease,
    askedAtMs,
    leaseMs: context.leaseMs,
    clock,
    onSafe: offerHeldBack,
    onLost: lose,
    // Several times before the lease ends.
    tries: patience.tries({ baseDelayMs: context.leaseMs / 10, maxDelayMs: context.leaseMs / 3 }),
  })
  const courses: Courses = createCourses({
    context,
    consumer,
    lease: () => keeper.lease,
    window,
    signal: quitting.signal,
    mayStart: (delivery) => {
      if (over || isLeaving) return false
      if (!courses.isFailing && keeper.isSafe()) return true
      heldBack.push(delivery)
      return false
    },
    isRead: (position) => reader.atEnd || (reached !== null && position <= reached),
    needsRoom: () => isRelieving && window.isPressed,
    onHole: tellHole,
    onChange: changed,
    onRecovered: offerHeldBack,
    onLost: lose,
  })
  const reader: LogReader = startLogReader({
    consumer,
    lease: () => keeper.lease,
    window,
    patience,
    clock,
    signal: quitting.signal,
    onCursor: remember,
    onEntry: admit,
    onRead: () => {
      courses.readOn()
      changed()
    },
    onPressed: changed,
    onLost: lose,
  })

  const flushed = async (): Promise<void> => {
    await reader.ended
    await courses.flushed()
  }

  const release = async (): Promise<void> => {
    over = true
    keeper.stop()
    await consumer.release(keeper.lease)
  }

  return {
    get inWindow() {
      return window.open
    },
    get idle() {
      return courses.isStuck || (reader.atEnd && window.open === 0 && courses.isAsideIdle)
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
    async caughtUp(backlog) {
      if (courses.isStuck) return
      const caughtUp = window.caughtUp(backlog)
      reader.lookAgain()
      await caughtUp
      await courses.emptiedAside()
    },
    async lookAside() {
      await reader.ready
      if (quitting.signal.aborted) return
      const mark = await context.asideMark(keeper.lease)
      if (mark === undefined || mark !== asideMark) await learn(mark)
    },
    async resumeKey(key) {
      await reader.ready
      return courses.resumeKey(key)
    },
    quit,
    flushed,
    release,
    async leave(graceMs) {
      isLeaving = true
      quit()
      await dispatcher.quietOf(courses.home, graceMs)
      dispatcher.breakOff(staleLease(keeper.lease.partition), courses.home)
      await flushed()
      window.close()
      await release()
    },
  }
}
