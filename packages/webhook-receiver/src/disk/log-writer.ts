import { BufferError } from '../buffer/buffer-error.ts'
import { createHalving, type Halving } from '../buffer-kit/halving.ts'
import { createLinger, type Linger } from '../buffer-kit/linger.ts'
import { type CommitGroup, CommitQueue } from './commit-queue.ts'
import { untilEndOfTurn } from './end-of-turn.ts'
import { LogTail, type LogTailOptions, type LogTailStart } from './log-tail.ts'
import type { Segment } from './segment.ts'
import { overloaded } from './write-failure.ts'

/** Longest time that a batch is kept for those whom the one before has answered. */
const LINGER_MS = 5

export interface LogWriterOptions extends LogTailOptions {
  readonly maxQueuedBytes: number
  /** Share of the time, lately, in which this process was at work, 0 to 1; see `AppendQueueOptions`. */
  readonly utilization: () => number
}

/** A batch that is being written and synced. */
interface SentBatch {
  readonly groups: readonly CommitGroup[]
  /** Number of its first record. */
  readonly firstSeq: Promise<number>
}

/**
 * Group commit: what is appended while one batch is being written and synced forms the next batch. One batch in flight, and no timer but on a slow
 * disk under load, see `Linger`. All records of one `append` are in one batch. While the process is busy the disk works for one half of those who wait
 * and the process for the other, see `AppendQueueOptions`.
 */
export class LogWriter {
  readonly #options: LogWriterOptions
  readonly #tail: LogTail
  readonly #queue: CommitQueue
  readonly #linger: Linger
  readonly #halving: Halving
  #running: Promise<void> | undefined
  #wantsRoll = false
  #isClosed = false

  constructor(options: LogWriterOptions, start: LogTailStart) {
    this.#options = options
    this.#tail = new LogTail(options, start)
    this.#queue = new CommitQueue(options.maxBatchBytes)
    this.#linger = createLinger({ clock: options.clock, maxMs: LINGER_MS })
    this.#halving = createHalving(options.utilization)
  }

  /** Bytes that were appended so far. */
  get appendedBytes(): number {
    return this.#tail.appendedBytes
  }

  /** The segment that appends go to, if there is one. */
  get active(): Segment | undefined {
    return this.#tail.active
  }

  /**
   * Appends the records of a group together, and tells it when all are durable. It is told a BufferError `buffer_overloaded`, `buffer_full`,
   * `buffer_failed` or `buffer_closed` when none of them is stored.
   */
  add(group: CommitGroup): void {
    const refusal = this.#refusalOf(group.bytes)
    if (refusal !== undefined) {
      group.reject(refusal)
      return
    }
    this.#queue.add(group)
    this.#linger.added()
    this.#running ??= this.#run()
  }

  /** Refuses all appends from now on, also those that are being written, until the log is opened anew. */
  fail(cause: unknown): void {
    this.#tail.fail(cause)
  }

  /** Ends the active segment; the next append begins another. Resolves when it is sealed, or could not be. */
  async roll(): Promise<void> {
    if (this.#isClosed) return
    this.#wantsRoll = true
    await (this.#running ??= this.#run())
    await this.#tail.sealed()
  }

  /** Waits for what was appended and closes the file; a long one gets its seal. Appends are refused from the call on. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    await this.#tail.close()
  }

  #refusalOf(bytes: number): BufferError | undefined {
    if (this.#isClosed) return new BufferError('buffer_closed', 'The buffer is closed.')
    const waiting = this.#queue.bytes
    const isTooMuch = waiting > 0 && waiting + bytes > this.#options.maxQueuedBytes
    return this.#tail.refusal ?? (isTooMuch ? overloaded(waiting) : undefined)
  }

  /** Never ends before its first `await`: `#running` would be cleared before it is set, and nothing would be written any more. */
  async #run(): Promise<void> {
    for (;;) {
      if (this.#wantsRoll) {
        this.#wantsRoll = false
        await this.#tail.roll()
      }
      if (this.#queue.waiting === 0) break
      // What this turn of the event loop still brings belongs to the batch: the fewer there are, the less each event pays.
      await untilEndOfTurn()
      let sent: SentBatch | undefined = this.#send()
      while (sent !== undefined) sent = await this.#settle(sent)
    }
    this.#running = undefined
  }

  #send(): SentBatch {
    const groups = this.#queue.takeBatch(this.#halving.begin(this.#queue.waiting))
    this.#linger.begin()
    return { groups, firstSeq: this.#tail.append(groups) }
  }

  /** Waits for a batch and tells its groups. Resolves with the batch that was sent before they were told, if any. */
  async #settle({ groups, firstSeq }: SentBatch): Promise<SentBatch | undefined> {
    let seq: number
    try {
      seq = await firstSeq
    } catch (error) {
      this.#queue.settled(groups)
      for (const group of groups) group.reject(error)
      return undefined
    }
    this.#queue.settled(groups)
    const others = this.#queue.waiting
    const isAhead = this.#halving.stored(groups.length, others) && !this.#wantsRoll
    const next = isAhead ? this.#send() : undefined
    for (const group of groups) {
      group.resolve(seq)
      seq += group.records.length
    }
    const around = others + groups.length
    // Who waits for the next batch must hear of its failure at once.
    if (next === undefined && !this.#halving.isBusy)
      await this.#linger.untilBack(others, () => this.#queue.waiting >= around || this.#queue.fillsBatch)
    return next
  }
}
