import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import { type Reconciled, SharedRecord } from '../state/shared-record.ts'
import type { StateLink } from '../state/state-link.ts'
import { DeclaredQuota } from './declared-quota.ts'
import { isSharedReading, type LedgerCall, LimitLedger } from './limit-ledger.ts'
import type { DeclaredLimit } from './limit-quotas.ts'
import type { LocalCalls } from './local-calls.ts'
import { RecentUsage } from './recent-usage.ts'
import { SharedConcurrency } from './shared-concurrency.ts'
import { parseLimit, type StoredLimit } from './stored-limit.ts'

// Who waits for others asks so often whether they have given something back: a part of the shortest window, within bounds.
const POLLS_PER_WINDOW = 40
const SHORTEST_POLL_MS = 25
const LONGEST_POLL_MS = 250
// What was sent is told to the others within this part of the shortest window.
const REPORTS_PER_WINDOW = 20
const SHORTEST_REPORT_MS = 50
const LONGEST_REPORT_MS = 1_000
// Who has places of a limit of calls at a time hears so often whether others need them.
const PLACES_REPORT_MS = 250
const MAX_UNREPORTED = 1_000

/** What came of a call. */
export interface SharedCall {
  readonly startedAtMs: number
  readonly isSuccess: boolean
  readonly readings: readonly RateLimitReading[]
}

/**
 * The share of this process in a limit of several. Where a limit is declared, or answers tell of one, a process sends only what
 * it holds: units that it has taken out of the store beforehand, some more than it needs, so that a call seldom waits for the
 * store. What it sent and what it does not need it gives back. Where nothing is known of a limit, only pauses are shared.
 */
export class SharedLimit {
  readonly record: SharedRecord<StoredLimit>
  readonly concurrency: SharedConcurrency
  readonly #link: StateLink
  readonly #limits: readonly DeclaredLimit[]
  readonly #calls: LocalCalls
  readonly #id: string
  /** What this process keeps to when the store fails. */
  readonly #alone: readonly { readonly quota: DeclaredQuota; readonly limit: number }[]
  /** What it holds, with what has ended and is not reported; and until when. */
  #held = 0
  #heldUntilMs = -Infinity
  /** On the clock of this process. */
  readonly #unreported: LedgerCall[] = []
  #unreportedUnits = 0
  #pause: { readonly untilMs: number; readonly isExhausted: boolean } | undefined
  #isBinding: boolean
  #processes = 1
  /** The ledger as it was stored last. */
  #ledger: LimitLedger | undefined
  /** When it is worth asking for more. */
  #askAtMs = -Infinity
  readonly #usage = new RecentUsage()
  /** What each call needs that waits for an answer of the store. */
  readonly #announced: number[] = []
  #cancelTimer: (() => void) | undefined
  #isClosed = false

