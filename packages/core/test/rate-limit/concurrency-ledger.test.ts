import { describe, expect, it } from 'vitest'
import { ConcurrencyLedger, type PlacesInUse } from '../../src/rate-limit/concurrency-ledger.ts'
import type { StoredConcurrency } from '../../src/rate-limit/stored-limit.ts'

const busy = (active: number, needed = 100): PlacesInUse => ({ active, needed, recent: active })
const idle: PlacesInUse = { active: 0, needed: 0, recent: 0 }

/** Changes what is stored, as one process after the other does; at first ten calls at a time are known. */
function ledgers(most = 10) {
  let stored: StoredConcurrency | undefined
  const at = (nowMs: number): ConcurrencyLedger => new ConcurrencyLedger(stored, nowMs)
  const change = (nowMs: number, work: (ledger: ConcurrencyLedger) => void): ConcurrencyLedger => {
    const ledger = at(nowMs)
    work(ledger)
    stored = structuredClone(ledger.toStored())
    return ledger
  }
  /** A process says what it does. Returns how many it may have in flight. */
  const say = (id: string, use: PlacesInUse, nowMs = 1_000): number => {
    let places = 0
    change(nowMs, (ledger) => {
      places = ledger.placesFor(id, use)
      ledger.holders.hold(id, Math.max(places, use.active), use.active + use.needed > places)
    })
    return places
  }
  change(1_000, (ledger) => ledger.add(most))
  return { at, change, say, most: (nowMs = 1_000) => at(nowMs).known?.limit.most }
}

const refusal = (startedAtMs: number, inFlight = 0) => ({ startedAtMs, inFlight })

