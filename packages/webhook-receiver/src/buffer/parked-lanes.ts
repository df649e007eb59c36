import type { ParkedEvent, ParkedLane, Position } from './event-buffer.ts'

/** Parked events of one partition, lane by lane, each lane in the order of the log. */
export interface ParkedLanes {
  readonly size: number
  get(position: Position): ParkedEvent | undefined
  /** Adds an event, or replaces what is known of it. */
  put(event: ParkedEvent): void
  /** False: it was not there. */
  remove(position: Position): boolean
  inLane(lane: string): readonly ParkedEvent[]
  lanes(): ParkedLane[]
}

/** Makes empty lanes. */
export function createParkedLanes(): ParkedLanes {
  const lanes = new Map<string, ParkedEvent[]>()
  const laneOf = new Map<Position, string>()

  const placeIn = (events: readonly ParkedEvent[], position: Position): number => {
    // Most come in order, so the search begins at the end.
    const before = events.findLastIndex(({ event }) => event.position <= position)
    return events[before]?.event.position === position ? before : before + 1
  }

  const remove = (position: Position): boolean => {
    const lane = laneOf.get(position)
    const events = lane === undefined ? undefined : lanes.get(lane)
    if (lane === undefined || events === undefined) return false
    events.splice(placeIn(events, position), 1)
    laneOf.delete(position)
    if (events.length === 0) lanes.delete(lane)
    return true
  }

  return {
    get size() {
      return laneOf.size
    },
    get(position) {
      const lane = laneOf.get(position)
      return lane === undefined ? undefined : lanes.get(lane)?.find(({ event }) => event.position === position)
    },
    put(parked) {
      const { position } = parked.event
      remove(position)
      const events = lanes.get(parked.lane) ?? []
      events.splice(placeIn(events, position), 0, parked)
      lanes.set(parked.lane, events)
      laneOf.set(position, parked.lane)
    },
    remove,
    inLane: (lane) => lanes.get(lane)?.slice() ?? [],
    lanes: () => Array.from(lanes, ([lane, events]) => describe(lane, events)),
  }
}

function describe(lane: string, events: readonly ParkedEvent[]): ParkedLane {
  const [first] = events
  if (first === undefined) throw new Error('A lane without events is no lane.')
  const { attempts, nextAt, blocked } = first
  return {
    lane,
    events: events.length,
    bytes: events.reduce((sum, { event }) => sum + event.body.byteLength, 0),
    head: {
      position: first.event.position,
      attempts,
      nextAt,
      ...(blocked === undefined ? {} : { blocked }),
    },
  }
}