  constructor(link: StateLink, key: string, limits: readonly DeclaredLimit[], calls: LocalCalls) {
    this.#link = link
    this.#limits = limits
    this.#calls = calls
    this.#id = link.random.uuid()
    this.#alone = limits.map(({ limit, windowMs }) => ({ quota: new DeclaredQuota(limit, windowMs), limit }))
    this.#isBinding = limits.length > 0
    this.concurrency = new SharedConcurrency(link, this.#id, {
      activeCalls: calls.activeCalls,
      neededCalls: () => calls.waitingCalls() + this.#announced.length,
      report: () => void this.record.sync(),
    })
    this.record = new SharedRecord(link, {
      key,
      parse: parseLimit,
      reconcile: (stored, storeMs) => this.#reconcile(stored, storeMs),
    })
  }

  /** When a call may start after others that take `taken`, those in flight included. */
  startMs(taken: number, units: number, nowMs: number): number {
    if (!this.#isBinding || units === 0) return nowMs
    if (this.#link.isDown) return this.#aloneMs(taken, units, nowMs)
    if (this.#covers(taken + units, nowMs)) return nowMs
    const wanted = (this.#ledger?.holders.unitsOfOthers(this.#id) ?? 0) + taken + units
    const freeMs = this.#ledger === undefined ? nowMs : this.#link.toLocalMs(this.#ledger.freeAtMs(wanted))
    return Math.max(freeMs, this.#askAtMs, nowMs + 1)
  }

  /** Whether the store should be asked before a call is judged. */
  isShort(units: number, nowMs: number): boolean {
    return this.#isShortOf(units, 1, nowMs)
  }

  /** Asks for what a call needs, which waits for the answer. */
  async ask(units: number): Promise<void> {
    this.#announced.push(units)
    // What is under way may bring enough for all who ask.
    await this.record.running
    if (this.#isShortOf(0, 0, this.#link.clock.monotonicMs())) await this.record.sync()
    this.#unannounce(units)
  }

  /** Asks for news that a call waits for. Where they are the first to tell of a limit, they bring what the call needs. */
  async hear(units: number): Promise<void> {
    this.#announced.push(units)
    await this.record.sync()
    this.#unannounce(units)
  }

  /** To be called when calls wait: asks the store when that is worth it, and says when to look again. */
  lookAgainMs(nowMs: number): number {
    const isCovered = this.#covers(this.#calls.activeUnits() + this.#calls.firstUnits(), nowMs)
    const unitsMs = !this.#isBinding || this.#link.isDown || isCovered ? Infinity : this.#askAtMs
    const askMs = Math.min(unitsMs, this.concurrency.askMs(nowMs))
    if (nowMs >= askMs && this.record.running === undefined) void this.record.sync()
    return Math.max(askMs, nowMs + SHORTEST_POLL_MS)
  }

  started(units: number, nowMs: number): void {
    this.#usage.started(units, nowMs)
    this.concurrency.started(nowMs)
    if (this.concurrency.hasNews) this.#schedule()
    if (!this.#isBinding || this.record.running !== undefined || nowMs < this.#askAtMs) return
    // More is taken before it is needed.
    if (this.#calls.activeUnits() + this.#unreportedUnits > this.#held / 2) void this.record.sync()
  }

  finished({ startedAtMs, isSuccess, readings }: SharedCall, units: number, nowMs: number): void {
    for (const { quota } of this.#alone) quota.finished({ cost: units }, nowMs)
    this.concurrency.finished(startedAtMs, isSuccess, nowMs)
    const told = readings.filter(isSharedReading)
    if (!this.#isBinding && told.length === 0) return
    this.#unreported.push({ startedMs: startedAtMs, endedMs: nowMs, isSuccess, units, readings: told })
    this.#unreportedUnits += units
    // While the store is away nobody counts anyway.
    if (this.#unreported.length > MAX_UNREPORTED) this.#unreportedUnits -= this.#unreported.shift()?.units ?? 0
    if (this.#isBinding) this.#schedule()
    else void this.record.sync()
  }

  /** A pause that this process was told. */
  paused(untilMs: number, isExhausted: boolean): void {
    this.#pause = { untilMs, isExhausted }
    void this.record.sync()
  }

  /** Gives back what is not needed for the calls that are under way. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#reschedule()
    return this.#held > 0 || this.concurrency.hasNews ? this.record.sync() : Promise.resolve()
  }

  #covers(units: number, nowMs: number): boolean {
    return nowMs < this.#heldUntilMs && units <= this.#held - this.#unreportedUnits
  }

  /** Whether the store would be worth asking if it were for so much more than is needed already. */
  #isShortOf(units: number, calls: number, nowMs: number): boolean {
    if (this.concurrency.isShort(calls, nowMs)) return true
    const needed = this.#neededUnits + units
    if (!this.#isBinding || needed === 0 || nowMs < this.#askAtMs) return false
    return !this.#covers(this.#calls.activeUnits() + needed, nowMs)
  }

  /** Without the store, each process keeps to its part of what is declared, as far as it knows how many there are. */
  #aloneMs(taken: number, units: number, nowMs: number): number {
    let startMs = nowMs
    for (const { quota, limit } of this.#alone) {
      const part = Math.max(units, Math.floor(limit / this.#processes))
      startMs = Math.max(startMs, quota.startMs(taken + Math.max(0, limit - part), units, nowMs))
    }
    return startMs
  }

  #reconcile(stored: StoredLimit | undefined, storeMs: number): Reconciled<StoredLimit> {
    const ledger = new LimitLedger(stored, this.#limits, storeMs)
    const concurrency = this.concurrency.reconcile(stored?.concurrency, storeMs, this.#isClosed)
    const calls = this.#unreported.length
    const pause = this.#pause
    const link = this.#link
    for (const call of this.#unreported) {
      const startedMs = link.toEarliestStoreMs(call.startedMs)
      ledger.finished({ ...call, startedMs, endedMs: link.toStoreMs(call.endedMs) })
    }
    if (pause !== undefined) ledger.pause(link.toStoreMs(pause.untilMs), pause.isExhausted)
    const held = this.#wanted(ledger)
    // What is given back is not used any more, whatever becomes of this exchange.
    this.#held = Math.min(this.#held, held + this.#unreportedUnits)
    const isWaiting = this.#calls.activeUnits() + this.#neededUnits > held
    const isSame = calls === 0 && pause === undefined && ledger.holds(this.#id, held, isWaiting)
    if (ledger.isBinding && !isSame) ledger.hold(this.#id, held, isWaiting)
    const commit = (): void => {
      concurrency.commit()
      this.#commit(ledger, { calls, pause, held, storeMs, until: ledger.holders.heldUntilMs(this.#id) })
    }
    if (isSame && concurrency.isSame) return { commit }
    const value = { ...ledger.toStored(), ...concurrency.stored }
    return { write: { value, ttlMs: Math.max(ledger.ttlMs, concurrency.ttlMs) }, commit }
  }

  get #neededUnits(): number {
    return this.#announced.reduce((sum, units) => sum + units, this.#calls.waitingUnits())
  }

  /** What the call needs whose turn is next; 0: nobody asks for anything. */
  get #nextUnits(): number {
    return this.#calls.firstUnits() || (this.#announced[0] ?? 0)
  }

  #unannounce(units: number): void {
    this.#announced.splice(this.#announced.indexOf(units), 1)
  }

  /** What this process should hold: what is in flight, what waits, and what it will need next. */
  #wanted(ledger: LimitLedger): number {
    const activeUnits = this.#calls.activeUnits()
    const neededUnits = this.#neededUnits
    const callUnits = Math.max(1, this.#nextUnits)
    const room = Math.max(0, ledger.capacity(callUnits) - ledger.holders.unitsOfOthers(this.#id) - activeUnits)
    if (!ledger.isBinding) return activeUnits
    // Those who wait share what there is. For what may come something is taken only while more than half is left.
    const share = Math.max(callUnits, Math.ceil(room / (ledger.holders.othersWaiting(this.#id) + 1)))
    const spare = Math.floor((room - ledger.limit / 2) / 2)
    // Who is busy holds what it needs for a while.
    const recentUnits = this.#isClosed ? 0 : this.#usage.mostUnits(this.#link.clock.monotonicMs())
    const reserve = Math.max(0, Math.min(2 * recentUnits, spare))
    return activeUnits + Math.min(room, neededUnits > 0 ? Math.min(neededUnits, share) : reserve)
  }

  #commit(ledger: LimitLedger, done: Done): void {
    const link = this.#link
    const nowMs = link.clock.monotonicMs()
    for (const { units } of this.#unreported.splice(0, done.calls)) this.#unreportedUnits -= units
    if (this.#pause === done.pause) this.#pause = undefined
    this.#ledger = ledger
    this.#isBinding = ledger.isBinding
    this.#processes = ledger.holders.processes(this.#id)
    this.#held = done.held
    this.#heldUntilMs = nowMs + done.until - link.toStoreMs(nowMs)
    const nextUnits = this.#nextUnits
    const missing = this.#calls.activeUnits() + nextUnits
    const isEnough = nextUnits === 0 || this.#covers(missing, nowMs)
    const freeMs = link.toLocalMs(ledger.freeAtMs(ledger.holders.unitsOfOthers(this.#id) + missing))
    const pollMs = within(ledger.shortestWindowMs / POLLS_PER_WINDOW, SHORTEST_POLL_MS, LONGEST_POLL_MS)
    this.#askAtMs = isEnough ? nowMs : Math.max(nowMs + 1, Math.min(freeMs, nowMs + pollMs))
    if (ledger.pausedUntilMs > done.storeMs)
      this.#calls.pauseUntil(link.toLocalMs(ledger.pausedUntilMs), ledger.isExhausted)
    this.#reschedule()
    this.#calls.wake()
  }

  /** Tells the others what was sent, and renews what is held, as long as there is something to tell or to hold. */
  #schedule(): void {
    const { hasNews } = this.concurrency
    const isNeeded = this.#unreported.length > 0 || this.#held > 0 || hasNews
    if (!isNeeded || (this.#isClosed && !this.#isBusy)) return
    const report = (): void => {
      this.#cancelTimer = undefined
      void this.record.sync().then(() => {
        // Where the store failed, it has to hear of them when it is back.
        if (this.#isBusy) this.#schedule()
      })
    }
    const windowMs = this.#ledger?.shortestWindowMs ?? 0
    const reportMs = within(windowMs / REPORTS_PER_WINDOW, SHORTEST_REPORT_MS, LONGEST_REPORT_MS)
    const dueMs = hasNews ? Math.min(reportMs, PLACES_REPORT_MS) : reportMs
    this.#cancelTimer ??= this.#link.clock.schedule(dueMs, report, { background: true })
  }

  #reschedule(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#schedule()
  }

  /** Whether calls are in flight or wait. */
  get #isBusy(): boolean {
    return this.#calls.activeCalls() + this.#calls.waitingCalls() > 0
  }
}

function within(ms: number, leastMs: number, mostMs: number): number {
  return Math.min(Math.max(ms, leastMs), mostMs)
}

interface Done {
  readonly calls: number
  readonly pause: { readonly untilMs: number; readonly isExhausted: boolean } | undefined
  readonly held: number
  readonly storeMs: number
  readonly until: number
}
