import type { Clock } from '@holdfast/core'
import { InvalidOptionsError } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type {
  Consumer,
  ConsumerStats,
  CursorDelta,
  CursorState as PublicCursorState,
  DeadLetter,
  EventPlace,
  FailureInfo,
  Lease,
  LogEntry,
  ParkedEntry,
  ParkedEvent,
  ParkedLane,
  Position,
} from '../buffer/event-buffer.ts'
import type { CursorFile } from './cursor-file.ts'
import type { Log } from './log.ts'
import { holeOf } from './log-entry.ts'
import { LogFollower } from './log-follower.ts'
import { positionOf, seqOf } from './seq.ts'
import type { Shelf } from './shelf.ts'
import type { Shelved } from './shelf-index.ts'

/** How many dead letters are in memory at once when they are redriven. */
const REDRIVEN_AT_ONCE = 64
/** And how many bytes of their bodies, unless one has more. */
const REDRIVEN_BYTES = 4 * 1024 * 1024

/** What a consumer has on disk. */
export interface ConsumerFiles {
  readonly cursor: CursorFile
  readonly parked: Shelf
  readonly deadLetters: Shelf
}

/** A consumer of the disk buffer. The directory's lock is the lease, so the one partition is always free for it. */
export class DiskConsumer implements Consumer {
  readonly name: string
  readonly #log: Log
  readonly #cursor: CursorFile
  readonly #parked: Shelf
  readonly #deadLetters: Shelf
  readonly #follower: LogFollower
  /** Events change their places one call after the other. */
  #moving: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(name: string, log: Log, { cursor, parked, deadLetters }: ConsumerFiles, clock: Clock) {
    this.name = name
    this.#log = log
    this.#cursor = cursor
    this.#parked = parked
    this.#deadLetters = deadLetters
    this.#follower = new LogFollower(log, clock)
  }

  /** Everything up to here is done. */
  get lowWater(): number {
    const { state } = this.#cursor
    state.advance(this.#log.holes)
    return state.lowWater
  }

  /** Makes what was committed durable. */
  sync(): Promise<void> {
    return this.#cursor.sync()
  }

  /** Gives the space back of what was parked or a dead letter. */
  async tidy(): Promise<void> {
    if (this.#closed) return
    await this.#parked.tidy()
    await this.#deadLetters.tidy()
  }

  get stats(): ConsumerStats {
    return {
      name: this.name,
      backlog: this.#cursor.state.backlog(this.#log.durableSeq, this.#log.holes) + this.#parked.index.size,
      parked: this.#parked.index.size,
      deadLetters: this.#deadLetters.index.size,
    }
  }

  async attend({ owner, leaseMs }: Parameters<Consumer['attend']>[0]): Promise<string[]> {
    this.#checkOpen()
    return leaseMs > 0 ? [owner] : []
  }

  async acquire(options: Parameters<Consumer['acquire']>[0]): Promise<Lease[]> {
    this.#checkOpen()
    if (options.max !== undefined && options.max < 1) return []
    return [{ partition: 0, epoch: this.#log.epoch, expiresAt: Infinity }]
  }

  async read(lease: Lease, after: Position | null, options: Parameters<Consumer['read']>[2]): Promise<LogEntry[]> {
    this.#check(lease)
    const afterSeq = after === null ? 0 : this.#seqOf(after)
    return this.#follower.read(afterSeq, options)
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
    const done = (delta.done ?? []).map((position) => this.#seqOf(position))
    const retry = (delta.retry ?? []).map(({ position, attempts, nextAt }) => ({
      seq: this.#seqOf(position),
      attempts,
      nextAt,
    }))
    const { index } = this.#parked
    if (index.size > 0) {
      const isParked = (seq: number): boolean => index.get(seq) !== undefined
      const [parkedDone, parkedRetry] = [done.filter(isParked), retry.filter(({ seq }) => isParked(seq))]
      await this.#parked.remove(parkedDone, { synced: this.#emptiesLane(parkedDone) })
      await this.#parked.retry(parkedRetry)
    }
    // What is parked is done here, so it may be named again.
    if (done.length > 0 || retry.length > 0) await this.#cursor.commit({ lowWater: 0, done, retry })
  }

  park(lease: Lease, events: readonly ParkedEvent[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#check(lease)
      const fresh = new Map<number, ParkedEvent>()
      for (const parked of events) {
        const seq = this.#seqOf(parked.event.position)
        if (this.#parked.index.get(seq) !== undefined || !this.#cursor.state.isDone(seq)) fresh.set(seq, parked)
      }
      // A power cut must not take acks of events that come before the parked ones in their lane: they would be delivered again behind them.
      if (fresh.size > 0) await this.#cursor.sync()
      await this.#parked.put(Array.from(fresh, ([seq, { event, ...note }]) => ({ seq, event, note })))
      this.#checkOpen()
      await this.#cursor.commit({ lowWater: 0, done: [...fresh.keys()], retry: [] })
    })
  }

  async parkedLanes(lease: Lease): Promise<ParkedLane[]> {
    this.#check(lease)
    const { index } = this.#parked
    return Array.from(index.lanes(), (lane) => {
      const entries = index.allOf(lane)
      const [head] = entries
      if (head === undefined) throw new Error('A lane without events is no lane.')
      return {
        lane,
        events: entries.length,
        bytes: entries.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
        head: { position: positionOf(head.seq), ...attemptsOf(head) },
      }
    })
  }

  async readParked(
    lease: Lease,
    lane: string,
    { limit, maxBytes }: { readonly limit: number; readonly maxBytes: number },
  ): Promise<ParkedEntry[]> {
    this.#check(lease)
    const readings = await this.#parked.read(this.#parked.index.firstOf(lane, limit), maxBytes)
    this.#checkOpen()
    return readings.map(({ entry, record, seq }): ParkedEntry => {
      if (record === undefined) return { kind: 'hole', hole: holeOf(seq, seq) }
      const { event, note } = record
      return { kind: 'event', parked: { event, lane, redrives: note.redrives, ...attemptsOf(entry) } }
    })
  }

  deadLetter(lease: Lease, letters: readonly DeadLetter[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#check(lease)
      const given = new Map<number, DeadLetter>()
      for (const letter of letters) {
        const seq = this.#seqOf(letter.event.position)
        if (this.#parked.index.get(seq) !== undefined || !this.#cursor.state.isDone(seq)) given.set(seq, letter)
      }
      const fresh = [...given].filter(([seq]) => this.#deadLetters.index.get(seq) === undefined)
      await this.#deadLetters.put(fresh.map(([seq, { event, ...note }]) => ({ seq, event, note })))
      this.#checkOpen()
      const seqs = [...given.keys()]
      await this.#parked.remove(seqs)
      await this.#cursor.commit({ lowWater: 0, done: seqs, retry: [] })
    })
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    this.#checkOpen()
    for await (const { event, note } of this.#deadLetters.list())
      yield { event, lane: note.lane, redrives: note.redrives, why: note.why ?? unknownFailure }
  }

  async deadLanes(lease: Lease): Promise<string[]> {
    this.#check(lease)
    return [...this.#deadLetters.index.lanes()]
  }

  redrive(places: readonly EventPlace[]): Promise<number> {
    return this.#inTurn(async () => {
      this.#checkOpen()
      let redriven = 0
      let letters = this.#lettersAt(places)
      while (letters.length > 0) {
        const readings = await this.#deadLetters.read(letters.slice(0, REDRIVEN_AT_ONCE), REDRIVEN_BYTES)
        letters = letters.slice(readings.length)
        const entries = readings.flatMap(({ seq, record }) => {
          if (record === undefined) return []
          const { lane, redrives } = record.note
          return [{ seq, event: record.event, note: { lane, redrives: redrives + 1, attempts: 0, nextAt: 0 } }]
        })
        await this.#parked.put(entries)
        await this.#deadLetters.remove(
          entries.map(({ seq }) => seq),
          { synced: true },
        )
        redriven += entries.length
      }
      return redriven
    })
  }

  purge(places: readonly EventPlace[]): Promise<number> {
    return this.#inTurn(async () => {
      this.#checkOpen()
      const seqs = this.#lettersAt(places).map(({ seq }) => seq)
      // A crash may have kept that from being noted, and without the letter nobody knows it any more.
      if (seqs.length > 0) {
        await this.#cursor.commit({ lowWater: 0, done: seqs, retry: [] })
        await this.#cursor.sync()
      }
      await this.#deadLetters.remove(seqs, { synced: true })
      return seqs.length
    })
  }

  async renew(lease: Lease): Promise<boolean> {
    return !this.#closed && lease.epoch === this.#log.epoch
  }

  async release(): Promise<void> {}

  /** Ends pending reads and closes the files. */
  async close(): Promise<void> {
    this.#closed = true
    this.#follower.end()
    await this.#moving
    await this.#cursor.close()
    await this.#parked.close()
    await this.#deadLetters.close()
    await this.#follower.close()
  }

  /** Whether nothing is left in some lane, so that what comes next in it is delivered from the log: not before a power cut can bring nothing back. */
  #emptiesLane(seqs: readonly number[]): boolean {
    const { index } = this.#parked
    const leaving = new Map<string, number>()
    for (const seq of seqs) {
      const lane = index.get(seq)?.lane
      if (lane !== undefined) leaving.set(lane, (leaving.get(lane) ?? 0) + 1)
    }
    return [...leaving].some(([lane, count]) => index.firstOf(lane, count + 1).length <= count)
  }

  #inTurn<Result>(move: () => Promise<Result>): Promise<Result> {
    const turn = this.#moving.then(move)
    this.#moving = turn.catch(() => undefined)
    return turn
  }

  /** The dead letters among the places, each once. */
  #lettersAt(places: readonly EventPlace[]): readonly Shelved[] {
    const seqs = places.filter(({ partition }) => partition === 0).map(({ position }) => this.#seqOf(position))
    return [...new Set(seqs)].flatMap((seq) => this.#deadLetters.index.get(seq) ?? [])
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

function attemptsOf({ attempts, nextAt, blocked }: Shelved): Pick<ParkedEvent, 'attempts' | 'nextAt' | 'blocked'> {
  return { attempts, nextAt, ...(blocked === undefined ? {} : { blocked }) }
}

const unknownFailure: FailureInfo = { attempts: 0, at: 0, message: '' }
