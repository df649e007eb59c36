import type { FailureInfo } from '../buffer/event-buffer.ts'

/** What is kept in memory of a shelved event. */
export interface Shelved {
  /** Original sequence number. */
  readonly seq: number
  /** Sequence number of its record in the shelf's own log. */
  readonly at: number
  readonly lane: string
  readonly bodyBytes: number
  readonly attempts: number
  readonly nextAt: number
  readonly blocked: FailureInfo | undefined
}

// Below this many used-up places, moving the rest to the front is not worth it.
const COMPACT_FROM = 256

/** Original sequence numbers in order. Nearly all are added at the end and removed at the front. */
class Lane {
  #seqs: number[] = []
  #head = 0

  get size(): number {
    return this.#seqs.length - this.#head
  }

  add(seq: number): void {
    const before = this.#seqs.findLastIndex((known, index) => index >= this.#head && known < seq)
    this.#seqs.splice(Math.max(before + 1, this.#head), 0, seq)
  }

  remove(seq: number): void {
    if (this.#seqs[this.#head] !== seq) {
      this.#seqs.splice(this.#seqs.indexOf(seq, this.#head), 1)
      return
    }
    this.#head++
    if (this.#head < COMPACT_FROM || this.#head * 2 < this.#seqs.length) return
    this.#seqs = this.#seqs.slice(this.#head)
    this.#head = 0
  }

  /** The first `limit`. */
  first(limit: number): readonly number[] {
    return this.#seqs.slice(this.#head, this.#head + limit)
  }

  all(): readonly number[] {
    return this.#seqs.slice(this.#head)
  }
}

/** Which events are on a shelf, by sequence number and by lane. */
export class ShelfIndex {
  readonly #entries: Map<number, Shelved> = new Map()
  readonly #lanes: Map<string, Lane> = new Map()

  get size(): number {
    return this.#entries.size
  }

  get(seq: number): Shelved | undefined {
    return this.#entries.get(seq)
  }

  entries(): Iterable<Shelved> {
    return this.#entries.values()
  }

  lanes(): Iterable<string> {
    return this.#lanes.keys()
  }

  /** The first `limit` events of a lane, in the order of the log. */
  firstOf(lane: string, limit: number): readonly Shelved[] {
    return this.#find(this.#lanes.get(lane)?.first(limit))
  }

  allOf(lane: string): readonly Shelved[] {
    return this.#find(this.#lanes.get(lane)?.all())
  }

  /** Adds an entry, or replaces the one of the same event, which is returned. */
  put(entry: Shelved): Shelved | undefined {
    const previous = this.remove(entry.seq)
    this.#entries.set(entry.seq, entry)
    const lane = this.#lanes.get(entry.lane) ?? new Lane()
    lane.add(entry.seq)
    this.#lanes.set(entry.lane, lane)
    return previous
  }

  remove(seq: number): Shelved | undefined {
    const entry = this.#entries.get(seq)
    if (entry === undefined) return undefined
    this.#entries.delete(seq)
    const lane = this.#lanes.get(entry.lane)
    lane?.remove(seq)
    if (lane?.size === 0) this.#lanes.delete(entry.lane)
    return entry
  }

  #find(seqs: readonly number[] = []): readonly Shelved[] {
    return seqs.flatMap((seq) => this.#entries.get(seq) ?? [])
  }
}
