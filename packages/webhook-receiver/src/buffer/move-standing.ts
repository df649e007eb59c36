import type { DeadLetter, ParkedEvent, Position, RetryState, StoredEvent } from './event-buffer.ts'
import type { HeldConsumer } from './held-consumer.ts'

/** Where an event is for one consumer. */
export type Standing =
  | { readonly kind: 'open'; readonly retry: RetryState | undefined }
  | { readonly kind: 'parked'; readonly note: Omit<ParkedEvent, 'event'> }
  | { readonly kind: 'dead'; readonly note: Omit<DeadLetter, 'event'> }
  | { readonly kind: 'done' }

/** Where the events of a partition are for one consumer. Bodies are not kept. */
export interface Standings {
  of(position: Position): Standing
  /** What is parked or a dead letter, in no particular order, with the bytes of its body. */
  readonly asides: ReadonlyMap<Position, number>
}

/** Reads them. */
export async function loadStandings(held: HeldConsumer, partition: number): Promise<Standings> {
  const { consumer } = held
  const lease = held.leaseOf(partition)
  const { lowWater, done, retry } = await consumer.load(lease)
  const standings = new Map<Position, Standing>()
  const asides = new Map<Position, number>()
  const note = ({ position, body }: StoredEvent, standing: Standing): void => {
    standings.set(position, standing)
    asides.set(position, body.byteLength)
  }
  for await (const { event, ...letter } of consumer.deadLetters())
    if (event.partition === partition) note(event, { kind: 'dead', note: letter })
  // Later, because what a crash left in both places is delivered rather than given up.
  for (const { lane, events } of await consumer.parkedLanes(lease))
    for (const entry of await consumer.readParked(lease, lane, { limit: events, maxBytes: Infinity }))
      if (entry.kind === 'event') {
        const { event, ...parked } = entry.parked
        note(event, { kind: 'parked', note: parked })
      }
  const doneAbove = new Set(done)
  const retries = new Map(retry.map((state) => [state.position, state]))
  return {
    asides,
    of: (position) =>
      standings.get(position) ??
      ((lowWater !== null && position <= lowWater) || doneAbove.has(position)
        ? { kind: 'done' }
        : { kind: 'open', retry: retries.get(position) }),
  }
}
