import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type { Consumer, LogEntry } from '../buffer/event-buffer.ts'
import { TransientSet } from '../buffer-kit/transient.ts'
import type { CommittedBatch } from './commit-queue.ts'
import { untilEndOfTurn } from './end-of-turn.ts'
import { handedOver } from './handover.ts'
import type { Log } from './log.ts'
import { entryOf, refuseToRead } from './log-entry.ts'
import type { LogReader } from './log-reader.ts'

type ReadOptions = Parameters<Consumer['read']>[2]

/**
 * Reads a log for one consumer: from the file, one read after the other, or what is appended while a read waits for just that, as it is handed over.
 */
export class LogFollower {
  readonly #log: Log
  readonly #clock: Clock
  readonly #reader: LogReader
  /** Ends the waits of pending reads. */
  readonly #wakers: TransientSet<() => void> = new TransientSet()
  #reading: Promise<unknown> = Promise.resolve()
  #isEnded = false

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
    this.#reader = log.reader()
  }

  /** See `Consumer.read`. Everything that is read is behind `afterSeq`. */
  async read(afterSeq: number, options: ReadOptions): Promise<LogEntry[]> {
    const deadline = this.#clock.monotonicMs() + options.waitMs
    for (;;) {
      options.signal?.throwIfAborted()
      // Before the reader is used again: nobody would close what it opens.
      this.#checkOpen()
      // What was released is not to be waited for.
      const after = Math.max(afterSeq, this.#log.firstSeq - 1)
      const isBehind = this.#log.durableSeq > after
      const waitMs = deadline - this.#clock.monotonicMs()
      if (!isBehind && waitMs <= 0) return []
      const entries = await (isBehind ? this.#readNow(after, options) : this.#nextCommitted(after, waitMs, options))
      if (entries.length === 0) continue
      options.signal?.throwIfAborted()
      this.#checkOpen()
      return entries
    }
  }

  /** Ends pending reads. */
  end(): void {
    this.#isEnded = true
    for (const wake of this.#wakers) wake()
  }

  /** Closes the files. Only after `end`. */
  async close(): Promise<void> {
    await this.#reading.catch(() => undefined)
    await this.#reader.close().catch(() => undefined)
  }

  #readNow(afterSeq: number, { limit, maxBytes }: ReadOptions): Promise<LogEntry[]> {
    const reading = this.#reading.then(() =>
      this.#reader.read(afterSeq, Math.max(1, limit), maxBytes).catch(refuseToRead),
    )
    this.#reading = reading.catch(() => undefined)
    return reading.then((items) => items.map(entryOf))
  }

  /** What is committed next, if it follows upon `afterSeq`; nothing where that is to be read, and when the time is over. */
  async #nextCommitted(
    afterSeq: number,
    waitMs: number,
    { limit, maxBytes, signal }: ReadOptions,
  ): Promise<LogEntry[]> {
    const expected = { afterSeq, limit: Math.max(1, limit), maxBytes }
    const entries = await new Promise<LogEntry[]>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        cancelTimer()
        cancelWait()
        this.#wakers.delete(take)
        signal?.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = (): void => settle(() => reject(signal?.reason))
      const take = (batch?: CommittedBatch): void =>
        settle(() => resolve(batch === undefined ? [] : handedOver(batch, expected)))
      const cancelTimer = this.#clock.schedule(waitMs, () => take())
      const cancelWait = this.#log.onNextDurable(take)
      this.#wakers.add(take)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    // Whoever appended it is answered first: what is done with it may take a while.
    if (entries.length > 0) await untilEndOfTurn()
    return entries
  }

  #checkOpen(): void {
    if (this.#isEnded) throw new BufferError('buffer_closed', 'The buffer is closed.')
  }
}
