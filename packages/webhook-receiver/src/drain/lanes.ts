import type { Position } from '../buffer/event-buffer.ts'
import { TransientMap } from '../buffer-kit/transient.ts'
import { type Delivery, type Lane, windowLeads } from './delivery.ts'

/** The lanes of one partition. A lane exists as long as something is in it. */
export interface Lanes {
  /** Puts a delivery at the end of its lane. True: it is the first of all in it. */
  join(delivery: Delivery): boolean
  /** Takes the head out of its lane. Returns the new head. */
  leave(head: Delivery): Delivery | undefined
  /** The lane of a delivery. One that is not ordered gets one of its own now. */
  laneOf(delivery: Delivery): Lane
  /** The lane of this name, which the buffer knows. */
  named(name: string): Lane
  /** Lets go of a lane that is empty. */
  forget(lane: Lane): void
  /** The lane of a key, if there is one. */
  find(key: string): Lane | undefined
}

/** Makes lanes for the keys of one partition. */
export function createLanes(): Lanes {
  const lanes = new TransientMap<string, Lane>()

  const named = (name: string, key: string | undefined): Lane => {
    let lane = lanes.get(name)
    if (lane === undefined) {
      lane = { name, key, head: undefined, last: undefined, parked: undefined }
      lanes.set(name, lane)
    }
    return lane
  }

  const append = (lane: Lane, delivery: Delivery): void => {
    delivery.lane = lane
    if (lane.last === undefined) lane.head = delivery
    else lane.last.behind = delivery
    lane.last = delivery
  }

  const forget = (lane: Lane): void => {
    if (lane.head === undefined && lane.parked === undefined) lanes.delete(lane.name)
  }

  return {
    join(delivery) {
      if (delivery.key === undefined) return true
      const lane = named(laneName(delivery.key, delivery.event.position), delivery.key)
      append(lane, delivery)
      return lane.head === delivery && windowLeads(lane)
    },
    leave(head) {
      const { lane } = head
      if (lane === undefined) return undefined
      lane.head = head.behind
      // A chain would keep what is done as long as the first of it.
      head.behind = undefined
      if (lane.head === undefined) {
        lane.last = undefined
        forget(lane)
      }
      return lane.head
    },
    laneOf(delivery) {
      if (delivery.lane === undefined)
        append(named(laneName(delivery.key, delivery.event.position), delivery.key), delivery)
      return delivery.lane as unknown as Lane
    },
    named: (name) => named(name, keyOfLane(name)),
    forget,
    find: (key) => lanes.get(laneName(key, '')),
  }
}

// No position begins with it, so that no key is taken for a single event.
const ESCAPED = '\0k'
// A text that was cut can end with one. Not every buffer can store it.
const HALF_OF_A_PAIR = /\p{Surrogate}/u
const HALVES_OF_PAIRS = /\p{Surrogate}/gu

/** The name of a key's lane in the buffer. An event that is not ordered has a lane of its own. */
export function laneName(key: string | undefined, position: Position): string {
  if (key === undefined) return `\0${position}`
  const name = HALF_OF_A_PAIR.test(key) ? key.replaceAll(HALVES_OF_PAIRS, '\ufffd') : key
  return name.charCodeAt(0) === 0 ? `${ESCAPED}${name}` : name
}

/** The key of a lane; `undefined`: it is for an event that is not ordered. */
export function keyOfLane(name: string): string | undefined {
  if (name.charCodeAt(0) !== 0) return name
  return name.startsWith(ESCAPED) ? name.slice(ESCAPED.length) : undefined
}
