import type { Clock } from '@holdfast/core'
import { InvalidOptionsError } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type {
  Consumer,
  ConsumerStats,
  CursorDelta,
  CursorState as PublicCursorState,
  DeadLetter,
  FailureInfo,
  Lease,
  LogEntry,
  Position,
  StoredEvent,
} from '../buffer/event-buffer.ts'
import type { CursorFile } from './cursor-file.ts'
import type { DeadLetterLog } from './dead-letter-log.ts'
import { decodeEvent } from './event-codec.ts'
import { errorCodeOf } from './file-io.ts'
import type { Log } from './log.ts'
import type { LogItem, LogReader } from './log-reader.ts'
import { positionOf, seqOf } from './seq.ts'

const RETRY_AFTER_MS = 1_000

type ReadOptions = Parameters<Consumer['read']>[2]

/** A consumer of the disk buffer. The directory's lock is the lease, so the one partition is always free for it. */
export class DiskConsumer implements Consumer {
  readonly name: string
  readonly #log: Log
  readonly #cursor: CursorFile
  readonly #deadLetters: DeadLetterLog
  readonly #clock: Clock
  readonly #reader: LogReader
  /** Ends the waits of pending reads. */
  readonly #wakers: Set<() => void> = new Set()
  /** Reads run one after the other. */
  #reading: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(name: string, log: Log, cursor: CursorFile, deadLetters: DeadLetterLog, clock: Clock) {
    this.name = name
    this.#log = log
    this.#cursor = cursor
    this.#deadLetters = deadLetters
    this.#clock = clock
    this.#reader = log.reader()
  }

  get stats(): ConsumerStats {
    return {
      name: this.name,
      backlog: this.#cursor.state.backlog(this.#log.durableSeq, this.#log.holes),
      deadLetters: this.#deadLetters.seqs.size,
    }
  }

  async acquire(options: Parameters<Consumer['acquire']>[0]): Promise<Lease[]> {
    this.#checkOpen()
    if (options.max !== undefined && options.max < 1) return []
    return [{ partition: 0, epoch: this.#log.epoch, expiresAt: Infinity }]
  }

  async read(lease: Lease, after: Position | null, options: ReadOptions): Promise<LogEntry[]> {
    this.#check(lease)
    const afterSeq = after === null ? 0 : this.#seqOf(after)
    const deadline = this.#clock.monotonicMs() + options.waitMs
    for (;;) {
      options.signal?.throwIfAborted()
      // Before the reader is used again: nobody would close what it opens.
      this.#checkOpen()
      const items = await this.#readItems(afterSeq, options)
      options.signal?.throwIfAborted()
      this.#checkOpen()
      if (items.length > 0) return items.map(entryOf)
      if (this.#log.durableSeq > afterSeq) continue
      const waitMs = deadline - this.#clock.monotonicMs()
      if (waitMs <= 0) return []
      await this.#waitForMore(waitMs, options.signal)
    }
  }

  async load(lease: Lease): Promise<PublicCursorState> {
    this.#check(lease)
    const { state } = this.#cursor
    state.advance(this.#log.holes)
    return {
      lowWater: state.lowWater === 0 ? null : positionOf(state.lowWater),
      done: [...state.done].toSorted((left, right) => left - right).map(positionOf),
      retry: [...state.retries].map(([seq, retry]) => ({ position: positionOf(seq), ...retry })),
    }
  }

  async commit(lease: Lease, delta: CursorDelta): Promise<void> {
    this.#check(lease)
    await this.#cursor.commit({
      lowWater: 0,
      done: (delta.done ?? []).map((position) => this.#seqOf(position)),
      retry: (delta.retry ?? []).map(({ position, attempts, nextAt }) => ({
        seq: this.#seqOf(position),
        attempts,
        nextAt,
      })),
    })
  }

  async deadLetter(lease: Lease, event: StoredEvent, why: FailureInfo): Promise<void> {
    this.#check(lease)
    const seq = this.#seqOf(event.position)
    if (this.#cursor.state.isDone(seq)) return
    await this.#deadLetters.add(event, seq, why)
    this.#checkOpen()
    await this.#cursor.commit({ lowWater: 0, done: [seq], retry: [] })
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    this.#checkOpen()
    yield* this.#deadLetters.list()
  }

  async renew(lease: Lease): Promise<boolean> {
    return !this.#closed && lease.epoch === this.#log.epoch
  }

  async release(): Promise<void> {}

  /** Ends pending reads and closes the files. */
  async close(): Promise<void> {
    this.#closed = true
    for (const wake of this.#wakers) wake()
    await this.#cursor.close()
    await this.#deadLetters.close()
    await this.#reading.catch(() => undefined)
    await this.#reader.close().catch(() => undefined)
  }

  #readItems(afterSeq: number, options: ReadOptions): Promise<LogItem[]> {
    const reading = this.#reading.then(async () => {
      try {
        return await this.#reader.read(afterSeq, Math.max(1, options.limit), options.maxBytes)
      } catch (error) {
        throw new BufferError('buffer_failed', `The log cannot be read (${errorCodeOf(error) ?? 'unknown error'}).`, {
          retryAfterMs: RETRY_AFTER_MS,
          cause: error,
        })
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

  #check(lease: Lease): void {
    this.#checkOpen()
    if (lease.partition !== 0 || lease.epoch !== this.#log.epoch)
      throw new BufferError('stale_lease', `The lease of consumer ${this.name} is of an earlier opening.`)
  }

  #checkOpen(): void {
    if (this.#closed) throw new BufferError('buffer_closed', 'The buffer is closed.')
  }

  #seqOf(position: Position): number {
    const seq = seqOf(position)
    if (seq === undefined || seq > this.#log.durableSeq)
      throw new InvalidOptionsError({ path: 'position', expected: 'a position of this buffer', received: position })
    return seq
  }
}

function entryOf(item: LogItem): LogEntry {
  if (item.kind === 'record') return { kind: 'event', event: decodeEvent(item.seq, item.metaBytes, item.body) }
  const { from, to } = item.hole
  return {
    kind: 'hole',
    hole: { partition: 0, from: positionOf(from), to: positionOf(to), lost: to - from + 1 },
  }
}
