import { TransientSet } from '../buffer-kit/transient.ts'
import type { SeqRange } from './seq.ts'

/** Attempts of an event that failed. */
export interface Retry {
  readonly attempts: number
  readonly nextAt: number
}

/** A cursor's change in sequence numbers. */
export interface SeqDelta {
  /** Everything up to here is done; 0 says nothing. */
  readonly lowWater: number
  readonly done: readonly number[]
  readonly retry: readonly (Retry & { readonly seq: number })[]
}

/**
 * Where a consumer is: everything up to `lowWater` is done, `done` above it, `retries` of what failed so far. Its size follows the
 * window of the engine that drives it, not the backlog.
 */
export class CursorState {
  lowWater: number
  readonly done: TransientSet<number> = new TransientSet()
  readonly retries: Map<number, Retry> = new Map()

  constructor(lowWater: number) {
    this.lowWater = lowWater
  }

  isDone(seq: number): boolean {
    return seq <= this.lowWater || this.done.has(seq)
  }

  /** Applies a change. Lost records count as done: nobody can ever finish them. */
  apply(delta: SeqDelta, holes: readonly SeqRange[]): void {
    if (delta.lowWater > this.lowWater) {
      this.lowWater = delta.lowWater
      for (const seq of this.done) if (seq <= delta.lowWater) this.done.delete(seq)
      for (const seq of this.retries.keys()) if (seq <= delta.lowWater) this.retries.delete(seq)
    }
    for (const { seq, attempts, nextAt } of delta.retry) {
      if (!this.isDone(seq)) this.retries.set(seq, { attempts, nextAt })
    }
    for (const seq of delta.done) {
      this.retries.delete(seq)
      if (seq > this.lowWater) this.done.add(seq)
    }
    this.advance(holes)
  }

  /** Moves `lowWater` over everything that is done or lost. */
  advance(holes: readonly SeqRange[]): void {
    for (;;) {
      const next = this.lowWater + 1
      if (this.done.delete(next)) {
        this.lowWater = next
        continue
      }
      const hole = holes.find(({ from, to }) => from <= next && next <= to)
      if (hole === undefined) return
      for (const seq of this.done) if (seq <= hole.to) this.done.delete(seq)
      this.lowWater = hole.to
    }
  }

  /** Highest sequence number that is known to have been done. */
  get highest(): number {
    let highest = this.lowWater
    for (const seq of this.done) highest = Math.max(highest, seq)
    for (const seq of this.retries.keys()) highest = Math.max(highest, seq)
    return highest
  }

  /** The whole state as a change. */
  snapshot(): SeqDelta {
    return {
      lowWater: this.lowWater,
      done: [...this.done],
      retry: [...this.retries].map(([seq, retry]) => ({ seq, ...retry })),
    }
  }

  /** How many of the events up to `lastSeq` are not done. */
  backlog(lastSeq: number, holes: readonly SeqRange[]): number {
    let lost = 0
    for (const { from, to } of holes) {
      const first = Math.max(from, this.lowWater + 1)
      const last = Math.min(to, lastSeq)
      if (first > last) continue
      lost += last - first + 1
      for (const seq of this.done) if (seq >= first && seq <= last) lost--
    }
    return Math.max(0, lastSeq - this.lowWater - this.done.size - lost)
  }
}
