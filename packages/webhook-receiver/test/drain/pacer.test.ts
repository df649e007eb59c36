import { describe, expect, test } from 'vitest'
import { createPacer } from '../../src/drain/pacer.ts'

describe('createPacer', () => {
  test('lets the first start go at once and the others at even distances', () => {
    const pacer = createPacer(10)
    expect(pacer.delayMs(1000, false)).toBe(0)
    pacer.take()
    expect(pacer.delayMs(1000, false)).toBe(100)
    expect(pacer.delayMs(1060, false)).toBe(40)
    expect(pacer.delayMs(1100, true)).toBe(0)
  })

  test('makes up for a timer that was late', () => {
    const pacer = createPacer(100)
    expect(pacer.delayMs(0, false)).toBe(0)
    pacer.take()
    // Due at 10, woken at 35: the starts of 10, 20 and 30 go now.
    for (let start = 0; start < 3; start++) {
      expect(pacer.delayMs(35, true)).toBe(0)
      pacer.take()
    }
    expect(pacer.delayMs(35, true)).toBe(5)
  })

  test('does not make up for more than a tenth of a second', () => {
    const pacer = createPacer(1000)
    pacer.delayMs(0, false)
    let starts = 0
    for (; pacer.delayMs(60_000, true) === 0; starts++) pacer.take()
    expect(starts).toBe(101)
  })

  test('does not save up starts that nobody used', () => {
    const pacer = createPacer(10)
    pacer.delayMs(0, false)
    pacer.take()
    expect(pacer.delayMs(60_000, false)).toBe(0)
    pacer.take()
    expect(pacer.delayMs(60_000, false)).toBeGreaterThanOrEqual(98)
  })

  test('keeps its rate when it is above what timers can do', () => {
    const pacer = createPacer(10_000)
    let starts = 0
    for (let nowMs = 0; nowMs < 1000; nowMs += 1.5) for (; pacer.delayMs(nowMs, true) === 0; starts++) pacer.take()
    expect(starts).toBeGreaterThan(9900)
    expect(starts).toBeLessThanOrEqual(10_001)
  })
})
