import type { DeadLetter, ParkedEvent, Position, RetryState } from './event-buffer.ts'
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
  /** What is parked or a dead letter, in no particular order. */
  readonly asides: Iterable<Position>
}

/** Reads them. */
export async function loadStandings(held: HeldConsumer, partition: number): Promise<Standings> {
  const { consumer } = held
  const lease = held.leaseOf(partition)
  const { lowWater, done, retry } = await consumer.load(lease)
  const asides = new Map<Position, Standing>()
  for await (const { event, ...note } of consumer.deadLetters())
    if (event.partition === partition) asides.set(event.position, { kind: 'dead', note })
  // Later, because what a crash left in both places is delivered rather than given up.
  for (const { lane, events } of await consumer.parkedLanes(lease))
    for (const entry of await consumer.readParked(lease, lane, { limit: events, maxBytes: Infinity }))
      if (entry.kind === 'event') {
        const { event, ...note } = entry.parked
        asides.set(event.position, { kind: 'parked', note })
      }
  const doneAbove = new Set(done)
  const retries = new Map(retry.map((state) => [state.position, state]))
  return {
    asides: asides.keys(),
    of: (position) =>
      asides.get(position) ??
      ((lowWater !== null && position <= lowWater) || doneAbove.has(position)
        ? { kind: 'done' }
        : { kind: 'open', retry: retries.get(position) }),
  }
}
