import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { CallLog } from '../../src/rate-limit/call-log.ts'

const steps = fc.array(
  fc.record({ afterMs: fc.nat(50), units: fc.integer({ min: 1, max: 5 }), forgets: fc.boolean() }),
  { minLength: 1, maxLength: 200 },
)

it('a log of calls counts what ended in a window, as a list of all of them does', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 500 }), (calls, windowMs) => {
      const log = new CallLog()
      const model: { readonly atMs: number; readonly units: number }[] = []
      let nowMs = 0
      for (const { afterMs, units, forgets } of calls) {
        nowMs += afterMs
        log.add(units, nowMs, -1)
        model.push({ atMs: nowMs, units })
        const sinceMs = nowMs - windowMs
        const inWindow = model.filter(({ atMs }) => atMs > sinceMs)
        const sum = inWindow.reduce((total, one) => total + one.units, 0)
        if (forgets) {
          log.forget(sinceMs)
          expect(log.units).toBe(sum)
        }
        expect(log.unitsSince(sinceMs)).toBe(sum)
        expect(log.endOf(1, sinceMs)).toBe(inWindow[0]?.atMs)
        expect(log.endOf(sum, sinceMs)).toBe(nowMs)
        expect(log.endOf(sum + 1, sinceMs)).toBeUndefined()
        expect(log.newestMs).toBe(nowMs)
      }
      log.forget(nowMs)
      expect([log.isEmpty, log.units, log.newestMs]).toEqual([true, 0, undefined])
    }),
  )
})

it('a log of calls keeps those of one step together, as long as the step is and not longer', () => {
  const log = new CallLog()
  for (let atMs = 0; atMs <= 100; atMs++) log.add(1, atMs, 10)
  // The first step ends after ten milliseconds, though one call follows the other.
  expect(log.endOf(1, -1)).toBe(10)
  expect(log.endOf(12, -1)).toBe(21)
  log.forget(10)
  expect(log.units).toBe(90)
})
