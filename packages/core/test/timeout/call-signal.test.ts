import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '../../src/testing/index.ts'
import { CallSignal, withTimer } from '../../src/timeout/call-signal.ts'

describe('CallSignal', () => {
  it('follows the signal of the caller with its reason', () => {
    const controller = new AbortController()
    const { current } = new CallSignal(controller.signal)
    controller.abort('stop')
    expect(current.reason).toBe('stop')
  })

  it('is aborted from the begin when the caller has aborted', () => {
    expect(new CallSignal(AbortSignal.abort('before')).current.reason).toBe('before')
  })

  it('keeps one signal for all attempts until one timed out', () => {
    const signal = new CallSignal(undefined)
    const first = signal.current
    expect(signal.current).toBe(first)
    const reason = signal.timeOut()
    expect(first.reason).toBe(reason)
    expect(signal.current).not.toBe(first)
    expect(signal.current.aborted).toBe(false)
  })

  it('follows the caller after a timeout too, with the same one listener', () => {
    const controller = new AbortController()
    const signal = new CallSignal(controller.signal)
    const attempts = [signal.current]
    signal.timeOut()
    attempts.push(signal.current)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort('stop')
    expect(attempts[1]?.reason).toBe('stop')
  })

  it('shares one listener with the other calls that follow the same signal', () => {
    const controller = new AbortController()
    const signals = [1, 2, 3].map(() => new CallSignal(controller.signal))
    const [first, second, third] = signals.map(({ current }) => current)
    signals[0]?.release(null)
    signals[0]?.release(null)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort('stop')
    expect([first?.aborted, second?.reason, third?.reason]).toEqual([false, 'stop', 'stop'])
    for (const signal of signals) signal.release(null)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('follows a signal again that nobody followed any more', () => {
    const controller = new AbortController()
    const before = new CallSignal(controller.signal)
    expect(before.current.aborted).toBe(false)
    before.release(null)
    const { current } = new CallSignal(controller.signal)
    before.release(null)
    controller.abort('stop')
    expect(current.reason).toBe('stop')
  })

  it.each([null, undefined])('lets go of the caller when the body is %s', (body) => {
    const { signal: source } = new AbortController()
    const signal = new CallSignal(source)
    expect(signal.current.aborted).toBe(false)
    signal.release(body)
    expect(getEventListeners(source, 'abort')).toHaveLength(0)
  })

  it('stays linked while there is a body', () => {
    const controller = new AbortController()
    const signal = new CallSignal(controller.signal)
    const { current } = signal
    const body = new ReadableStream()
    signal.release(body)
    controller.abort('stop')
    expect(current.reason).toBe('stop')
    expect(body.locked).toBe(false)
  })

  it('lets go of the caller when the transport leaves its signal after the call, at the end of the body', () => {
    const { signal: source } = new AbortController()
    const signal = new CallSignal(source)
    const { current } = signal
    const [ofAttempt, ofBody] = [() => {}, () => {}]
    current.addEventListener('abort', ofAttempt)
    current.removeEventListener('abort', ofAttempt)
    current.addEventListener('abort', ofBody, { once: true })
    signal.release(new ReadableStream())
    expect(getEventListeners(source, 'abort')).toHaveLength(1)
    current.removeEventListener('abort', ofBody)
    expect(getEventListeners(source, 'abort')).toHaveLength(0)
  })

  it('stays linked when who listened left before the answer: the engine may follow without a listener', () => {
    const controller = new AbortController()
    const signal = new CallSignal(controller.signal)
    const { current } = signal
    const onAbort = (): void => {}
    current.addEventListener('abort', onAbort)
    current.removeEventListener('abort', onAbort)
    signal.release(new ReadableStream())
    controller.abort('stop')
    expect(current.reason).toBe('stop')
  })
})

describe('withTimer', () => {
  it('takes the timer off when the work is done or has failed', async () => {
    const clock = fakeClock()
    await withTimer(clock, 10, expect.unreachable, () => Promise.resolve())
    await withTimer(clock, 10, expect.unreachable, () => Promise.reject(new Error('x'))).catch(() => {})
    expect(clock.pendingTimers).toBe(0)
  })

  it('sets none for an infinite time', () => {
    const clock = fakeClock()
    void withTimer(clock, Infinity, expect.unreachable, () => new Promise(() => {}))
    expect(clock.pendingTimers).toBe(0)
  })
})
