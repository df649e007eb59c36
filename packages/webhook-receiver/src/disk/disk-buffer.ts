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
import {
  type DiskBufferOptions,
  type ResolvedDiskBufferOptions,
  resolveDiskBufferOptions,
} from './disk-buffer-options.ts'
import { type DiskStore, openDiskStore } from './disk-store.ts'
import type { DedupeIndex } from './dedupe-index.ts'
import { encodeEvent, identityOf } from './event-codec.ts'
import type { RecordInput } from './batch-encoder.ts'
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

/**
 * - `closed`: nothing is held. Leads to `opening`.
 * - `opening`: the lock is being taken and the log recovered. Leads to `open`, or back to `closed` when that fails.
 * - `open`: leads to `closing`.
 * - `closing`: what was accepted is being finished. Leads to `closed`.
 */
type BufferState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly settled: Promise<unknown> }
  | { readonly kind: 'open'; readonly store: DiskStore }
  | { readonly kind: 'closing'; readonly settled: Promise<void> }

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
  readonly #inFlight: Map<string, InFlight> = new Map()
  #state: BufferState = { kind: 'closed' }

  constructor(options: ResolvedDiskBufferOptions) {
    this.#options = options
    this.#directory = resolve(options.directory)
    this.caps = Object.freeze({
      durability: options.durability,
      partitions: 1,
      multiProcess: false,
      maxEventBytes: options.maxEventBytes,
      dedupeWindowMs: options.dedupeWindowMs,
      transactionalAck: false,
    })
  }

  async open(): Promise<OpenReport> {
    if (this.#state.kind === 'closing') await this.#state.settled
    if (this.#state.kind !== 'closed') throw new BufferError('buffer_locked', 'The buffer is open already.')
    const opening = openDiskStore(this.#options, this.#directory)
    this.#state = { kind: 'opening', settled: opening.catch(() => undefined) }
    try {
      const { store, report } = await opening
      this.#state = { kind: 'open', store }
      return report
    } catch (error) {
      this.#state = { kind: 'closed' }
      throw error
    }
  }

  async append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    const { log, dedupe } = this.#store()
    const now = this.#options.clock.now()
    const encoded = events.map((event) => encodeEvent(event, this.#options.maxEventBytes))
    const records: RecordInput[] = []
    const fresh = new Map<string, number>()
    const places = events.map((event, at): Place => {
      const record = encoded[at]
      const identity = this.#options.dedupeWindowMs > 0 ? identityOf(event) : undefined
      if (identity !== undefined) {
        const place = this.#find(dedupe, identity, fresh, now)
        if (place !== undefined) return place
        fresh.set(identity, records.length)
      }
      if (record !== undefined) records.push(record)
      return { kind: 'fresh', index: records.length - 1 }
    })
    const originals = places.flatMap((place) => (place.kind === 'in-flight' ? place.original.commit : []))
    const [firstSeq] = await Promise.all([
      records.length > 0 ? this.#commit({ log, dedupe }, records, fresh, now) : 0,
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
    if (this.#state.kind === 'opening') {
      await this.#state.settled
      return this.close()
    }
    if (this.#state.kind === 'closing') return this.#state.settled
    if (this.#state.kind === 'closed') return
    const settled = this.#state.store.close().finally(() => {
      this.#state = { kind: 'closed' }
    })
    this.#state = { kind: 'closing', settled }
    return settled
  }

  #store(): DiskStore {
    if (this.#state.kind !== 'open') throw closedError()
    return this.#state.store
  }

  #find(dedupe: DedupeIndex, identity: string, fresh: ReadonlyMap<string, number>, now: number): Place | undefined {
    const seq = dedupe.find(identity, now)
    if (seq !== undefined) return { kind: 'stored', seq }
    const original = this.#inFlight.get(identity)
    if (original !== undefined) return { kind: 'in-flight', original }
    const index = fresh.get(identity)
    return index === undefined ? undefined : { kind: 'repeated', index }
  }

  /** Stores records. Until that is done their ids are in flight, from then on they are remembered. */
  async #commit(
    { log, dedupe }: Pick<DiskStore, 'log' | 'dedupe'>,
    records: readonly RecordInput[],
    fresh: ReadonlyMap<string, number>,
    now: number,
  ): Promise<number> {
    const commit = log.append(records)
    for (const [identity, index] of fresh) this.#inFlight.set(identity, { commit, index })
    try {
      const firstSeq = await commit
      for (const [identity, index] of fresh) dedupe.remember(identity, firstSeq + index, now)
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
