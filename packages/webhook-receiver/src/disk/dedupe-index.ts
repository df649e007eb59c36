import type { SeqRange } from './seq.ts'

// How long forgotten ids may stay in memory.
const SWEEP_AFTER_MS = 1_000

interface Remembered {
  readonly seq: number
  /** When it was stored, ms since the epoch. */
  readonly at: number
}

/**
 * The ids of the dedupe window, by what `identityOf` makes of them, so that two ids never pass for one. The id is part of the event's
 * record: storing and remembering are one write, and opening rebuilds this from the log.
 */
export class DedupeIndex {
  readonly #windowMs: number
  #sweptAt = 0
  /** In the order of the log, so the oldest are first. */
  readonly #entries: Map<string, Remembered> = new Map()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Sequence number of the event with this identity, if it is remembered. */
  find(identity: string, now: number): number | undefined {
    const entry = this.#entries.get(identity)
    if (entry === undefined) return undefined
    if (now - entry.at <= this.#windowMs) return entry.seq
    // Out of the way, so that the id is remembered anew at the end of the order.
    this.#entries.delete(identity)
    return undefined
  }

  /** Remembers an event, and forgets those whose time is over. */
  remember(identity: string, seq: number, at: number): void {
    this.#entries.set(identity, { seq, at })
    if (at - this.#sweptAt >= SWEEP_AFTER_MS || at < this.#sweptAt) this.#sweep(at)
  }

  /** Forgets events that turned out never to have been acknowledged, or to be lost: their ids are taken again. */
  forget({ from, to }: SeqRange): void {
    for (const [identity, { seq }] of this.#entries) {
      if (seq >= from && seq <= to) this.#entries.delete(identity)
    }
  }

  #sweep(now: number): void {
    this.#sweptAt = now
    for (const [identity, entry] of this.#entries) {
      if (now - entry.at <= this.#windowMs) return
      this.#entries.delete(identity)
    }
  }
}
