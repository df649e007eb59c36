import type { EventBuffer, LogEntry, Position } from '../buffer/event-buffer.ts'

const LIMIT = 512
const MAX_BYTES = 4 * 1024 * 1024

/** Everything that is stored and arrived between two times, in order within each partition, with the places of lost events. */
export async function* readEntries(
  buffer: EventBuffer,
  options: {
    /** Arrival, ms since the epoch; `-Infinity`: all. */
    readonly from: number
    readonly signal: AbortSignal
    /** Goes on behind these positions instead. */
    readonly after?: ReadonlyMap<number, Position>
  },
): AsyncGenerator<LogEntry, void, undefined> {
  for (let partition = 0; partition < buffer.caps.partitions; partition++) {
    let after = options.after?.get(partition) ?? null
    if (after === null && options.from > -Infinity) after = await buffer.positionBefore(partition, options.from)
    for (;;) {
      options.signal.throwIfAborted()
      const entries = await buffer.read(partition, after, { limit: LIMIT, maxBytes: MAX_BYTES })
      const last = entries.at(-1)
      if (last === undefined) break
      yield* entries
      after = last.kind === 'event' ? last.event.position : last.hole.to
    }
  }
}
