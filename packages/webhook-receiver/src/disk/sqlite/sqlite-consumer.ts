import { type Clock, InvalidOptionsError } from '@holdfast/core'
import { BufferError } from '../../buffer/buffer-error.ts'
import { TransientSet } from '../../buffer-kit/transient.ts'
import type {
  Consumer,
  CursorDelta,
  CursorState,
  DeadLetter,
  EventPlace,
  FailureInfo,
  Lease,
  LogEntry,
  ParkedEntry,
  ParkedEvent,
  ParkedLane,
  Position,
} from '../../buffer/event-buffer.ts'
import { storedEventOf } from '../event-codec.ts'
import { positionOf, seqOf } from '../seq.ts'
import type { AsideRow } from './sqlite-calls.ts'
import type { SqliteThread } from './sqlite-thread.ts'

const DEAD_AT_ONCE = 64

/** What a consumer needs of its buffer. */
export interface SqliteConsumerOptions {
  readonly thread: SqliteThread
  /** Called when more is stored. */
  readonly waiters: TransientSet<() => void>
  readonly clock: Clock
  readonly lastSeq: () => number
}

type ReadOptions = Parameters<Consumer['read']>[2]

/** A consumer of the SQLite buffer. The database's lock is the lease, so the one partition is always free for it. */
export class SqliteConsumer implements Consumer {
  readonly name: string
  readonly #options: SqliteConsumerOptions
  readonly #wakers: TransientSet<() => void> = new TransientSet()
  #isClosed = false

  constructor(name: string, options: SqliteConsumerOptions) {
    this.name = name
    this.#options = options
  }

  async attend({ owner, leaseMs }: Parameters<Consumer['attend']>[0]): Promise<string[]> {
    this.#checkOpen()
    return leaseMs > 0 ? [owner] : []
  }

