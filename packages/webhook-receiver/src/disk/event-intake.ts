import type { AppendResult, NewEvent } from '../buffer/event-buffer.ts'
import type { RecordInput } from './batch-encoder.ts'
import type { DedupeIndex } from './dedupe-index.ts'
import type { ResolvedDiskBufferOptions } from './disk-buffer-options.ts'
import { encodeEvent, identityOf } from './event-codec.ts'
import type { Log } from './log.ts'
import { positionOf } from './seq.ts'

/** A call that stores records. */
interface Call {
  /** The sequence number of its first record, once all are durable. */
  firstSeq: Promise<number>
}

/** An event that is being written, or was named earlier in the same call. A duplicate of it waits for the same commit. */
interface InFlight {
  readonly call: Call
  /** Place among the records of its call. */
  readonly index: number
}

/** Where an appended event is, or will be once its commit is through. */
type Place =
  | { readonly kind: 'stored'; readonly seq: number }
  | { readonly kind: 'in-flight'; readonly original: InFlight }
  | { readonly kind: 'fresh'; readonly index: number }

/**
 * Takes events in, each id once within the dedupe window. A duplicate is answered only when its original is durable, and fails with it.
 */
export class EventIntake {
  readonly #options: Pick<ResolvedDiskBufferOptions, 'clock' | 'dedupeWindowMs' | 'maxEventBytes'>
  readonly #log: Log
  readonly #dedupe: DedupeIndex
  readonly #inFlight: Map<string, InFlight> = new Map()

  constructor(options: ResolvedDiskBufferOptions, log: Log, dedupe: DedupeIndex) {
    this.#options = options
    this.#log = log
    this.#dedupe = dedupe
  }

  /** See `EventBuffer.append`. */
  async append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    const now = this.#options.clock.now()
    // Everything that can be refused is refused here, before the call leaves a trace.
    const encoded = events.map((event) => encodeEvent(event, this.#options.maxEventBytes))
    const call: Call = { firstSeq: Promise.resolve(0) }
    const records: RecordInput[] = []
    const identities: string[] = []
    const originals: Call[] = []
    const places = encoded.map((record, at): Place => {
      const event = events[at]
      if (event !== undefined && this.#options.dedupeWindowMs > 0) {
        const identity = identityOf(event)
        const seq = this.#dedupe.find(identity, now)
        if (seq !== undefined) return { kind: 'stored', seq }
        const original = this.#inFlight.get(identity)
        if (original !== undefined) {
          if (original.call !== call) originals.push(original.call)
          return { kind: 'in-flight', original }
        }
        this.#inFlight.set(identity, { call, index: records.length })
        identities.push(identity)
      }
      return { kind: 'fresh', index: records.push(record) - 1 }
    })
    if (records.length > 0) call.firstSeq = this.#store(records, identities, now)
    if (originals.length > 0) await Promise.all([call.firstSeq, ...originals.map((original) => original.firstSeq)])
    const firstSeq = await call.firstSeq
    const results: AppendResult[] = []
    for (const place of places) {
      switch (place.kind) {
        case 'stored':
          results.push(resultOf('duplicate', place.seq))
          break
        case 'fresh':
          results.push(resultOf('appended', firstSeq + place.index))
          break
        case 'in-flight':
          results.push(resultOf('duplicate', (await place.original.call.firstSeq) + place.original.index))
          break
      }
    }
    return results
  }

  /** Stores records. Until that is done their ids are in flight, from then on they are remembered. */
  async #store(records: readonly RecordInput[], identities: readonly string[], now: number): Promise<number> {
    try {
      const firstSeq = await this.#log.append(records)
      for (const [index, identity] of identities.entries()) this.#dedupe.remember(identity, firstSeq + index, now)
      return firstSeq
    } finally {
      for (const identity of identities) this.#inFlight.delete(identity)
    }
  }
}

function resultOf(status: AppendResult['status'], seq: number): AppendResult {
  return { status, partition: 0, position: positionOf(seq) }
}
