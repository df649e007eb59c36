import { describe, expect, it } from 'vitest'
import { fakeClock } from '../../src/testing/index.ts'
import { AttemptTimer } from '../../src/timeout/attempt-timer.ts'
import { CallSignal } from '../../src/timeout/call-signal.ts'

describe('AttemptTimer', () => {
  it('aborts the signal at the attempt timeout and keeps the reason', async () => {
    const clock = fakeClock()
    const signal = new CallSignal(undefined)
    const { current } = signal
    const timer = new AttemptTimer(signal, clock, 100, 1_000)
    await clock.advance(99)
    expect(current.aborted).toBe(false)
    expect(timer.reason).toBeUndefined()
    await clock.advance(1)
    expect(current.reason).toBeInstanceOf(DOMException)
    expect(timer.reason).toBe(current.reason)
    expect(timer.isTotal).toBe(false)
  })

  it('aborts at the deadline where less than the attempt timeout is left', async () => {
    const clock = fakeClock()
    const signal = new CallSignal(undefined)
    const { current } = signal
    const timer = new AttemptTimer(signal, clock, 1_000, 100)
    expect(timer.isTotal).toBe(true)
    await clock.advance(100)
    expect(current.aborted).toBe(true)
  })

  it('sets no timer without a limit or a signal, and leaves none when it is cancelled', () => {
    const clock = fakeClock()
    new AttemptTimer(new CallSignal(undefined), clock, Infinity, Infinity).cancel()
    new AttemptTimer(undefined, clock, 100, 100)
    expect(clock.pendingTimers).toBe(0)
    const timer = new AttemptTimer(new CallSignal(undefined), clock, 100, Infinity)
    expect(clock.pendingTimers).toBe(1)
    timer.cancel()
    expect(clock.pendingTimers).toBe(0)
  })
})
