import * as fc from 'fast-check'
import Opossum from 'opossum'
import { describe, expect, it } from 'vitest'
import { CallWindow } from '../../src/circuit-breaker/call-window.ts'

const window = (overrides = {}) =>
  new CallWindow(
    { failureRatio: 0.5, slowCallRatio: 1, minimumCalls: 4, windowMs: 1_000, ...overrides },
    'failureRatio',
  )

/** A breaker that opens at the ratio, and not above it only. */
function opossumWith({ failureRatio, minimumCalls }: { readonly failureRatio: number; readonly minimumCalls: number }) {
  const action = (isBad: boolean) => (isBad ? Promise.reject(new Error('bad')) : Promise.resolve())
  return new Opossum(action, {
    timeout: false,
    enableSnapshots: false,
    errorThresholdPercentage: failureRatio * 100 - 1e-9,
    volumeThreshold: minimumCalls,
  })
}

/** Records the calls and returns the last result. */
function record(calls: CallWindow, isBad: boolean, count: number, atMs: number): boolean {
  let result = false
  for (let n = 0; n < count; n++) result = calls.record(isBad, atMs)
  return result
}

describe('CallWindow', () => {
  it('says when the bad calls reach the ratio, and not before', () => {
    const calls = window()
    record(calls, false, 3, 0)
    expect(record(calls, true, 2, 0)).toBe(false)
    expect(record(calls, true, 1, 0)).toBe(true)
  })

  it('says nothing below the minimum of calls', () => {
    const calls = window()
    expect(record(calls, true, 3, 0)).toBe(false)
    expect(record(calls, true, 1, 0)).toBe(true)
  })

  it('counts the good calls from before the first bad one, each at its time', () => {
    const calls = window()
    record(calls, false, 4, 50)
    record(calls, false, 4, 550)
    // At 1,100 the first four are out of the window.
    expect(record(calls, true, 3, 1_100)).toBe(false)
    expect(record(calls, true, 1, 1_100)).toBe(true)
  })

  it('counts the good calls from between the bad ones', () => {
    const calls = window()
    record(calls, true, 1, 0)
    record(calls, false, 4, 0)
    expect(record(calls, true, 2, 0)).toBe(false)
    expect(record(calls, true, 1, 0)).toBe(true)
  })

  it('forgets what is older than the window, in steps of a tenth', () => {
    const calls = window()
    record(calls, true, 3, 0)
    expect(record(calls, true, 1, 1_000)).toBe(false)
    const other = window()
    record(other, true, 3, 0)
    expect(record(other, true, 1, 999)).toBe(true)
  })

  it('forgets everything after a long silence, however odd the step', () => {
    const calls = window({ windowMs: 33.3 })
    record(calls, true, 3, 0)
    record(calls, false, 3, 1e9)
    expect(record(calls, true, 2, 1e9)).toBe(false)
  })

  it('keeps counting the good calls when the last bad one is out of the window', () => {
    const calls = window()
    record(calls, true, 3, 0)
    record(calls, false, 8, 900)
    record(calls, false, 1, 1_000)
    expect(record(calls, true, 8, 1_000)).toBe(false)
    expect(record(calls, true, 1, 1_000)).toBe(true)
  })

  it('takes a ratio for reached that rounding makes a little larger than it is', () => {
    // 0.07 * 100 is more than 7.
    const calls = window({ failureRatio: 0.07, minimumCalls: 100 })
    record(calls, false, 93, 0)
    expect(record(calls, true, 6, 0)).toBe(false)
    expect(calls.isExceededWith(1, 0)).toBe(true)
    expect(record(calls, true, 1, 0)).toBe(true)
  })

  it('decides as opossum does when it hears of every call', async () => {
    const settings = fc.record({
      failureRatio: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
      minimumCalls: fc.integer({ min: 1, max: 30 }),
    })
    await fc.assert(
      fc.asyncProperty(settings, fc.array(fc.boolean(), { maxLength: 60 }), async (setting, areBad) => {
        const calls = window(setting)
        const opossum = opossumWith(setting)
        for (const isBad of areBad) {
          await opossum.fire(isBad).catch(() => {})
          const isOpen = calls.record(isBad, 0)
          expect(isOpen).toBe(opossum.opened)
          if (isOpen) break
        }
        opossum.shutdown()
      }),
      { numRuns: 300 },
    )
  })

  it('judges calls that are still pending as if they were bad', () => {
    const calls = window()
    record(calls, false, 4, 0)
    expect(calls.isExceededWith(3, 0)).toBe(false)
    expect(calls.isExceededWith(4, 0)).toBe(true)
    record(calls, true, 1, 0)
    expect(calls.isExceededWith(2, 0)).toBe(false)
    expect(calls.isExceededWith(3, 0)).toBe(true)
  })

  it('asks for the minimum of calls with the pending ones counted', () => {
    const calls = window()
    expect(calls.isExceededWith(3, 0)).toBe(false)
    expect(calls.isExceededWith(4, 0)).toBe(true)
  })
})