  async acquire(options: Parameters<Consumer['acquire']>[0]): Promise<Lease[]> {
    this.#checkOpen()
    if (options.max !== undefined && options.max < 1) return []
    return [{ partition: 0, epoch: this.#options.thread.epoch, expiresAt: Infinity }]
  }

  async read(lease: Lease, after: Position | null, options: ReadOptions): Promise<LogEntry[]> {
    this.#check(lease)
    const { thread, clock, lastSeq } = this.#options
    const afterSeq = after === null ? 0 : this.#seqOf(after)
    const deadline = clock.monotonicMs() + options.waitMs
    for (;;) {
      options.signal?.throwIfAborted()
      const seen = lastSeq()
      const rows = await thread.call('read', [afterSeq, Math.max(1, options.limit), options.maxBytes])
      options.signal?.throwIfAborted()
      this.#checkOpen()
      if (rows.length > 0)
        return rows.map(({ seq, meta, body }) => ({ kind: 'event', event: storedEventOf(seq, meta, body) }))
      const waitMs = deadline - clock.monotonicMs()
      if (waitMs <= 0) return []
      // More may have come while the database was asked.
      if (lastSeq() === seen) await this.#waitForMore(waitMs, options.signal)
    }
  }

  async load(lease: Lease): Promise<CursorState> {
    this.#check(lease)
    const { low, done, retries } = await this.#options.thread.call('load', [this.name])
    return {
      lowWater: low === 0 ? null : positionOf(low),
      done: done.map(positionOf),
      retry: retries.map(({ seq, ...retry }) => ({ position: positionOf(seq), ...retry })),
    }
  }

  async commit(lease: Lease, { done = [], retry = [] }: CursorDelta): Promise<void> {
    this.#check(lease)
    const seqs = done.map((position) => this.#seqOf(position))
    const retries = retry.map(({ position, attempts, nextAt }) => ({ seq: this.#seqOf(position), attempts, nextAt }))
    if (seqs.length + retries.length > 0) await this.#options.thread.call('commit', [this.name, seqs, retries])
  }

  async park(lease: Lease, events: readonly ParkedEvent[]): Promise<void> {
    this.#check(lease)
    const rows = events.map(({ event, lane, redrives, attempts, nextAt, blocked }) => ({
      seq: this.#seqOf(event.position),
      lane: storedLane(lane),
      redrives,
      attempts,
      nextAt,
      failure: blocked === undefined ? null : JSON.stringify(blocked),
    }))
    await this.#options.thread.call('park', [this.name, rows])
  }

  async parkedLanes(lease: Lease): Promise<ParkedLane[]> {
    this.#check(lease)
    const lanes = await this.#options.thread.call('parkedLanes', [this.name])
    return lanes.map(({ lane, events, bytes, head }) => ({
      lane: laneOf(lane),
      events,
      bytes,
      head: { position: positionOf(head.seq), ...attemptsOf(head) },
    }))
  }

  async readParked(
    lease: Lease,
    lane: string,
    { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
  ): Promise<ParkedEntry[]> {
    this.#check(lease)
    const rows = await this.#options.thread.call('readParked', [this.name, storedLane(lane), limit, maxBytes])
    return rows.map((row) => {
      const event = storedEventOf(row.seq, row.meta, row.body)
      return { kind: 'event', parked: { event, lane, redrives: row.redrives, ...attemptsOf(row) } }
    })
  }

  async deadLetter(lease: Lease, letters: readonly DeadLetter[]): Promise<void> {
    this.#check(lease)
    const rows = letters.map(({ event, lane, redrives, why }) => ({
      seq: this.#seqOf(event.position),
      lane: storedLane(lane),
      redrives,
      attempts: 0,
      nextAt: 0,
      failure: JSON.stringify(why),
    }))
    await this.#options.thread.call('bury', [this.name, rows])
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    for (let after = 0; ; ) {
      this.#checkOpen()
      const rows = await this.#options.thread.call('readDead', [this.name, after, DEAD_AT_ONCE])
      for (const { place, seq, meta, body, lane, redrives, failure } of rows) {
        after = place
        yield {
          event: storedEventOf(seq, meta, body),
          lane: laneOf(lane),
          redrives,
          why: failureOf(failure) ?? unknownFailure,
        }
      }
      if (rows.length < DEAD_AT_ONCE) return
    }
  }

  async deadLanes(lease: Lease): Promise<string[]> {
    this.#check(lease)
    return (await this.#options.thread.call('deadLanes', [this.name])).map(laneOf)
  }

  async redrive(places: readonly EventPlace[]): Promise<number> {
    this.#checkOpen()
    return this.#options.thread.call('redrive', [this.name, this.#seqsOf(places)])
  }

  async purge(places: readonly EventPlace[]): Promise<number> {
    this.#checkOpen()
    return this.#options.thread.call('purge', [this.name, this.#seqsOf(places)])
  }

  async renew(lease: Lease): Promise<boolean> {
    return !this.#isClosed && lease.epoch === this.#options.thread.epoch
  }

  async release(): Promise<void> {}

  /** Ends pending reads. */
  close(): void {
    this.#isClosed = true
    for (const wake of this.#wakers) wake()
  }

  #waitForMore(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock, waiters } = this.#options
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        cancelTimer()
        waiters.delete(wake)
        this.#wakers.delete(wake)
        signal?.removeEventListener('abort', onAbort)
        finish()
      }
      const onAbort = (): void => settle(() => reject(signal?.reason))
      const wake = (): void => settle(resolve)
      const cancelTimer = clock.schedule(waitMs, wake)
      waiters.add(wake)
      this.#wakers.add(wake)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #check(lease: Lease): void {
    this.#checkOpen()
    if (lease.partition !== 0 || lease.epoch !== this.#options.thread.epoch)
      throw new BufferError('stale_lease', `The lease of consumer ${this.name} is of an earlier opening.`)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new BufferError('buffer_closed', 'The buffer is closed.')
  }

  #seqsOf(places: readonly EventPlace[]): number[] {
    return places.filter(({ partition }) => partition === 0).map(({ position }) => this.#seqOf(position))
  }

  #seqOf(position: Position): number {
    const seq = seqOf(position)
    if (seq === undefined || seq > this.#options.lastSeq())
      throw new InvalidOptionsError({ path: 'position', expected: 'a position of this buffer', received: position })
    return seq
  }
}

function attemptsOf({ attempts, nextAt, failure }: AsideRow): Pick<ParkedEvent, 'attempts' | 'nextAt' | 'blocked'> {
  const blocked = failureOf(failure)
  return { attempts, nextAt, ...(blocked === undefined ? {} : { blocked }) }
}

// Only this module writes it.
function failureOf(json: string | null): FailureInfo | undefined {
  return json === null ? undefined : (JSON.parse(json) as FailureInfo)
}

const unknownFailure: FailureInfo = { attempts: 0, at: 0, message: '' }

/** A lane as it is stored: Node 22 reads text only up to its first character with the code 0. */
function storedLane(lane: string): string {
  return JSON.stringify(lane)
}

function laneOf(stored: string): string {
  return JSON.parse(stored) as string
}
