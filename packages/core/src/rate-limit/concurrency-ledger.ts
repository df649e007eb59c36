import {
  afterRefusal,
  type ConcurrencyLimit,
  concurrencyOf,
  isForgotten,
  onClock,
  raised,
  type Refusal,
  withMore,
} from './concurrency-limit.ts'
import { Holders } from './holders.ts'
import type { StoredConcurrency } from './stored-limit.ts'

// What nobody speaks of any more is kept for so long, or as long as it is trusted.
const KEPT_MS = 60_000

/** What was learned of a limit of calls at a time, and when; on the clock of the store. */
export interface KnownConcurrency {
  readonly limit: ConcurrencyLimit
  readonly since: number
}

/** What a process does with its places. */
export interface PlacesInUse {
  readonly active: number
  /** Calls that need one. */
  readonly needed: number
  /** How many were active at a time of late. */
  readonly recent: number
}

/**
 * How many calls at a time all processes together may have in flight, while one of them reads and changes it. Who has a place
 * keeps it from call to call, and gives it back when he needs it no more or when others wait who have fewer.
 */
export class ConcurrencyLedger {
  readonly holders: Holders
  readonly #nowMs: number
  readonly #stored: KnownConcurrency | undefined
  #known: KnownConcurrency | undefined

  constructor(stored: StoredConcurrency | undefined, nowMs: number) {
    this.#nowMs = nowMs
    this.holders = new Holders(stored?.holders, nowMs)
    if (stored === undefined) return
    const { since, holders: _, ...limit } = stored
    this.#stored = { limit: onClock(limit, nowMs), since }
    this.#known = this.#stored
  }

  /** `undefined`: nothing is known, or nothing is left of it. */
  get known(): KnownConcurrency | undefined {
    return this.#known === undefined || isForgotten(this.#known.limit) ? undefined : this.#known
  }

  /** Stores again what a store has lost. What is over was not lost. */
  restore(known: KnownConcurrency): void {
    this.#known ??= { ...known, limit: onClock(known.limit, this.#nowMs) }
  }

  /** So many went through in one more process; negative: fewer than it had said. */
  add(calls: number): void {
    const { known } = this
    if (known === undefined) this.#known = { limit: concurrencyOf(calls, this.#nowMs), since: this.#nowMs }
    else if (calls !== 0) this.#known = { ...known, limit: withMore(known.limit, calls) }
  }

  refused(refusal: Refusal): void {
    const { known } = this
    if (known === undefined) return
    const limit = afterRefusal(known.limit, refusal, this.#nowMs)
    if (limit !== known.limit) this.#known = { ...known, limit }
  }

  /** Lets more be tried where all places are taken and a process needs one. */
  raise(id: string, { active, needed }: PlacesInUse): void {
    const { known } = this
    if (known === undefined || needed === 0 || this.#nowMs < known.limit.trustedUntil) return
    if (this.holders.unitsOfOthers(id) + active >= known.limit.most)
      this.#known = { ...known, limit: raised(known.limit, this.#nowMs) }
  }

  /** How many a process may have in flight. */
  placesFor(id: string, { active, needed, recent }: PlacesInUse): number {
    const most = this.known?.limit.most ?? 0
    const room = Math.max(0, most - this.holders.unitsOfOthers(id))
    const waiting = this.holders.othersWaiting(id)
    if (waiting === 0) return Math.min(room, Math.max(active + needed, recent))
    // What the content leave is shared by those who need more.
    const share = Math.floor((most - this.holders.unitsOfContent(id)) / (waiting + 1))
    // Where there is not one for each, it goes round.
    if (share === 0) return active === 0 && this.holders.unitsOf(id) === 0 ? Math.min(room, 1) : 0
    const rest = most - this.holders.unitsOfOthers(id, share)
    return Math.min(room, active + needed, Math.max(share, Math.min(rest, share + 1)))
  }

  /** Whether nothing has changed, and a process holds so much already. */
  isSame(id: string, places: number, isWaiting: boolean): boolean {
    return this.#known === this.#stored && (this.known === undefined || this.holders.holds(id, places, isWaiting))
  }

  toStored(): StoredConcurrency | undefined {
    if (this.#known === undefined) return undefined
    const { limit, since } = this.#known
    return { ...limit, since, holders: this.holders.toStored() }
  }

  /** After how long nothing of it matters any more. */
  get ttlMs(): number {
    return this.#known === undefined ? 0 : KEPT_MS + Math.max(0, this.#known.limit.trustedUntil - this.#nowMs)
  }
}
