import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/retry/backoff.ts'

const bounds = { baseDelayMs: 100, maxDelayMs: 1_000 }
const always = (value: number) => ({ next: () => value, uuid: () => '' })

describe('backoffMs', () => {
  it.each([
    [0, 100],
    [1, 200],
    [3, 800],
    [4, 1_000],
    [2_000, 1_000],
  ])('draws retry %i evenly from 0 to %i ms', (retry, boundMs) => {
    expect(backoffMs(bounds, retry, undefined, always(0))).toBe(0)
    expect(backoffMs(bounds, retry, undefined, always(0.5))).toBe(boundMs / 2)
  })

  it('never ends before the time that the server asked for', () => {
    expect(backoffMs(bounds, 0, 5_000, always(0))).toBe(5_000)
  })

  it('prolongs the wait of the server by up to a tenth, at most a second', () => {
    expect(backoffMs(bounds, 0, 5_000, always(1))).toBe(5_500)
    expect(backoffMs(bounds, 0, 100_000, always(1))).toBe(101_000)
  })

  it('still backs off when the server asks for no time at all', () => {
    expect(backoffMs(bounds, 1, 0, always(0.5))).toBe(100)
  })
})
