import type { StateLink } from '../state/state-link.ts'
import { ConcurrencyLedger, type KnownConcurrency, type PlacesInUse } from './concurrency-ledger.ts'
import type { Refusal } from './concurrency-limit.ts'
import { ConcurrencyQuota } from './concurrency-quota.ts'
import type { StoredConcurrency, StoredLimit } from './stored-limit.ts'

// Who has no place asks so often whether others have given one back, and who waits for more so often.
const POLL_MS = 100
const PATIENT_POLL_MS = 250
// When a store is back, or a limit becomes known, everybody has said within this time what he has in flight.
const SILENCE_MS = 1_000

/** The calls of this process, by number. */
export interface LocalPlaces {
  readonly activeCalls: () => number
  /** Calls that need a place. */
  readonly neededCalls: () => number
  /** Brings what is stored up to date. */
  readonly report: () => void
}

/** What becomes of what is stored. */
export interface ReconciledConcurrency {
  readonly isSame: boolean
  readonly stored: Pick<StoredLimit, 'concurrency'>
  readonly ttlMs: number
  readonly commit: () => void
}

/**
 * The part of this process in the calls at a time that a provider takes from several. One process is refused, and stores how many
 * went through; each that hears of it adds its own. From then on a process has as many in flight as it holds places: it keeps them
 * from call to call, so that a call seldom waits for the store, and what is held by a process that is not heard of any more is free.
 */
export class SharedConcurrency {
  readonly #link: StateLink
  readonly #id: string
  readonly #calls: LocalPlaces
  /** What was stored last. */
  #known: KnownConcurrency | undefined
  /** What this process keeps to as long as nothing is stored, and when the store fails. */
  #alone: ConcurrencyQuota | undefined
  /** When this process has added what went through here, and how much that was. */
  #addedAtMs = -Infinity
  #added = 0
  /** What it has added too much. */
  #excess = 0
  /** Calls that were refused, and are not reported. */
  readonly #refused: Refusal[] = []
  #places = 0
  #heldUntilMs = -Infinity
  /** With what was to be given back and is still in flight. */
  #held = 0
  /** Whether the others leave something for calls that wait here. */
  #isWaiting = false
  #ofOthers = 0
  #growsAtMs = -Infinity
  /** When it is worth asking for more. */
  #askAtMs = -Infinity
  /** How many were active at a time since the store was asked last, and before that. */
  #most = 0
  #mostBefore = 0

  constructor(link: StateLink, id: string, calls: LocalPlaces) {
    this.#link = link
    this.#id = id
    this.#calls = calls
  }

  /** Whether others have something in flight, as far as is known. */
  get isUsedByOthers(): boolean {
    return !this.#isAlone && this.#ofOthers > 0
  }