describe('ConcurrencyLedger', () => {
  it('adds what went through in each process, takes back what was too much, and keeps one at least', () => {
    const { change, most } = ledgers(3)
    change(1_000, (ledger) => ledger.add(4))
    expect(most()).toBe(7)
    change(1_000, (ledger) => ledger.add(-2))
    expect(most()).toBe(5)
    change(1_000, (ledger) => ledger.add(-9))
    expect(most()).toBe(1)
  })

  it('allows one less with every refusal, but no less than are in flight', () => {
    const { change, most } = ledgers(5)
    change(1_000, (ledger) => ledger.refused(refusal(900)))
    expect(most()).toBe(4)
    change(1_000, (ledger) => ledger.refused(refusal(900, 4)))
    expect(most()).toBe(4)
    change(1_000, (ledger) => ledger.refused(refusal(900, 9)))
    expect(most()).toBe(4)
  })

  it('gives one process as many as it needs while nobody else does, and lets it keep what it used lately', () => {
    const { say } = ledgers()
    expect(say('a', { active: 0, needed: 4, recent: 0 })).toBe(4)
    expect(say('a', { active: 1, needed: 0, recent: 4 })).toBe(4)
    expect(say('a', busy(4))).toBe(10)
    expect(say('a', idle)).toBe(0)
  })

  it('never gives more than there is, and shares it by what each needs', () => {
    const { say } = ledgers()
    expect(say('a', busy(0))).toBe(10)
    expect(say('b', busy(0))).toBe(0)
    expect(say('a', busy(10))).toBe(5)
    expect(say('b', busy(0))).toBe(0)
    expect(say('a', busy(5))).toBe(5)
    expect(say('b', busy(0))).toBe(5)
    expect(say('c', { active: 0, needed: 1, recent: 0 })).toBe(0)
    expect(say('a', busy(5))).toBe(3)
    expect(say('a', busy(3))).toBe(3)
    expect(say('c', { active: 0, needed: 1, recent: 0 })).toBe(1)
    expect(say('b', busy(5))).toBe(5)
    expect(say('a', busy(3))).toBe(4)
  })

  it('goes round where there is not a place for each', () => {
    const { say } = ledgers(1)
    expect(say('a', busy(0))).toBe(1)
    expect(say('b', busy(0))).toBe(0)
    expect(say('a', busy(1))).toBe(0)
    expect(say('a', busy(0))).toBe(0)
    expect(say('b', busy(0))).toBe(1)
    expect(say('a', busy(0))).toBe(0)
  })

  it('has back what a process held that is not heard of for five seconds', () => {
    const { say } = ledgers()
    say('a', busy(0))
    expect(say('b', busy(0), 5_999)).toBe(0)
    expect(say('b', busy(0), 6_000)).toBe(10)
  })

  it('tries more after 20 seconds where all places are taken and somebody needs one', () => {
    const { change, say, most } = ledgers()
    const raise = (use: PlacesInUse, nowMs: number) => change(nowMs, (ledger) => ledger.raise('a', use))
    say('b', busy(0, 4), 20_900)
    raise(busy(6), 20_999)
    raise(busy(5), 21_000)
    raise(busy(6, 0), 21_000)
    expect(most()).toBe(10)
    raise(busy(6), 21_000)
    expect(most()).toBe(11)
    raise(busy(7), 21_000)
    expect(most()).toBe(11)
    change(22_000, (ledger) => ledger.refused(refusal(21_500)))
    expect(most()).toBe(10)
    change(22_100, (ledger) => ledger.refused(refusal(21_600)))
    expect(most()).toBe(10)
  })

  it('forgets what it knew when much more was tried, and begins anew with the next refusal only', () => {
    const { at, change } = ledgers()
    const known = at(1_000).known!
    for (let atMs = 21_000; at(atMs).known !== undefined; atMs += 20_000)
      change(atMs, (ledger) => ledger.raise('a', busy(1_000)))
    change(500_000, (ledger) => ledger.restore(known))
    expect(at(500_000).known).toBeUndefined()
    change(500_000, (ledger) => ledger.add(3))
    expect(at(500_000).known).toMatchObject({ limit: { most: 3, raises: 0 }, since: 500_000 })
  })

  it('is the same only while nothing is learned and a process holds what it held', () => {
    const { at, say } = ledgers()
    say('a', busy(4, 0))
    expect(at(1_000).isSame('a', 4, false)).toBe(true)
    expect(at(1_000).isSame('a', 5, false)).toBe(false)
    expect(at(3_500).isSame('a', 4, false)).toBe(false)
    const ledger = at(1_000)
    ledger.refused(refusal(900))
    expect(ledger.isSame('a', 4, false)).toBe(false)
  })

  it('is kept for a minute after it is trusted no more', () => {
    const { at } = ledgers()
    expect([1_000, 11_000, 21_000, 90_000].map((nowMs) => at(nowMs).ttlMs)).toEqual([80_000, 70_000, 60_000, 60_000])
  })

  it('keeps one at least when less went through than was added, and what was tried beyond it is too much', () => {
    const { change, most } = ledgers(2)
    change(21_000, (ledger) => ledger.raise('a', busy(2)))
    change(21_000, (ledger) => ledger.add(-2))
    change(21_100, (ledger) => ledger.refused(refusal(21_050)))
    expect(most(21_100)).toBe(1)
  })

  it('learns on when the clock of the store was set back', () => {
    const { change, most } = ledgers(5)
    const [lateMs, nowMs] = [10_000_000, 1_000]
    change(lateMs, (ledger) => ledger.raise('a', busy(5)))
    change(lateMs, (ledger) => ledger.refused(refusal(lateMs)))
    change(nowMs, (ledger) => ledger.refused(refusal(nowMs)))
    expect(most()).toBe(4)
    for (let atMs = nowMs; atMs < nowMs + 60_000; atMs += 2_500) change(atMs, (ledger) => ledger.raise('a', busy(4)))
    expect(most(nowMs + 60_000)).toBe(5)
  })

  it('restores what was learned by another clock of the store', () => {
    const { at } = ledgers(5)
    const known = at(1_000).known!
    const limit = { ...known.limit, fellAt: 9e9, trustedUntil: 9e9 }
    const ledger = new ConcurrencyLedger(undefined, 1_000)
    ledger.restore({ since: known.since, limit })
    ledger.refused(refusal(1_000))
    expect(ledger.known?.limit.most).toBe(4)
    expect(ledger.ttlMs).toBe(80_000)
  })
})
