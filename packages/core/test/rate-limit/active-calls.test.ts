import { describe, expect, it } from 'vitest'
import { ActiveCalls } from '../../src/rate-limit/active-calls.ts'
import { SuccessLog } from '../../src/rate-limit/success-log.ts'

function startedWith(...costs: readonly (number | undefined)[]): ActiveCalls {
  const active = new ActiveCalls()
  for (const cost of costs) active.started(cost)
  return active
}

describe('ActiveCalls', () => {
  it('counts what calls take, and those of which nobody knows it', () => {
    const active = startedWith(2, undefined, 0.5)
    expect([active.calls, active.units, active.unpriced]).toEqual([3, 2.5, 1])
    active.ended(2)
    active.ended(undefined)
    expect([active.calls, active.units, active.unpriced]).toEqual([1, 0.5, 0])
  })

  it('takes those in flight for what goes through, and those that went through since the refused call began', () => {
    const active = startedWith(1, 1, 1, 1, 1)
    const successes = new SuccessLog()
    for (const atMs of [10, 30]) {
      active.ended(1)
      successes.add(1, atMs)
    }
    active.ended(1)
    expect([0, 20, 40].map((startedAtMs) => active.beside(startedAtMs, 1, successes))).toEqual([4, 3, 2])
  })

  it('counts what went through by calls, whatever they take', () => {
    const active = startedWith(100, 100, 100)
    const successes = new SuccessLog()
    active.ended(100)
    successes.add(100, 10)
    active.ended(100)
    expect(active.beside(0, 100, successes)).toBe(2)
  })

  it('takes no more for what goes through than were in flight at once, since nothing was', () => {
    const active = startedWith(1, 1, 1, 1)
    for (let call = 0; call < 4; call++) active.ended(1)
    active.started(1)
    const successes = new SuccessLog()
    successes.add(40, 10)
    active.started(1)
    active.ended(1)
    expect(active.beside(0, 1, successes)).toBe(1)
  })
})
