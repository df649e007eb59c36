import { describe, expect, it } from 'vitest'
import { CallWindow } from '../../src/circuit-breaker/call-window.ts'

const window = (overrides = {}) => new CallWindow({ badRatio: 0.5, minimumCalls: 4, windowMs: 1_000, ...overrides })

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
