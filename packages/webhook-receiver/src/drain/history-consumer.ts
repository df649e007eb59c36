import type { Consumer, DeadLetter, EventBuffer, LogEntry, Position, StoredEvent } from '../buffer/event-buffer.ts'
import { createParkedLanes } from '../buffer/parked-lanes.ts'

const READ_EVENTS = 1024

/** Where a replay begins and ends in one partition. */
export interface HistoryRange {
  readonly partition: number
  readonly after: Position | null
  /** Last position; `undefined`: the end. */
  readonly upTo: Position | undefined
}

/**
 * A consumer of the history: it reads what is stored, and what it learns is forgotten with it. So the drain can replay events with all that it does,
 * and no cursor of the buffer moves.
 */
export function createHistoryConsumer(options: {
  readonly name: string
  readonly buffer: EventBuffer
  readonly ranges: readonly HistoryRange[]
  readonly matches: (event: StoredEvent) => boolean
  /** Nothing later is of interest. */
  readonly isBeyond: (event: StoredEvent) => boolean
  readonly onGivenUp: (letter: DeadLetter) => void
}): Consumer {
  const { name, buffer, ranges, matches, isBeyond, onGivenUp } = options
  const parked = new Map(ranges.map(({ partition }) => [partition, createParkedLanes()]))
  const over = new Set<number>()

  const asideOf = (partition: number): ReturnType<typeof createParkedLanes> => {
    const aside = parked.get(partition)
    if (aside === undefined) throw new Error(`Partition ${partition} is not replayed.`)
    return aside
  }

  /** The next chunk with something in it, or nothing at the end. */
  const readOn = async (range: HistoryRange, after: Position | null, maxBytes: number): Promise<LogEntry[]> => {
    for (let from = after; !over.has(range.partition); ) {
      const entries = await buffer.read(range.partition, from, { limit: READ_EVENTS, maxBytes })
      const last = entries.at(-1)
      if (last === undefined) break
      from = last.kind === 'event' ? last.event.position : last.hole.to
      const chosen = entries.filter((entry) => isWanted(entry, range))
      if (entries.every((entry) => isPast(entry, range))) over.add(range.partition)
      if (chosen.length > 0) return chosen
    }
    return []
  }

  const isWanted = (entry: LogEntry, { upTo }: HistoryRange): boolean =>
    entry.kind === 'event' && (upTo === undefined || entry.event.position <= upTo) && matches(entry.event)

  const isPast = (entry: LogEntry, { upTo }: HistoryRange): boolean =>
    entry.kind === 'event' && ((upTo !== undefined && entry.event.position > upTo) || isBeyond(entry.event))

  return {
    name,
    attend: async ({ owner }) => [owner],
    acquire: async () => ranges.map(({ partition }) => ({ partition, epoch: 1, expiresAt: Infinity })),
    async read(lease, after, { maxBytes, waitMs, signal }) {
      signal?.throwIfAborted()
      const range = ranges.find(({ partition }) => partition === lease.partition)
      const entries = range === undefined ? [] : await readOn(range, after, maxBytes)
      signal?.throwIfAborted()
      // Nothing more will come. Whoever waits is told so by the signal.
      if (entries.length === 0 && waitMs > 0) await untilAborted(signal)
      return entries
    },
    load: async ({ partition }) => ({
      lowWater: ranges.find((range) => range.partition === partition)?.after ?? null,
      done: [],
      retry: [],
    }),
    async commit({ partition }, { done = [], retry = [] }) {
      const aside = asideOf(partition)
      for (const { position, attempts, nextAt } of retry) {
        const known = aside.get(position)
        if (known !== undefined) aside.put({ ...known, attempts, nextAt })
      }
      for (const position of done) aside.remove(position)
    },
    async park({ partition }, events) {
      for (const event of events) asideOf(partition).put(event)
    },
    parkedLanes: async ({ partition }) => asideOf(partition).lanes(),
    readParked: async ({ partition }, lane, { limit }) =>
      asideOf(partition)
        .inLane(lane)
        .slice(0, limit)
        .map((event) => ({ kind: 'event', parked: event })),
    async deadLetter({ partition }, letters) {
      for (const letter of letters) {
        asideOf(partition).remove(letter.event.position)
        onGivenUp(letter)
      }
    },
    async *deadLetters() {},
    deadLanes: async () => [],
    redrive: async () => 0,
    purge: async () => 0,
    renew: async () => true,
    release: async () => {},
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
