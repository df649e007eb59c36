import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type Breaker, createBreaker, resolveBreaker } from '../../src/drain/breaker.ts'
import type { BreakerOptions } from '../../src/receiver/destination-options.ts'
import { halfway } from './drain-fixture.ts'

const down = new Error('down')
const refused = new IntegrationError({ code: 'invalid_request' })

function setUp(options: BreakerOptions = {}): { breaker: Breaker; told: string[] } {
  const told: string[] = []
  const breaker = createBreaker(
    resolveBreaker('breaker', { failures: 3, breakMs: 1000, maxBreakMs: 4000, ...options }),
    halfway,
    {
      onOpened: (breakMs) => void told.push(`opened ${breakMs}`),
      onClosed: () => void told.push('closed'),
    },
  )
  return { breaker, told }
}

function failAt(breaker: Breaker, nowMs: number, error: unknown = down): void {
  expect(breaker.delayMs(nowMs)).toBe(0)
  breaker.failed(breaker.take(nowMs), error, nowMs)
}

describe('createBreaker', () => {
  test('opens after so many failures in a row, and tries once after the break', () => {
    const { breaker, told } = setUp()
    for (let count = 0; count < 3; count++) failAt(breaker, 0)
    expect(breaker.state).toBe('open')
    expect(breaker.delayMs(0)).toBe(1000)
    expect(breaker.delayMs(999)).toBe(1)
    expect(breaker.delayMs(1000)).toBe(0)
    expect(breaker.take(1000)).toBe(true)
    expect(breaker.delayMs(1000)).toBe(Infinity)
    breaker.succeeded(true)
    expect(breaker.delayMs(1000)).toBe(0)
    expect(breaker.take(1000)).toBe(false)
    expect(told).toEqual(['opened 1000', 'closed'])
  })

  test('begins to count anew after a success, and after an event was refused', () => {
    const { breaker } = setUp()
    for (let round = 0; round < 5; round++) {
      failAt(breaker, round)
      failAt(breaker, round)
      if (round % 2 === 0) breaker.succeeded(breaker.take(round))
      else failAt(breaker, round, refused)
    }
    expect(breaker.state).toBe('closed')
  })

  test('breaks twice as long each time the probe fails, up to the longest, and begins anew once it was closed', () => {
    const { breaker, told } = setUp({ failures: 1 })
    failAt(breaker, 0)
    for (const nowMs of [1000, 3000, 7000]) failAt(breaker, nowMs)
    breaker.delayMs(11_000)
    breaker.succeeded(breaker.take(11_000))
    failAt(breaker, 12_000)
    expect(told).toEqual(['opened 1000', 'opened 2000', 'opened 4000', 'opened 4000', 'closed', 'opened 1000'])
  })

  test('is closed by a probe whose event is refused: the destination has answered', () => {
    const { breaker } = setUp({ failures: 1 })
    failAt(breaker, 0)
    failAt(breaker, 1000, refused)
    expect(breaker.state).toBe('closed')
  })

  test('breaks as long as it is asked to, within the longest break', () => {
    const { breaker, told } = setUp({ failures: 1 })
    failAt(breaker, 0, new IntegrationError({ code: 'upstream_unavailable', retryAfterMs: 3000 }))
    failAt(breaker, 3000, new IntegrationError({ code: 'upstream_unavailable', retryAfterMs: 60_000 }))
    expect(told).toEqual(['opened 3000', 'opened 4000'])
  })

  test('does not count what was begun before it opened', () => {
    const { breaker, told } = setUp({ failures: 1 })
    const early = [breaker.take(0), breaker.take(0), breaker.take(0)]
    for (const isProbe of early) breaker.failed(isProbe, down, 10)
    breaker.delayMs(1010)
    const probe = breaker.take(1010)
    breaker.failed(false, down, 1020)
    breaker.succeeded(false)
    expect(breaker.state).toBe('half-open')
    breaker.succeeded(probe)
    expect(told).toEqual(['opened 1000', 'closed'])
  })

  test('probes again when a probe was broken off', () => {
    const { breaker } = setUp({ failures: 1 })
    failAt(breaker, 0)
    breaker.delayMs(1000)
    breaker.take(1000)
    breaker.abandoned()
    expect(breaker.delayMs(1000)).toBe(0)
    expect(breaker.take(1000)).toBe(true)
  })
})

describe('resolveBreaker', () => {
  test.each([
    [{ failures: 0 }, '`breaker.failures`'],
    [{ breakMs: 0 }, '`breaker.breakMs`'],
    [{ breakMs: 10, maxBreakMs: 5 }, '`breaker.maxBreakMs` to be at least breakMs (10)'],
    [{ tries: 1 }, 'there is no option `tries`'],
  ])('refuses %o', (options, message) => {
    expect(() => resolveBreaker('breaker', options as never)).toThrow(message)
  })
})
