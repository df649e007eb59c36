import type { FailureInfo, Position } from '../buffer/event-buffer.ts'
import type { Lane, ParkedPart } from './delivery.ts'

/** How much is parked of a destination, over all partitions. */
export interface ParkedTotals {
  events: number
  bytes: number
  /** Lanes that wait for somebody. */
  blockedKeys: number
}

/** The parked parts of the lanes of one partition, and their sums. */
export interface ParkedParts {
  /** Whether there are none but blocked ones. */
  readonly isIdle: boolean
  /** The part of a lane that has one. */
  of(lane: Lane): ParkedPart
  /** The part of a lane, made if there is none, of which an event at `first` is now known. */
  with(lane: Lane, first: Position): ParkedPart
  grow(part: ParkedPart, events: number, bytes: number): void
  /** Changes the phase; a wait ends. */
  enter(part: ParkedPart, phase: ParkedPart['phase'], blocked?: FailureInfo): void
  /** Forgets a part that is empty. */
  remove(lane: Lane): void
  /** Resolves when it is idle, or stops. */
  idle(): Promise<void>
  /** Ends all waits and leaves the sums. */
  stop(): void
}

/** Makes the parts of a partition. `totals` are those of the destination. */
export function createParkedParts(totals: ParkedTotals): ParkedParts {
  const parts = new Map<Lane, ParkedPart>()
  let blocked = 0
  let waiters: (() => void)[] = []

  const isIdle = (): boolean => parts.size === blocked

  const release = (): void => {
    for (const resolve of waiters) resolve()
    waiters = []
  }

  const grow = (part: ParkedPart, events: number, bytes: number): void => {
    const before = { events: part.events, bytes: part.bytes }
    // That an event is lost, or was taken back, may become known late.
    part.events = Math.max(0, before.events + events)
    part.bytes = Math.max(0, before.bytes + bytes)
    totals.events += part.events - before.events
    totals.bytes += part.bytes - before.bytes
  }

  const enter: ParkedParts['enter'] = (part, phase, why) => {
    const more = Number(phase === 'blocked') - Number(part.phase === 'blocked')
    blocked += more
    totals.blockedKeys += more
    part.cancelWait?.()
    part.cancelWait = undefined
    part.phase = phase
    part.blocked = why
    if (isIdle()) release()
  }

  return {
    get isIdle() {
      return isIdle()
    },
    of(lane) {
      if (lane.parked === undefined) throw new Error('Nothing of this lane is parked.')
      return lane.parked
    },
    with(lane, first) {
      lane.parked ??= newPart(first)
      parts.set(lane, lane.parked)
      if (first < lane.parked.first) lane.parked.first = first
      return lane.parked
    },
    grow,
    enter,
    remove(lane) {
      const part = parts.get(lane)
      if (part === undefined) return
      enter(part, 'waiting')
      grow(part, -part.events, -part.bytes)
      lane.parked = undefined
      parts.delete(lane)
      if (isIdle()) release()
    },
    async idle() {
      if (!isIdle()) await new Promise<void>((resolve) => waiters.push(resolve))
    },
    stop() {
      for (const part of parts.values()) {
        enter(part, 'waiting')
        grow(part, -part.events, -part.bytes)
      }
      parts.clear()
      release()
    },
  }
}

function newPart(first: Position): ParkedPart {
  return {
    phase: 'waiting',
    events: 0,
    bytes: 0,
    first,
    loaded: [],
    cancelWait: undefined,
    blocked: undefined,
    isStale: false,
    isCondemned: false,
  }
}
