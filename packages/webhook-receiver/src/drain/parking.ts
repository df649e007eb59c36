import type {
  Consumer,
  FailureInfo,
  Hole,
  Lease,
  ParkedEntry,
  ParkedEvent,
  ParkedLane,
  Position,
} from '../buffer/event-buffer.ts'
import type { BufferPatience } from './buffer-patience.ts'
import { type Delivery, type Lane, type ParkedPart, states, windowLeads } from './delivery.ts'
import { isStaleLease } from './failure.ts'
import { createFifo } from './fifo.ts'
import type { Lanes } from './lanes.ts'
import type { Waits } from './waits.ts'
import { createParkedParts, type ParkedTotals } from './parked-parts.ts'

// What is read of a lane at once, while it gets on.
const READ_EVENTS = 32
const READ_BYTES = 1024 * 1024

/** What is parked of one partition: it waits there, and is delivered from there. */
export interface Parking {
  /** Whether nothing is parked but what is blocked. */
  readonly isIdle: boolean
  /** Learns which lanes the buffer has; called again after somebody changed what is parked. */
  learn(lanes: readonly ParkedLane[]): void
  /** Events were parked, at the end of what is parked of their lane. */
  add(lane: Lane, delivery: Delivery, blocked?: FailureInfo): void
  /** The first event of the lane is done, or among the dead letters. */
  next(delivery: Delivery): void
  /** The first event of the lane failed, and waits. */
  backOff(delivery: Delivery, waitMs: number): void
  /** The first event of the lane was given up, and its lane is blocked. */
  blocked(delivery: Delivery, why: FailureInfo): void
  /** What is in the window of this lane is not at work any more: it is the turn of what is parked. */
  wake(lane: Lane): void
  /** The first event of the lane is among the dead letters, and what else is parked of it shall follow. */
  condemn(lane: Lane): void
  /** Has the first event of a blocked lane tried again. False: it is not blocked. */
  resume(lane: Lane): Promise<boolean>
  /** Resolves when nothing is parked in lanes that are not blocked, or the partition stops. */
  emptied(): Promise<void>
  /** The log was read on: what waited for that goes on. */
  readOn(): void
  /** Ends all waits. */
  stop(): void
  /** Resolves when nothing is being read. Only after `stop`. */
  ended(): Promise<void>
}

