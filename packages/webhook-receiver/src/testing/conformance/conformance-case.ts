import type { EventBuffer } from '../../buffer/event-buffer.ts'
import { disposedCase } from './disposed-case.ts'

/** A buffer under test. */
export interface BufferUnderTest {
  /** Empty and not yet opened. */
  readonly buffer: EventBuffer
  /** Closes what is open and opens the same content again, as a restart of the process does. Resolves when it is open. */
  readonly reopen: () => Promise<EventBuffer>
  /**
   * Moves the buffer's clock forward. A store with a clock of its own may instead move back every time that it has stored: cases
   * leave seconds between what they expect and a limit. Absent: the buffer lives in real time, and what needs hours is not shown.
   */
  readonly advance?: (ms: number) => Promise<void>
  /**
   * Ends the buffer as the death of its process does, and opens the same content again as the next process would: nothing is finished, closed or given
   * back, and what is under way may happen or not. Resolves when it is open. Absent: cases that crash restart the buffer instead, which shows less.
   */
  readonly crash?: () => Promise<EventBuffer>
  /** Closes the buffer and removes what it has stored. */
  readonly dispose: () => Promise<void>
}

/** What an implementation gives to be tested. */
export interface BufferHarness {
  /** Makes a buffer of its own for one case. */
  readonly create: () => Promise<BufferUnderTest>
}

/** What a case needs beyond the contract. Where it is missing the case shows that the buffer says so. */
export type BufferCapability =
  /** The harness can move the buffer's clock. */
  | 'clock'
  /** Leases end by themselves, so several owners can share the buffer. */
  | 'leases'
  /** The harness can end the buffer as the death of its process does. */
  | 'crash'

/** One sentence of the contract, and how to see that it holds. */
export interface ConformanceCase {
  readonly title: string
  readonly requires?: BufferCapability
  /** Rejects with an AssertionError when the sentence does not hold. */
  readonly run: (harness: BufferHarness) => Promise<void>
}

/** Makes a case that opens a buffer first and disposes of it afterwards, whatever happens. */
export function openCase(
  title: string,
  body: (under: BufferUnderTest) => Promise<void>,
  requires?: BufferCapability,
): ConformanceCase {
  return freshCase(
    title,
    async (under) => {
      await under.buffer.open()
      await body(under)
    },
    requires,
  )
}

/** Makes a case that begins with a buffer that is not open. */
export function freshCase(
  title: string,
  body: (under: BufferUnderTest) => Promise<void>,
  requires?: BufferCapability,
): ConformanceCase {
  return disposedCase(title, body, requires)
}
