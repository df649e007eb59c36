import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Bulkhead } from '../../src/bulkhead/bulkhead.ts'
import { placeOf, type Priority } from '../../src/policy/place.ts'
import { fakeClock } from '../../src/testing/index.ts'

function place(n: number, priority: Priority = 'auto') {
  return placeOf(priority, n, n)
}

function full(maxQueue = 10) {
  const clock = fakeClock()
  const bulkhead = new Bulkhead({ maxConcurrent: 1, maxQueue }, clock)
  bulkhead.tryAcquire()
  return { bulkhead, clock }
}

describe('Bulkhead', () => {
  it('has as many slots as it was given', () => {
    const { bulkhead } = full()
    expect(bulkhead.tryAcquire()).toBe(false)
    bulkhead.release()
    expect(bulkhead.tryAcquire()).toBe(true)
  })

  it('hands a slot over to the first in the queue, so that nobody can push in', async () => {
    const { bulkhead } = full()
    const served: number[] = []
    const waiters = [1, 2].map((n) => bulkhead.acquire(place(n), Infinity, undefined).then(() => served.push(n)))
    bulkhead.release()
    expect(bulkhead.tryAcquire()).toBe(false)
    await waiters[0]
    expect([served, bulkhead.active, bulkhead.queued]).toEqual([[1], 1, 1])
    bulkhead.release()
    await waiters[1]
    bulkhead.release()
    expect([bulkhead.active, bulkhead.queued]).toEqual([0, 0])
  })

  it('serves the more urgent first, and those of one priority in their order', async () => {
    const { bulkhead } = full()
    const served: string[] = []
    const wanted = [place(1, 'low'), place(2), place(3, 'high'), place(4), place(5, 'high')]
    const waiters = wanted.map((at, index) =>
      bulkhead.acquire(at, Infinity, undefined).then(() => served.push(String(index + 1))),
    )
    for (const _ of waiters) bulkhead.release()
    await Promise.all(waiters)
    expect(served.join(' ')).toBe('3 5 2 4 1')
  })

  it('says when its queue is full', () => {
    const { bulkhead } = full(1)
    expect(bulkhead.isQueueFull).toBe(false)
    void bulkhead.acquire(place(1), Infinity, undefined)
    expect(bulkhead.isQueueFull).toBe(true)
  })

  it('gives up after the time it was given and leaves nothing behind', async () => {
    const { bulkhead, clock } = full()
    const { signal } = new AbortController()
    const waiting = bulkhead.acquire(place(1), 100, signal)
    await clock.advance(100)
    expect(await waiting).toBe('timed_out')
    expect([bulkhead.queued, clock.pendingTimers, getEventListeners(signal, 'abort').length]).toEqual([0, 0, 0])
  })

  it('rejects with the reason of the signal and leaves nothing behind', async () => {
    const { bulkhead, clock } = full()
    const controller = new AbortController()
    const waiting = bulkhead.acquire(place(1), 100, controller.signal)
    controller.abort('stop')
    await expect(waiting).rejects.toBe('stop')
    await expect(bulkhead.acquire(place(1), 100, controller.signal)).rejects.toBe('stop')
    expect([bulkhead.queued, clock.pendingTimers]).toEqual([0, 0])
  })
})