  /** Whether the others have to hear of this process. */
  get hasNews(): boolean {
    if (this.#known === undefined) return false
    const isInUse = this.#held > 0 || this.#isWaiting || this.#calls.activeCalls() > 0
    return isInUse || this.#excess > 0 || this.#refused.length > 0
  }

  /** Who waited starts as soon as there is a place; `undefined` as long as nothing is known. */
  get paceMs(): number | undefined {
    return this.#alone === undefined ? undefined : 0
  }

  /** When a call may start after `taken` others: an estimate, unless it may start now. */
  startMs(taken: number, nowMs: number): number {
    return this.#alone?.startMs(taken, 1, nowMs, this.#isAlone ? undefined : this.#placesAt(nowMs)) ?? nowMs
  }

  /** Whether the store should be asked before so many more are judged. */
  isShort(more: number, nowMs: number): boolean {
    if (this.#known === undefined || nowMs < this.#askAtMs) return false
    return this.#calls.activeCalls() + this.#calls.neededCalls() + more > this.#placesAt(nowMs)
  }

  /** When to ask the store again for calls that wait; `Infinity`: they do not wait for it. */
  askMs(nowMs: number): number {
    return this.#isAlone || this.#calls.activeCalls() < this.#placesAt(nowMs) ? Infinity : this.#askAtMs
  }

  started(nowMs: number): void {
    this.#most = Math.max(this.#most, this.#calls.activeCalls())
    if (!this.#isAlone) return
    this.#alone?.started(nowMs, this.#calls.activeCalls())
    if (this.#alone?.isOver === true) this.#alone = undefined
  }

  finished(startedAtMs: number, isSuccess: boolean, nowMs: number): void {
    this.#alone?.finished({ startedAtMs, isSuccess }, nowMs)
    // Others wait for the place that it had.
    if (!this.#isAlone && this.#held > Math.max(this.#places, this.#calls.activeCalls())) this.#calls.report()
  }

  /** A call was one too many. @param most - How many of this process went through, or may have. */
  crowded(most: number, startedAtMs: number, nowMs: number): void {
    if (this.#alone === undefined) this.#alone = new ConcurrencyQuota(most, nowMs)
    else if (this.#isAlone) this.#alone.refused(startedAtMs, nowMs)
    else if (startedAtMs < this.#addedAtMs) this.#correct(most)
    else this.#refused.push({ startedAtMs, inFlight: this.#calls.activeCalls() })
    this.#calls.report()
  }

  reconcile(stored: StoredConcurrency | undefined, storeMs: number, isClosed: boolean): ReconciledConcurrency {
    const ledger = new ConcurrencyLedger(stored, storeMs)
    const added = this.#bringIn(ledger, stored)
    const use: PlacesInUse = {
      active: this.#calls.activeCalls(),
      needed: this.#calls.neededCalls(),
      recent: isClosed ? 0 : Math.max(this.#most, this.#mostBefore),
    }
    ledger.raise(this.#id, use)
    const isKnown = ledger.known !== undefined
    const places = isKnown ? Math.min(ledger.placesFor(this.#id, use), this.#mostAfterSilence(ledger, use.active)) : 0
    const held = isKnown ? Math.max(places, use.active) : 0
    const isWaiting = use.active + use.needed > places
    // What is given back is not used any more, whatever becomes of this exchange.
    this.#places = Math.min(this.#places, places)
    const isSame = ledger.isSame(this.#id, held, isWaiting)
    if (isKnown && !isSame) ledger.holders.hold(this.#id, held, isWaiting)
    const concurrency = ledger.toStored()
    const reported = { refused: this.#refused.length, excess: this.#excess }
    return {
      isSame,
      stored: concurrency === undefined ? {} : { concurrency },
      ttlMs: ledger.ttlMs,
      commit: () => {
        this.#refused.splice(0, reported.refused)
        this.#excess -= reported.excess
        this.#places = places
        this.#held = held
        this.#commit(ledger, isWaiting, added)
      },
    }
  }

  /** Who has more in flight than others could know takes no more at first: they may have, too, and have not said so yet. */
  #mostAfterSilence({ holders }: ConcurrencyLedger, active: number): number {
    const nowMs = this.#link.clock.monotonicMs()
    const held = holders.unitsOf(this.#id)
    if (active > held) this.#growsAtMs = nowMs + SILENCE_MS
    return nowMs < this.#growsAtMs ? Math.max(active, held) : Infinity
  }

  /** Adds what is known here. Returns how many went through here, where that was not stored yet. */
  #bringIn(ledger: ConcurrencyLedger, stored: StoredConcurrency | undefined): number | undefined {
    const known = this.#known
    if (stored === undefined && known !== undefined) ledger.restore(known)
    if (known !== undefined && known.since === (stored?.since ?? known.since)) {
      if (this.#excess > 0) ledger.add(-this.#excess)
      for (const { startedAtMs, inFlight } of this.#refused)
        ledger.refused({ startedAtMs: this.#link.toEarliestStoreMs(startedAtMs), inFlight })
      return undefined
    }
    const isFirst = ledger.known === undefined
    if (isFirst && (known !== undefined || this.#alone === undefined)) return undefined
    const added = known === undefined && this.#alone !== undefined ? this.#alone.most : this.#calls.activeCalls()
    ledger.add(added)
    return added
  }

  #commit({ known, holders }: ConcurrencyLedger, isWaiting: boolean, added: number | undefined): void {
    const nowMs = this.#link.clock.monotonicMs()
    const isOver = known === undefined && this.#known !== undefined
    this.#known = known
    this.#isWaiting = isWaiting
    this.#ofOthers = holders.unitsOfOthers(this.#id)
    this.#heldUntilMs = nowMs + holders.heldUntilMs(this.#id) - this.#link.toStoreMs(nowMs)
    this.#askAtMs = isWaiting ? nowMs + (this.#places > 0 ? PATIENT_POLL_MS : POLL_MS) : nowMs
    this.#mostBefore = this.#most
    this.#most = this.#calls.activeCalls()
    if (isOver) this.#alone = undefined
    if (known === undefined) return
    if (added !== undefined) {
      this.#added = added
      this.#addedAtMs = nowMs
      // Refusals that came meanwhile.
      if (this.#alone !== undefined) this.#correct(this.#alone.most)
    }
    const part = Math.max(1, Math.floor(known.limit.most / holders.processes(this.#id)))
    this.#alone ??= new ConcurrencyQuota(part, nowMs)
    this.#alone.keepTo(part, nowMs)
  }

  /** Fewer went through here than was added. */
  #correct(most: number): void {
    const excess = Math.max(0, this.#added - Math.floor(most))
    this.#added -= excess
    this.#excess += excess
  }

  get #isAlone(): boolean {
    return this.#known === undefined || this.#link.isDown
  }

  #placesAt(nowMs: number): number {
    return nowMs < this.#heldUntilMs ? this.#places : 0
  }
}