/** Makes the parking of one partition. */
export function createParking(options: {
  readonly consumer: Consumer
  readonly lease: () => Lease
  readonly lanes: Lanes
  readonly totals: ParkedTotals
  readonly patience: BufferPatience
  readonly signal: AbortSignal
  /** Whether the log is read as far as this position: whatever comes before it and is not done is known. */
  readonly isRead: (position: Position) => boolean
  /** Memory for events that were read, over all lanes. */
  readonly limits: { readonly records: number; readonly bytes: number }
  readonly waits: Waits
  readonly deliveryOf: (parked: ParkedEvent, lane: Lane) => Delivery
  /** An event is the first of its lane, and may be delivered. */
  readonly onReady: (delivery: Delivery) => void
  readonly onHole: (hole: Hole) => void
  /** The first event of the lane is in the window, and it is its turn. */
  readonly onOvertaken: (lane: Lane) => void
  /** An event that was given up before came to the front of its lane. */
  readonly onBlocked: () => void
  /** Nothing of the lane is parked any more. */
  readonly onEmpty: (lane: Lane) => void
  readonly onLost: (reason: unknown) => void
}): Parking {
  const { consumer, lease, lanes, patience, signal, limits, waits, deliveryOf, onReady, isRead } = options
  const tries = patience.tries()
  const toLoad = createFifo<Lane>()
  // Lanes that wait until the log is read as far as their first event.
  const unread = new Set<Lane>()
  const parts = createParkedParts(options.totals)
  let loading: Promise<void> | undefined
  let loadedEvents = 0
  let loadedBytes = 0

  const hold = (part: ParkedPart, deliveries: Delivery[]): void => {
    for (const { event } of part.loaded) loadedBytes -= event.body.byteLength
    for (const { event } of deliveries) loadedBytes += event.body.byteLength
    loadedEvents += deliveries.length - part.loaded.length
    part.loaded = deliveries
  }

  /** Whether something comes before the first event that is parked, or may; the part waits then. */
  const mustWait = (lane: Lane, part: ParkedPart): boolean => {
    const isOvertaken = windowLeads(lane)
    // An event without a key is ordered with nothing.
    if (!isOvertaken && (lane.key === undefined || isRead(part.first))) return false
    hold(part, [])
    parts.enter(part, 'waiting')
    if (isOvertaken) options.onOvertaken(lane)
    else unread.add(lane)
    return true
  }

  const lead = (lane: Lane): void => {
    const part = parts.of(lane)
    hold(part, [])
    if (mustWait(lane, part)) return
    parts.enter(part, 'loading')
    toLoad.push(lane)
    load()
  }

  const leadIn = (lane: Lane, waitMs: number): void => {
    const part = parts.of(lane)
    parts.enter(part, 'waiting')
    if (waitMs > 0) part.cancelWait = waits.after(waitMs, () => lead(lane))
    else lead(lane)
  }

  const wake = (lane: Lane): void => {
    const part = lane.parked
    if (part?.phase === 'waiting' && part.cancelWait === undefined) lead(lane)
  }

  const load = (): void => {
    loading ??= Promise.resolve()
      .then(loadAll)
      .finally(() => {
        loading = undefined
        if (mayLoad()) load()
      })
  }

  const mayLoad = (): boolean =>
    toLoad.size > 0 && !signal.aborted && loadedEvents < limits.records && loadedBytes < limits.bytes

  const loadAll = async (): Promise<void> => {
    while (mayLoad()) {
      const lane = toLoad.peek() as Lane
      try {
        const part = lane.parked
        if (part?.phase === 'loading') {
          part.isStale = false
          take(lane, part, await consumer.readParked(lease(), lane.name, { limit: READ_EVENTS, maxBytes: READ_BYTES }))
        }
        tries.worked()
        toLoad.shift()
      } catch (error) {
        if (isStaleLease(error)) options.onLost(error)
        else await tries.wait(error, signal)
      }
    }
  }

  const take = (lane: Lane, part: ParkedPart, entries: readonly ParkedEntry[]): void => {
    if (signal.aborted) return
    if (part.isStale) {
      lead(lane)
      return
    }
    const events: ParkedEvent[] = []
    for (const entry of entries) {
      if (entry.kind === 'event') events.push(entry.parked)
      else {
        parts.grow(part, -entry.hole.lost, 0)
        options.onHole(entry.hole)
      }
    }
    const [first] = events
    if (first === undefined) {
      if (entries.length === 0) empty(lane)
      else lead(lane)
      return
    }
    part.first = first.event.position
    if (mustWait(lane, part)) return
    if (first.blocked !== undefined && !part.isCondemned) {
      parts.enter(part, 'blocked', first.blocked)
      options.onBlocked()
      return
    }
    const waitMs = part.isCondemned ? 0 : waits.untilMs(first.nextAt)
    if (waitMs > 0) {
      leadIn(lane, waitMs)
      return
    }
    // One that is blocked comes to the front by itself.
    const end = part.isCondemned ? -1 : events.findIndex(({ blocked }) => blocked !== undefined)
    hold(
      part,
      events.slice(0, end === -1 ? undefined : end).map((parked) => deliveryOf(parked, lane)),
    )
    parts.enter(part, 'loaded')
    ready(part)
  }

  /** Hands the first one on, or all of them when none of them is to be tried. */
  const ready = (part: ParkedPart): void => {
    for (const delivery of part.isCondemned ? part.loaded.slice() : part.loaded.slice(0, 1)) onReady(delivery)
  }

  const empty = (lane: Lane): void => {
    parts.remove(lane)
    options.onEmpty(lane)
  }

  /** Something may have come between what is in memory, or before it. It is read again, after what is at work. */
  const outdate = (lane: Lane, part: ParkedPart, head: Position): void => {
    const [first] = part.loaded
    part.isStale = true
    // What is still the first keeps its place in line.
    if (part.phase === 'loading' || part.isCondemned || first?.state.kind !== 'queued' || head >= first.event.position)
      return
    first.state = states.done
    lead(lane)
  }

  const learn = (found: readonly ParkedLane[]): void => {
    // The partition may have gone while they were asked for; then nobody would take them from the sums again.
    if (signal.aborted) return
    for (const { lane: name, events, bytes, head } of found) {
      const lane = lanes.named(name)
      const part = parts.with(lane, head.position)
      parts.grow(part, events - part.events, bytes - part.bytes)
      if (part.phase === 'loaded' || part.phase === 'loading') outdate(lane, part, head.position)
      else if (head.blocked !== undefined) parts.enter(part, 'blocked', head.blocked)
      // What is at work in the window ends first; then it is the turn of what is parked.
      else if (isAtWork(lane) || windowLeads(lane)) parts.enter(part, 'waiting')
      else leadIn(lane, waits.untilMs(head.nextAt))
    }
  }

  return {
    get isIdle() {
      return parts.isIdle
    },
    learn,
    add(lane, delivery, blocked) {
      if (signal.aborted) return
      const isFirst = windowLeads(lane)
      const part = parts.with(lane, delivery.event.position)
      parts.grow(part, 1, delivery.event.body.byteLength)
      if (isInLoad(part, delivery.event.position)) part.isStale = true
      else if (!isFirst) wake(lane)
      else if (blocked !== undefined) parts.enter(part, 'blocked', blocked)
      else leadIn(lane, waits.untilMs(delivery.resumeAt))
    },
    next(delivery) {
      const lane = lanes.laneOf(delivery)
      const part = parts.of(lane)
      // Whatever else is loaded is read again where something may have come before it.
      const isOver = part.isStale && !part.isCondemned
      hold(part, isOver ? [] : part.loaded.filter((other) => other !== delivery))
      parts.grow(part, -1, -delivery.event.body.byteLength)
      const [following] = part.loaded
      if (following === undefined) lead(lane)
      else if (!part.isCondemned) {
        part.first = following.event.position
        if (!mustWait(lane, part)) ready(part)
      }
      if (mayLoad()) load()
    },
    backOff(delivery, waitMs) {
      const lane = lanes.laneOf(delivery)
      const part = parts.of(lane)
      // Nothing of it stays in memory meanwhile.
      hold(part, [])
      // What may have come before it does not wait for it.
      leadIn(lane, part.isStale ? 0 : waitMs)
      if (mayLoad()) load()
    },
    blocked(delivery, why) {
      if (signal.aborted) return
      const lane = lanes.laneOf(delivery)
      const part = parts.of(lane)
      hold(part, [])
      if (part.isStale) lead(lane)
      else parts.enter(part, 'blocked', why)
      if (mayLoad()) load()
    },
    wake,
    condemn(lane) {
      if (lane.parked === undefined || lane.parked.isCondemned) return
      lane.parked.isCondemned = true
      // The others are handed on when they are read again.
      hold(
        lane.parked,
        lane.parked.loaded.filter(({ state }) => state.kind === 'burying'),
      )
    },
    async resume(lane) {
      if (lane.parked?.phase !== 'blocked') return false
      const found = await consumer.parkedLanes(lease())
      const head = found.find(({ lane: name }) => name === lane.name)?.head
      if (head === undefined) return false
      // Where it is not blocked it was resumed before, and what followed failed.
      if (head.blocked !== undefined)
        await consumer.commit(lease(), { retry: [{ position: head.position, attempts: 0, nextAt: 0 }] })
      learn(head.blocked === undefined ? found : await consumer.parkedLanes(lease()))
      return true
    },
    emptied: () => parts.idle(),
    readOn() {
      for (const lane of unread) {
        if (lane.parked !== undefined && !isRead(lane.parked.first)) continue
        unread.delete(lane)
        wake(lane)
      }
    },
    stop: () => parts.stop(),
    async ended() {
      await loading
    },
  }
}

/** Whether what is in memory of a part, or on its way there, may lack an event at this position. */
function isInLoad({ phase, loaded }: ParkedPart, position: Position): boolean {
  const last = loaded.at(-1)
  return phase === 'loading' || (phase === 'loaded' && last !== undefined && position < last.event.position)
}

/** Whether the first delivery of the lane that is in the window has begun, and is not done. */
function isAtWork({ head }: Lane): boolean {
  return head !== undefined && head.state.kind !== 'queued' && head.state.kind !== 'backing-off'
}
