import type { Clock } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type { Consumer } from '../buffer/event-buffer.ts'
import type { Log } from './log.ts'
import { readFailure } from './log-entry.ts'
import type { LogItem, LogReader } from './log-reader.ts'

type ReadOptions = Parameters<Consumer['read']>[2]

/** Reads a log for one consumer, one read after the other, and waits for what is appended. */
export class LogFollower {
  readonly #log: Log
  readonly #clock: Clock
  readonly #reader: LogReader
  /** Ends the waits of pending reads. */
  readonly #wakers: Set<() => void> = new Set()
  #reading: Promise<unknown> = Promise.resolve()
  #isEnded = false

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
    this.#reader = log.reader()
  }

  /** See `Consumer.read`. Everything that is read is behind `afterSeq`. */
  async read(afterSeq: number, options: ReadOptions): Promise<LogItem[]> {
    const deadline = this.#clock.monotonicMs() + options.waitMs
    for (;;) {
      options.signal?.throwIfAborted()
      // Before the reader is used again: nobody would close what it opens.
      this.#checkOpen()
      const items = await this.#readNow(afterSeq, options)
      options.signal?.throwIfAborted()
      this.#checkOpen()
      if (items.length > 0) return items
      if (this.#log.durableSeq > afterSeq) continue
      const waitMs = deadline - this.#clock.monotonicMs()
      if (waitMs <= 0) return []
      await this.#waitForMore(waitMs, options.signal)
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

  #readNow(afterSeq: number, { limit, maxBytes }: ReadOptions): Promise<LogItem[]> {
    const reading = this.#reading.then(async () => {
      try {
        return await this.#reader.read(afterSeq, Math.max(1, limit), maxBytes)
      } catch (error) {
        throw readFailure(error)
      }
    })
    this.#reading = reading.catch(() => undefined)
    return reading
  }

  #waitForMore(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        cancelTimer()
        cancelWait()
        this.#wakers.delete(wake)
        signal?.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = (): void => settle(() => reject(signal?.reason))
      const wake = (): void => settle(resolve)
      const cancelTimer = this.#clock.schedule(waitMs, wake)
      const cancelWait = this.#log.onNextDurable(wake)
      this.#wakers.add(wake)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #checkOpen(): void {
    if (this.#isEnded) throw new BufferError('buffer_closed', 'The buffer is closed.')
  }
}
