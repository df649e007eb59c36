import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { TimerAnchor } from '../../src/timeout/timer-anchor.ts'

/** A clock that counts the background timers that are set. */
function countingClock() {
  const clock = fakeClock()
  const set: number[] = []
  const schedule: Clock['schedule'] = (ms, callback, options) => {
    if (options?.background === true) set.push(ms)
    return clock.schedule(ms, callback, options)
  }
  return { clock: { ...clock, schedule }, advance: clock.advance, set }
}

describe('TimerAnchor', () => {
  it('sets one idle timer of the length at the 64th start, and the next when that is over', async () => {
    const { clock, advance, set } = countingClock()
    const anchor = new TimerAnchor(clock, 1_000)
    const start = (times: number) => Array.from({ length: times }, () => anchor.note())
    start(63)
    expect(set).toEqual([])
    start(1_000)
    expect(set).toEqual([1_000])
    await advance(1_000)
    start(64)
    expect(set).toEqual([1_000, 1_000])
  })

  it('sets none for an endless limit', () => {
    const { clock, set } = countingClock()
    const anchor = new TimerAnchor(clock, Infinity)
    for (let start = 0; start < 200; start++) anchor.note()
    expect(set).toEqual([])
  })

  it('leaves no timer when it is disposed of', async () => {
    const clock = fakeClock()
    let fired = 0
    const schedule: Clock['schedule'] = (ms, callback, options) =>
      clock.schedule(ms, () => (fired++, callback()), options)
    const anchor = new TimerAnchor({ ...clock, schedule }, 1_000)
    for (let start = 0; start < 64; start++) anchor.note()
    anchor.dispose()
    await clock.advance(2_000)
    expect(fired).toBe(0)
  })
})
