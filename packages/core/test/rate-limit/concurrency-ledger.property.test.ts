import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConcurrencyLedger } from '../../src/rate-limit/concurrency-ledger.ts'
import type { StoredConcurrency } from '../../src/rate-limit/stored-limit.ts'

const ids = ['a', 'b', 'c', 'd'] as const

/** A process says what it does: the share of its places that are in flight, how many calls need one, how many it had lately. */
const turn = fc.record({
  id: fc.constantFrom(...ids),
  used: fc.double({ min: 0, max: 1, noNaN: true }),
  needed: fc.nat(12),
  recent: fc.nat(12),
  afterMs: fc.nat(400),
})

describe('ConcurrencyLedger, whatever processes do', () => {
  it('never lets them hold more together than go through', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(turn, { maxLength: 60 }), (most, turns) => {
        let nowMs = 1_000
        const begun = new ConcurrencyLedger(undefined, nowMs)
        begun.add(most)
        let stored: StoredConcurrency | undefined = begun.toStored()
        for (const { id, used, needed, recent, afterMs } of turns) {
          nowMs += afterMs
          const ledger = new ConcurrencyLedger(stored, nowMs)
          const active = Math.round(used * ledger.holders.unitsOf(id))
          const places = ledger.placesFor(id, { active, needed, recent })
          ledger.holders.hold(id, Math.max(places, active), active + needed > places)
          stored = structuredClone(ledger.toStored())
          const all = Object.values(stored?.holders ?? {}).reduce((sum, { units }) => sum + units, 0)
          expect(all).toBeLessThanOrEqual(most)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('lets each of them that has calls have a place again and again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.infiniteStream(fc.nat(2)), (most, picks) => {
        const places = new Map<string, number>(ids.map((id) => [id, 0]))
        const had = new Map<string, number>(ids.map((id) => [id, 0]))
        const begun = new ConcurrencyLedger(undefined, 1_000)
        begun.add(most)
        let stored = begun.toStored()
        // Who has just spoken speaks again after the others at the soonest.
        const order = [...ids] as string[]
        for (let turns = 0; turns < 1_000; turns++) {
          const [id] = order.splice(picks.next().value as number, 1) as [string]
          order.push(id)
          const ledger = new ConcurrencyLedger(stored, 1_000 + turns)
          // All that it may have is in flight; where it may have nothing, what it had has come to its end.
          const active = places.get(id) as number
          const may = ledger.placesFor(id, { active, needed: 9, recent: active })
          ledger.holders.hold(id, may, true)
          places.set(id, may)
          if (may > 0) had.set(id, (had.get(id) as number) + 1)
          stored = structuredClone(ledger.toStored())
        }
        // Who asks first gets what is free, so that it is a matter of chance: with one place for all it is some fifty times.
        for (const turnsWithPlaces of had.values()) expect(turnsWithPlaces).toBeGreaterThan(10)
      }),
      { numRuns: 50 },
    )
  })
})
