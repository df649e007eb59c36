import { describe, expect, it } from 'vitest'
import type { Hit, Wait } from '../../src/rate-limit/bucket-call.ts'
import { LimitPause } from '../../src/rate-limit/limit-pause.ts'

const HOUR_MS = 3_600_000

function hitWith(wait: Wait, isExhausted = false): Hit {
  return { wait, isExhausted }
}

const unexplained = hitWith({ kind: 'unknown' })
const usedUp = hitWith({ kind: 'unknown' }, true)
const told = (ms: number, isExhausted = false): Hit => hitWith({ kind: 'told', ms }, isExhausted)
const documented = (ms: number): Hit => hitWith({ kind: 'documented', ms })

/** How long each pause is of calls that are sent as soon as the one before is over, and refused at once. */
function pausesOf(pause: LimitPause, hit: Hit, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => pause.prolong(hit, pause.untilMs, pause.untilMs)?.ms)
}

describe('LimitPause', () => {
  it('lasts as long as the answer says, and is news', () => {
    const pause = new LimitPause()
    expect(pause.untilMs).toBe(0)
    expect(pause.prolong(told(1_000), 0, 50)).toEqual({ ms: 1_000, isNews: true })
    expect([pause.untilMs, pause.backAtMs]).toEqual([1_050, 1_050])
  })

  it('is prolonged and never shortened, and what is little more is no news', () => {
    const pause = new LimitPause()
    pause.prolong(told(1_000), 0, 0)
    expect(pause.prolong(told(500), 0, 100)).toBeUndefined()
    expect(pause.untilMs).toBe(1_000)
    expect(pause.prolong(told(1_000), 0, 100)).toEqual({ ms: 1_000, isNews: false })
    expect(pause.prolong(told(1_001), 0, 200)).toEqual({ ms: 1_001, isNews: true })
    expect(pause.untilMs).toBe(1_201)
  })

  it('is news again once it was over, however short', () => {
    const pause = new LimitPause()
    pause.prolong(told(1_000), 0, 0)
    expect(pause.prolong(told(10), 1_000, 1_000)).toEqual({ ms: 10, isNews: true })
  })

  it('lasts an hour at most, and knows when the limit is back', () => {
    const pause = new LimitPause()
    expect(pause.prolong(told(3 * HOUR_MS, true), 0, 0)?.ms).toBe(HOUR_MS)
    expect([pause.untilMs, pause.backAtMs]).toEqual([HOUR_MS, 3 * HOUR_MS])
  })

  it('lasts twice as long each time that nothing explains it, from a second to half a minute', () => {
    expect(pausesOf(new LimitPause(), unexplained, 7)).toEqual([1, 2, 4, 8, 16, 32, 32].map((s) => s * 1_000))
  })

  it('lasts from a minute to half an hour where a quota is used up that does not say until when', () => {
    expect(pausesOf(new LimitPause(), usedUp, 7)).toEqual([1, 2, 4, 8, 16, 32, 32].map((minutes) => minutes * 60_000))
  })

  it('lasts twice as long each time also where the wait is only documented', () => {
    expect(pausesOf(new LimitPause(), documented(5_000), 3)).toEqual([5_000, 10_000, 20_000])
  })

  it('begins with the shortest again when something went through that was sent after it', () => {
    const pause = new LimitPause()
    pausesOf(pause, unexplained, 2)
    pause.succeeded(2_999)
    expect(pausesOf(pause, unexplained, 1)).toEqual([4_000])
    pause.succeeded(pause.untilMs)
    expect(pausesOf(pause, unexplained, 1)).toEqual([1_000])
  })

  it('takes the refusals of calls that were in flight together for one', () => {
    const pause = new LimitPause()
    pause.prolong(unexplained, 0, 0)
    expect(pause.prolong(unexplained, 0, 500)).toBeUndefined()
    expect(pause.prolong(documented(1_000), 0, 1_400)).toEqual({ ms: 1_000, isNews: true })
    expect(pausesOf(pause, unexplained, 1)).toEqual([2_000])
  })

  it('is longer at once where a quota turns out to be used up', () => {
    const pause = new LimitPause()
    pause.prolong(told(1_000), 0, 0)
    expect([0, 1_000].map((nowMs) => pause.isExhausted(nowMs))).toEqual([false, false])
    expect(pause.prolong(usedUp, 0, 500)).toEqual({ ms: 60_000, isNews: true })
    expect([500, 60_499, 60_500].map((nowMs) => pause.isExhausted(nowMs))).toEqual([true, true, false])
    expect(pause.prolong(usedUp, 0, 600)).toBeUndefined()
  })

  it('follows what others were told, for an hour at most', () => {
    const pause = new LimitPause()
    expect(pause.prolongUntil(1_000, true, 1_000)).toBe(false)
    expect(pause.prolongUntil(2_000, true, 1_000)).toBe(true)
    expect(pause.isExhausted(1_999)).toBe(true)
    expect(pause.prolongUntil(1_500, false, 1_000)).toBe(false)
    expect(pause.prolongUntil(3 * HOUR_MS, false, 1_000)).toBe(true)
    expect([pause.untilMs, pause.isExhausted(2_000)]).toEqual([HOUR_MS + 1_000, false])
  })
})
