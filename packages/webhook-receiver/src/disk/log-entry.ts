import { BufferError } from '../buffer/buffer-error.ts'
import type { Hole, LogEntry } from '../buffer/event-buffer.ts'
import { storedEventOf } from './event-codec.ts'
import { errorCodeOf } from './file-io.ts'
import type { LogItem } from './log-reader.ts'
import { positionOf } from './seq.ts'

const RETRY_AFTER_MS = 1_000

/** What a reader of the log found, as the contract of the buffer has it. */
export function entryOf(item: LogItem): LogEntry {
  if (item.kind === 'record') return { kind: 'event', event: storedEventOf(item.seq, item.meta, item.body) }
  return { kind: 'hole', hole: holeOf(item.hole.from, item.hole.to) }
}

/** A hole, both ends inclusive. */
export function holeOf(from: number, to: number): Hole {
  return { partition: 0, from: positionOf(from), to: positionOf(to), lost: to - from + 1 }
}

/** Throws the error for a log that cannot be read now. */
export function refuseToRead(cause: unknown): never {
  if (cause instanceof BufferError) throw cause
  throw new BufferError('buffer_failed', `The log cannot be read (${errorCodeOf(cause) ?? 'unknown error'}).`, {
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  })
}
