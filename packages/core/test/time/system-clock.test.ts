import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/time/system-clock.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('looks the globals up at each call, so that the fake timers of a test runner hold', async () => {
  vi.setSystemTime(1_000)
  expect(systemClock.now()).toBe(1_000)
  let woken = false
  const sleeping = systemClock.sleep(500).then(() => {
    woken = true
  })
  await vi.advanceTimersByTimeAsync(499)
  expect(woken).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await sleeping
  expect(woken).toBe(true)
})

test('an aborted sleep rejects with the untouched reason and leaves neither timer nor listener', async () => {
  const controller = new AbortController()
  const reason = new Error('stop')
  const sleeping = systemClock.sleep(10_000, controller.signal)
  controller.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
  expect(vi.getTimerCount()).toBe(0)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
})

test('a finished sleep leaves no listener', async () => {
  const controller = new AbortController()
  const sleeping = systemClock.sleep(10, controller.signal)
  await vi.advanceTimersByTimeAsync(10)
  await sleeping
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
})

test('a sleep with an aborted signal does not start', async () => {
  await expect(systemClock.sleep(10, AbortSignal.abort('now'))).rejects.toBe('now')
  expect(vi.getTimerCount()).toBe(0)
})

test('waits longer than the 32-bit limit of a timer', async () => {
  const called = vi.fn()
  systemClock.schedule(2 ** 31 + 5_000, called)
  await vi.advanceTimersByTimeAsync(2 ** 31)
  expect(called).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(called).toHaveBeenCalledOnce()
})

test('a cancelled timer does not fire', async () => {
  const called = vi.fn()
  systemClock.schedule(10, called)()
  await vi.advanceTimersByTimeAsync(20)
  expect(called).not.toHaveBeenCalled()
})

test('only a background timer lets the process end', () => {
  vi.useRealTimers()
  const countRefd = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = countRefd()
  const cancelBackground = systemClock.schedule(60_000, () => {}, { background: true })
  expect(countRefd()).toBe(before)
  const cancelForeground = systemClock.schedule(60_000, () => {})
  expect(countRefd()).toBe(before + 1)
  cancelBackground()
  cancelForeground()
})

test('monotonic time does not go back when the wall clock does', () => {
  vi.useRealTimers()
  const start = systemClock.monotonicMs()
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(start)
})
