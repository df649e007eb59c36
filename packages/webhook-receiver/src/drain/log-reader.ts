import type { Clock } from '@holdfast/core'
import type { Consumer, CursorState, Lease, LogEntry, Position } from '../buffer/event-buffer.ts'
import type { BufferPatience } from './buffer-patience.ts'
import { isStaleLease } from './failure.ts'
import type { Window } from './window.ts'

const READ_LIMIT = 256
const LONG_POLL_MS = 20_000
// How long a read may wait for what is about to come, and how often one does not: otherwise nobody would hear while events keep coming that a
// drain is idle.
const LINGER_MS = 100
const LOOK_EVERY_MS = 1_000

/** Reads a partition on and on, as far ahead as the window has room. */
export interface LogReader {
  /** Whether everything that was in the log at the last look is read. */
  readonly atEnd: boolean
  /** Resolves when the cursor was loaded, or reading has ended before. */
  readonly ready: Promise<void>
  /** Looks for new entries now instead of waiting for them to be announced. */
  lookAgain(): void
  /** Resolves when reading has ended, after `signal` aborted or the lease was found to be lost. */
  readonly ended: Promise<void>
}

/** Starts reading. Errors of the buffer are waited out. */
export function startLogReader(options: {
  readonly consumer: Consumer
  readonly lease: () => Lease
  readonly window: Window
  readonly patience: BufferPatience
  readonly clock: Clock
  readonly signal: AbortSignal
  /** The cursor was loaded; called before anything is read, and again when what it returns was rejected. */
  readonly onCursor: (cursor: CursorState) => Promise<void>
  readonly onEntry: (entry: LogEntry) => void
  /** After the entries of a read, or when there were none. */
  readonly onRead: () => void
  /** The window has hardly any room for what would be read next. */
  readonly onPressed: () => void
  readonly onLost: (reason: unknown) => void
}): LogReader {
  const { consumer, lease, window, patience, clock, signal, onEntry, onRead, onLost } = options
  let after: Position | null = null
  let atEnd = false
  let lookedMs = -Infinity
  let longPoll: AbortController | undefined
  let setReady: () => void = () => {}
  const ready = new Promise<void>((resolve) => {
    setReady = resolve
  })

  const tries = patience.tries()

  const load = async (): Promise<CursorState | undefined> => {
    while (!signal.aborted) {
      try {
        const cursor = await consumer.load(lease())
        await options.onCursor(cursor)
        tries.worked()
        return cursor
      } catch (error) {
        if (isStaleLease(error)) onLost(error)
        else await tries.wait(error, signal)
      }
    }
    return undefined
  }

  const readOnce = async (): Promise<void> => {
    const hasRoom = window.untilRoom()
    if (window.isPressed) options.onPressed()
    await hasRoom
    if (signal.aborted) return
    const room = window.room()
    const foundEnd = window.seekEnd()
    const looks = foundEnd !== undefined || clock.monotonicMs() - lookedMs >= LOOK_EVERY_MS
    if (looks) lookedMs = clock.monotonicMs()
    const poll = new AbortController()
    if (foundEnd === undefined) longPoll = poll
    try {
      const entries = await consumer.read(lease(), after, {
        limit: Math.min(READ_LIMIT, room.records),
        maxBytes: room.bytes,
        waitMs: atEnd && foundEnd === undefined ? LONG_POLL_MS : 0,
        lingerMs: looks ? 0 : LINGER_MS,
        signal: poll.signal,
      })
      if (signal.aborted) return
      atEnd = entries.length === 0
      if (atEnd) foundEnd?.()
      for (const entry of entries) {
        after = entry.kind === 'event' ? entry.event.position : entry.hole.to
        onEntry(entry)
      }
      onRead()
    } catch (error) {
      // A poll that we broke off ourselves did not fail.
      if (!poll.signal.aborted) throw error
    } finally {
      longPoll = undefined
    }
  }

  const run = async (): Promise<void> => {
    const cursor = await load()
    setReady()
    if (cursor === undefined) return
    after = cursor.lowWater
    while (!signal.aborted) {
      try {
        await readOnce()
        tries.worked()
      } catch (error) {
        if (isStaleLease(error)) onLost(error)
        else await tries.wait(error, signal)
      }
    }
  }

  const onAbort = (): void => longPoll?.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  return {
    get atEnd() {
      return atEnd
    },
    ready,
    lookAgain: () => longPoll?.abort(),
    ended: run().finally(() => signal.removeEventListener('abort', onAbort)),
  }
}
