import type { EventBuffer, Position, StoredEvent } from './event-buffer.ts'
import type { HeldConsumer } from './held-consumer.ts'
import { loadStandings, type Standing, type Standings } from './move-standing.ts'

const LIMIT = 256
const MAX_BYTES = 1024 * 1024
/** What is set aside is read in passes through all of it, each of which brings so much. */
const PASS_EVENTS = 16_384
const PASS_BYTES = 16 * 1024 * 1024

/** Some events that follow each other, and for each where it is for each consumer. */
export interface MovedBatch {
  readonly events: readonly StoredEvent[]
  readonly standingOf: (consumer: string, event: StoredEvent) => Standing
  /** Records that the log lost between them. */
  readonly lost: number
  /** Notes that they have been moved. */
  readonly commit: () => Promise<void>
}

/**
 * Everything of a partition that somebody is not through with and that was not moved before, in the order of the log: what is in the log, and what is
 * set aside only. What is set aside comes each time.
 */
export async function* batchesOf(
  mover: HeldConsumer,
  consumers: readonly HeldConsumer[],
  partition: number,
): AsyncGenerator<MovedBatch, void, undefined> {
  const standings = new Map<string, Standings>()
  for (const held of consumers) standings.set(held.consumer.name, await loadStandings(held, partition))
  const standingOf = (consumer: string, { position }: StoredEvent): Standing =>
    standings.get(consumer)?.of(position) ?? { kind: 'done' }
  const isWanted = (event: StoredEvent): boolean =>
    consumers.length === 0 || consumers.some(({ consumer }) => standingOf(consumer.name, event).kind !== 'done')

  const sizes = new Map([...standings.values()].flatMap((some) => [...some.asides]))
  const asides = [...sizes.keys()].toSorted()
  const readAsides = asideReader(consumers, partition, asides, sizes)
  const lease = mover.leaseOf(partition)
  let after = (await mover.consumer.load(lease)).lowWater
  let passed = 0
  for (;;) {
    const entries = await mover.consumer.read(lease, after, { limit: LIMIT, maxBytes: MAX_BYTES, waitMs: 0 })
    const logged = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []))
    const lost = entries.reduce((sum, entry) => sum + (entry.kind === 'hole' ? entry.hole.lost : 0), 0)
    const last = entries.at(-1)
    const end = last === undefined ? undefined : last.kind === 'event' ? last.event.position : last.hole.to
    // What is set aside and no more in the log comes in its place.
    const known = new Set(logged.map(({ position }) => position))
    const missing: Position[] = []
    for (; passed < asides.length; passed++) {
      const position = asides[passed] as Position
      if (end !== undefined && position > end) break
      if (!known.has(position)) missing.push(position)
    }
    while (missing.length > LIMIT) {
      const events = await readAsides(missing.splice(0, LIMIT))
      const until = missing[0] as Position
      // Those of the log that belong between them go with them.
      const between = logged.splice(0, logged.filter(({ position }) => position < until).length)
      yield { events: inOrder([...events, ...between].filter(isWanted)), standingOf, lost: 0, commit: async () => {} }
    }
    const events = inOrder([...(await readAsides(missing)), ...logged].filter(isWanted))
    if (end === undefined) {
      if (events.length > 0) yield { events, standingOf, lost, commit: async () => {} }
      return
    }
    yield {
      events,
      standingOf,
      lost,
      commit: () =>
        mover.consumer.commit(lease, {
          done: entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : [])),
        }),
    }
    after = end
  }
}

/** Makes what reads events that are set aside, which are asked for in their order. Those that are not there any more are left out. */
function asideReader(
  consumers: readonly HeldConsumer[],
  partition: number,
  asides: readonly Position[],
  sizes: ReadonlyMap<Position, number>,
): (wanted: readonly Position[]) => Promise<StoredEvent[]> {
  let read = new Map<Position, StoredEvent>()
  let next = 0

  /** Reads on from a position that was not read yet. */
  const pass = async (from: Position): Promise<void> => {
    while ((asides[next] ?? from) < from) next++
    const wanted = new Set<Position>()
    let bytes = 0
    for (; next < asides.length && wanted.size < PASS_EVENTS && bytes < PASS_BYTES; next++) {
      const position = asides[next] as Position
      wanted.add(position)
      bytes += sizes.get(position) ?? 0
    }
    const events = await asideEvents(consumers, partition, wanted)
    read = new Map(events.map((event) => [event.position, event]))
  }

  return async (wanted) => {
    const events: StoredEvent[] = []
    for (const position of wanted) {
      if (next < asides.length && position >= (asides[next] as Position)) await pass(position)
      const event = read.get(position)
      if (event !== undefined) events.push(event)
    }
    return events
  }
}

/** What consumers have set aside, with its bodies. */
async function asideEvents(
  consumers: readonly HeldConsumer[],
  partition: number,
  wanted: ReadonlySet<Position>,
): Promise<StoredEvent[]> {
  const found = new Map<Position, StoredEvent>()
  const take = (event: StoredEvent): void => {
    if (event.partition === partition && wanted.has(event.position)) found.set(event.position, event)
  }
  for (const held of consumers) {
    for await (const { event } of held.consumer.deadLetters()) take(event)
    const lease = held.leaseOf(partition)
    for (const { lane, events } of await held.consumer.parkedLanes(lease))
      for (const entry of await held.consumer.readParked(lease, lane, { limit: events, maxBytes: Infinity }))
        if (entry.kind === 'event') take(entry.parked.event)
  }
  return [...found.values()]
}

function inOrder(events: readonly StoredEvent[]): StoredEvent[] {
  return events.toSorted((left, right) => (left.position < right.position ? -1 : 1))
}

/** The consumers that a buffer has, but for the one that moves. */
export async function consumerNames(buffer: EventBuffer, mover: string): Promise<string[]> {
  const { consumers } = await buffer.stats()
  return consumers.map(({ name }) => name).filter((name) => name !== mover)
}
