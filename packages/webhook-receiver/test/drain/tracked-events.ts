import type { Clock } from '@holdfast/core'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import type { Handler } from '../../src/receiver/destination-options.ts'
import type { Dice } from './dice.ts'
import { event as eventOf } from './drain-fixture.ts'
import type { RunLog } from './run-log.ts'

/** What is known of an event outside of the drain. */
export interface TrackedEvent {
  readonly id: string
  readonly key: string
  /** In the order of the log. */
  readonly number: number
  /** `between`: it is being taken back from the dead letters, and a drain may know it already or not yet. */
  fate: 'open' | 'done' | 'dead' | 'between'
  /** How often its handler still fails. */
  failuresLeft: number
  /** Where it is stored; known once it has started. */
  place?: string
}

export interface TrackedEvents {
  readonly all: readonly TrackedEvent[]
  of(id: string): TrackedEvent
  /** The one at a place, where it has started. */
  at(place: string): TrackedEvent | undefined
  /** Appends one event of the key. */
  append(buffer: EventBuffer, key: string, failuresLeft: number): Promise<void>
  /** Those that are neither done nor dead. */
  left(): TrackedEvent[]
  /** From now on nothing fails. */
  heal(): void
}

export function trackedEvents(): TrackedEvents {
  const all: TrackedEvent[] = []
  return {
    all,
    of(id) {
      const found = all.find((event) => event.id === id)
      if (found === undefined) throw new Error(`Nobody appended ${id}.`)
      return found
    },
    at: (place) => all.find((event) => event.place === place),
    async append(buffer, key, failuresLeft) {
      const number = all.length
      const id = `${key}${number}`
      // It may start before its append has resolved.
      all.push({ id, key, number, fate: 'open', failuresLeft })
      await buffer.append([eventOf(id, key)])
    },
    left: () => all.filter(({ fate }) => fate === 'open' || fate === 'between'),
    heal() {
      for (const event of all) event.failuresLeft = 0
    },
  }
}

/** Where an event is stored, as text. */
export function placeOf({ partition, position }: { readonly partition: number; readonly position: string }): string {
  return `${partition}/${position}`
}

/** A handler that fails as often as its event is to, takes its time for some, and listens to no signal. */
export function trackingHandler(options: {
  /** Whose handler it is, for the log. */
  readonly name: string
  readonly events: TrackedEvents
  readonly clock: Clock
  readonly dice: Dice
  readonly log: RunLog
  readonly maxMs: number
  /** Events of a lane have one call at a time. */
  readonly laneOf: (event: TrackedEvent) => string
  readonly onStart: (event: TrackedEvent) => void
  readonly onSuccess?: (event: TrackedEvent) => void
}): Handler {
  const { name, events, clock, dice, log, maxMs, laneOf, onStart, onSuccess } = options
  const atWork = new Map<string, TrackedEvent>()
  return async (delivered, { signal }) => {
    const event = events.of(delivered.id)
    event.place = placeOf(delivered)
    const lane = laneOf(event)
    log.note(`${name} starts ${event.id}, ${event.place}`)
    const other = atWork.get(lane)
    if (other !== undefined) log.wrong(`${event.id} starts while ${other.id} is at work`)
    atWork.set(lane, event)
    onStart(event)
    // Whoever aborted it does not wait for it.
    const leave = (): void => {
      if (atWork.get(lane) === event) atWork.delete(lane)
    }
    signal.addEventListener('abort', leave)
    if (dice.chance(1 / 3)) await clock.sleep(dice.below(maxMs))
    if (signal.aborted) return
    leave()
    if (event.failuresLeft > 0) {
      event.failuresLeft -= 1
      log.note(`${event.id} fails`)
      throw new Error('no')
    }
    log.note(`${event.id} succeeds`)
    onSuccess?.(event)
  }
}
