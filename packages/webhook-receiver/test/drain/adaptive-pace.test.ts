import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type AdaptivePace, createAdaptivePace, resolvePace } from '../../src/drain/adaptive-pace.ts'
import { createPacer, type Pacer } from '../../src/drain/pacer.ts'

const busy = (retryAfterMs = 0): IntegrationError =>
  new IntegrationError({ code: 'upstream_unavailable', status: 503, retryAfterMs })

function setUp(options: Partial<Parameters<typeof resolvePace>[1]> = {}): { pace: AdaptivePace; pacer: Pacer } {
  const resolved = resolvePace('pace', { min: 10, max: 70, ...options })
  const pacer = createPacer(resolved.start)
  return { pace: createAdaptivePace(resolved, pacer, 60_000), pacer }
}

/** A busy time of steady successes. */
function succeedFor(pace: AdaptivePace, fromMs: number, ms: number): void {
  for (let nowMs = fromMs; nowMs <= fromMs + ms; nowMs += 100) {
    pace.waited(nowMs)
    pace.succeeded(5, nowMs)
  }
}

describe('createAdaptivePace', () => {
  test('rises from min to max in a minute of successes, and no further', () => {
    const { pace, pacer } = setUp()
    succeedFor(pace, 0, 30_000)
    expect(pacer.ratePerSecond).toBeCloseTo(40)
    succeedFor(pace, 30_000, 60_000)
    expect(pacer.ratePerSecond).toBe(70)
  })

  test('does not rise while the rate is not what bounds', () => {
    const { pace, pacer } = setUp()
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) pace.succeeded(5, nowMs)
    expect(pacer.ratePerSecond).toBe(10)
  })

  test('halves when the destination asks for less, at most once a second, and not below min', () => {
    const { pace, pacer } = setUp({ start: 64 })
    for (let burst = 0; burst < 10; burst++) pace.failed(busy(), 5, 1000 + burst)
    expect(pacer.ratePerSecond).toBe(32)
    pace.failed(busy(), 5, 2500)
    expect(pacer.ratePerSecond).toBe(16)
    for (let nowMs = 4000; nowMs < 20_000; nowMs += 1100) pace.failed(busy(), 5, nowMs)
    expect(pacer.ratePerSecond).toBe(10)
  })

  test('does not fall twice for what was begun before it fell', () => {
    const { pace, pacer } = setUp({ start: 64 })
    pace.failed(busy(), 5, 10_000)
    pace.failed(busy(), 5_000, 14_000)
    expect(pacer.ratePerSecond).toBe(32)
  })

  test('falls when attempts fail or are slow, and not when an event is refused', () => {
    const { pace, pacer } = setUp({ start: 64, slowMs: 1000, fallTo: 0.75 })
    pace.failed(new IntegrationError({ code: 'not_found' }), 5, 0)
    expect(pacer.ratePerSecond).toBe(64)
    pace.failed(new Error('who knows'), 5, 2000)
    expect(pacer.ratePerSecond).toBe(48)
    pace.succeeded(1000, 5000)
    expect(pacer.ratePerSecond).toBe(36)
  })

  test('starts nothing for as long as it is asked to wait', () => {
    const { pace, pacer } = setUp()
    pace.failed(busy(7000), 5, 1000)
    expect(pacer.delayMs(1000, false)).toBe(7000)
    expect(pacer.delayMs(7999, false)).toBe(1)
    expect(pacer.delayMs(8000, true)).toBe(0)
  })
})

describe('resolvePace', () => {
  test.each([
    [{ max: 5 }, '`pace.min` to be given'],
    [{ min: 5 }, '`pace.max` to be given'],
    [{ min: 5, max: 4 }, '`pace.max` to be at least min (5)'],
    [{ min: 5, max: 9, start: 10 }, '`pace.start` to be from min (5) to max (9)'],
    [{ min: 0, max: 9 }, '`pace.min`'],
    [{ min: 1, max: 9, fallTo: 1 }, '`pace.fallTo`'],
    [{ min: 1, max: 9, slowMs: 0 }, '`pace.slowMs`'],
  ])('refuses %o', (options, message) => {
    expect(() => resolvePace('pace', options as never)).toThrow(message)
  })
})
