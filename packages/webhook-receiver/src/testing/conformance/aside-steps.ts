import type { Consumer, Lease, StoredEvent } from '../../buffer/event-buffer.ts'
import { letterOf, listDead, listParked, parkedOf } from './set-aside.ts'

/** Where an event is for a consumer. */
export type EventIn = 'log' | 'parked' | 'dead' | 'done'

/** One call that gives events another place. Repeating it changes nothing more. */
export interface AsideStep {
  /** Numbers of the events, and where they are then. */
  readonly moves: Readonly<Record<number, EventIn>>
  readonly run: (consumer: Consumer, lease: Lease, events: readonly StoredEvent[]) => Promise<unknown>
}

/** Every way that an event can go, one after the other. Needs twelve events of one partition. */
export const asideSteps: readonly AsideStep[] = [
  commitOf(0, 2),
  parkOf(1),
  deadLetterOf(3, 4, 5),
  parkOf(6, 7, 8),
  commitOf(1, 9),
  deadLetterOf(6),
  { moves: { 3: 'parked', 6: 'parked' }, run: (consumer, _, events) => consumer.redrive(some(events, [3, 6])) },
  { moves: { 4: 'done' }, run: (consumer, _, events) => consumer.purge(some(events, [4])) },
  commitOf(3, 7),
  parkOf(10),
]

/** Where each of these events is; in several places, one after the other with a space, where it is so. */
export async function placesOf(consumer: Consumer, lease: Lease, events: readonly StoredEvent[]): Promise<string[]> {
  const { lowWater, done } = await consumer.load(lease)
  const lanes = await consumer.parkedLanes(lease)
  const parked = (await Promise.all(lanes.map(({ lane }) => listParked(consumer, lease, lane)))).flat()
  const dead = await listDead(consumer)
  const isIn = (among: readonly { readonly event: StoredEvent }[], position: string): boolean =>
    among.some(({ event }) => event.position === position)
  return events.map(({ position }) => {
    const places: EventIn[] = []
    if ((lowWater === null || position > lowWater) && !done.includes(position)) places.push('log')
    if (isIn(parked, position)) places.push('parked')
    if (isIn(dead, position)) places.push('dead')
    return places.join(' ') || 'done'
  })
}

function commitOf(...numbers: readonly number[]): AsideStep {
  return {
    moves: movesTo('done', numbers),
    run: (consumer, lease, events) =>
      consumer.commit(lease, { done: some(events, numbers).map(({ position }) => position) }),
  }
}

function parkOf(...numbers: readonly number[]): AsideStep {
  return {
    moves: movesTo('parked', numbers),
    run: (consumer, lease, events) =>
      consumer.park(
        lease,
        some(events, numbers).map((event) => parkedOf(event)),
      ),
  }
}

function deadLetterOf(...numbers: readonly number[]): AsideStep {
  return {
    moves: movesTo('dead', numbers),
    run: (consumer, lease, events) =>
      consumer.deadLetter(
        lease,
        some(events, numbers).map((event) => letterOf(event)),
      ),
  }
}

function movesTo(place: EventIn, numbers: readonly number[]): Readonly<Record<number, EventIn>> {
  return Object.fromEntries(numbers.map((number) => [number, place]))
}

function some(events: readonly StoredEvent[], numbers: readonly number[]): StoredEvent[] {
  return numbers.flatMap((number) => events[number] ?? [])
}
