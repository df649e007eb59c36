import { resolve } from 'node:path'
import { BufferError } from '../buffer/buffer-error.ts'
import type {
  AppendResult,
  BufferCaps,
  BufferStats,
  Consumer,
  EventBuffer,
  NewEvent,
  OpenReport,
} from '../buffer/event-buffer.ts'
import { DedupeIndex } from './dedupe-index.ts'
import {
  type DiskBufferOptions,
  type ResolvedDiskBufferOptions,
  resolveDiskBufferOptions,
} from './disk-buffer-options.ts'
import { type DiskStore, openDiskStore } from './disk-store.ts'
import { encodeEvent, identityOf } from './event-codec.ts'
import type { Log } from './log.ts'
import type { RecordInput } from './log-writer.ts'
import { positionOf } from './seq.ts'

/**
 * An `EventBuffer` in a directory: an append-only log with group commit, of one partition, for one process at a time.
 * `append` resolves after the event was synced to the disk; opening recovers from any crash and says exactly what is lost.
 *
 * @throws InvalidOptionsError when an option is wrong. Nothing is touched on disk before `open`.
 */
export function diskBuffer(options: DiskBufferOptions): EventBuffer {
  return new DiskBuffer(resolveDiskBufferOptions(options))
}

/** `opening` leads to `open`, or back to `new` when it fails. `closed` is final. */
type BufferState =
  | { readonly kind: 'new' }
  | { readonly kind: 'opening'; readonly report: Promise<OpenReport> }
  | { readonly kind: 'open'; readonly report: Promise<OpenReport>; readonly store: DiskStore }
  | { readonly kind: 'closed'; readonly done: Promise<void> }

/** An event that is being written: a duplicate waits for the same commit. */
interface InFlight {
  readonly commit: Promise<number>
  /** Place among the records of its call. */
  readonly index: number
}

/** Where an appended event is, or will be once its commit is through. */
type Place =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'in-flight'; readonly original: InFlight }
  | { readonly kind: 'fresh'; readonly index: number }
  /** The same id earlier in the same call. */
  | { readonly kind: 'repeated'; readonly index: number }

class DiskBuffer implements EventBuffer {
  readonly caps: BufferCaps
  readonly #options: ResolvedDiskBufferOptions
  readonly #directory: string
  readonly #dedupe: DedupeIndex
  readonly #inFlight: Map<string, InFlight> = new Map()
  #state: BufferState = { kind: 'new' }

  constructor(options: ResolvedDiskBufferOptions) {
    this.#options = options
    this.#directory = resolve(options.directory)
    this.#dedupe = new DedupeIndex(options.dedupeWindowMs)
    this.caps = Object.freeze({
      durability: options.durability,
      partitions: 1,
      multiProcess: false,
      maxEventBytes: options.maxEventBytes,
      dedupeWindowMs: options.dedupeWindowMs,
      transactionalAck: false,
    })
  }

  open(): Promise<OpenReport> {
    const state = this.#state
    if (state.kind === 'closed') return Promise.reject(closedError())
    if (state.kind !== 'new') return state.report
    const report = openDiskStore(this.#options, this.#directory, this.#dedupe).then(
      (opened) => {
        this.#state = { kind: 'open', report, store: opened.store }
        return opened.report
      },
      (error: unknown) => {
        this.#state = { kind: 'new' }
        throw error
      },
    )
    this.#state = { kind: 'opening', report }
    return report
  }

  async append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    const { log } = this.#store()
    const now = this.#options.clock.now()
    const encoded = events.map((event) => encodeEvent(event, this.#options.maxEventBytes))
    const records: RecordInput[] = []
    const fresh = new Map<string, number>()
    const places = events.map((event, at): Place => {
      const record = encoded[at]
      const identity = this.#options.dedupeWindowMs > 0 ? identityOf(event) : undefined
      if (identity !== undefined) {
        const place = this.#find(identity, fresh, now)
        if (place !== undefined) return place
        fresh.set(identity, records.length)
      }
      if (record !== undefined) records.push(record)
      return { kind: 'fresh', index: records.length - 1 }
    })
    const originals = places.flatMap((place) => (place.kind === 'in-flight' ? place.original.commit : []))
    const [firstSeq] = await Promise.all([
      records.length > 0 ? this.#commit(log, records, fresh, now) : 0,
      ...originals,
    ])
    return Promise.all(places.map((place) => resultOf(place, firstSeq)))
  }

  async openConsumer(name: string, options: { readonly from?: 'earliest' | 'latest' } = {}): Promise<Consumer> {
    const { log, consumers } = this.#store()
    return consumers.open(name, options.from ?? 'earliest', log)
  }

  async removeConsumer(name: string): Promise<void> {
    await this.#store().consumers.remove(name)
  }

  async stats(): Promise<BufferStats> {
    const { log, consumers } = this.#store()
    return {
      events: Math.max(0, log.durableSeq - log.firstSeq + 1 - log.lost),
      bytes: log.bytes,
      lost: log.lost,
      consumers: await consumers.stats(),
    }
  }

  async close(): Promise<void> {
    if (this.#state.kind === 'opening') await this.#state.report.catch(() => undefined)
    const state = this.#state
    if (state.kind === 'closed') return state.done
    const done = state.kind === 'open' ? state.store.close() : Promise.resolve()
    this.#state = { kind: 'closed', done }
    return done
  }

  #store(): DiskStore {
    if (this.#state.kind !== 'open') throw closedError()
    return this.#state.store
  }

  #find(identity: string, fresh: ReadonlyMap<string, number>, now: number): Place | undefined {
    const seq = this.#dedupe.find(identity, now)
    if (seq !== undefined) return { kind: 'stored', seq }
    const original = this.#inFlight.get(identity)
    if (original !== undefined) return { kind: 'in-flight', original }
    const index = fresh.get(identity)
    return index === undefined ? undefined : { kind: 'repeated', index }
  }

  /** Stores records. Until that is done their ids are in flight, from then on they are remembered. */
  async #commit(
    log: Log,
    records: readonly RecordInput[],
    fresh: ReadonlyMap<string, number>,
    now: number,
  ): Promise<number> {
    const commit = log.append(records)
    for (const [identity, index] of fresh) this.#inFlight.set(identity, { commit, index })
    try {
      const firstSeq = await commit
      for (const [identity, index] of fresh) this.#dedupe.remember(identity, firstSeq + index, now)
      return firstSeq
    } finally {
      for (const identity of fresh.keys()) this.#inFlight.delete(identity)
    }
  }
}

async function resultOf(place: Place, firstSeq: number): Promise<AppendResult> {
  switch (place.kind) {
    case 'stored':
      return { status: 'duplicate', partition: 0, position: positionOf(place.seq) }
    case 'in-flight':
      return {
        status: 'duplicate',
        partition: 0,
        position: positionOf((await place.original.commit) + place.original.index),
      }
    case 'fresh':
      return { status: 'appended', partition: 0, position: positionOf(firstSeq + place.index) }
    case 'repeated':
      return { status: 'duplicate', partition: 0, position: positionOf(firstSeq + place.index) }
  }
}

function closedError(): BufferError {
  return new BufferError('buffer_closed', 'The buffer is not open.')
}
