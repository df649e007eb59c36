import { describe, expect, it } from 'vitest'
import { fakeClock } from '@holdfast/core/testing'
import { type Arrivals, createArrivals } from '../../src/buffer-kit/arrivals.ts'

const POLL_MS = 100

/** Arrivals over a log whose last numbers the test sets. */
function underTest(): {
  readonly clock: ReturnType<typeof fakeClock>
  readonly arrivals: Arrivals
  readonly last: Map<number, number>
  /** Which partitions were asked, and when, in ms since the start. */
  readonly looks: string[]
  fail(error: Error): void
} {
  const clock = fakeClock()
  const last = new Map<number, number>()
  const looks: string[] = []
  let failure: Error | undefined
  const arrivals = createArrivals({
    clock,
    pollMs: POLL_MS,
    async lastSeqs(partitions) {
      looks.push(`${clock.monotonicMs()}: ${partitions.join(' ')}`)
      if (failure !== undefined) throw failure
      return last
    },
  })
  return { clock, arrivals, last, looks, fail: (error) => (failure = error) }
}

describe('createArrivals', () => {
  it('wakes at once who waits for what this process stores, in that partition only', async () => {
    const { clock, arrivals } = underTest()
    const here = arrivals.listen(1, 0).wait(50, undefined)
    const elsewhere = arrivals.listen(2, 0).wait(50, undefined)
    arrivals.announce(1, 1)
    expect(await here).toBe(true)
    expect(clock.monotonicMs()).toBe(0)
    expect(await clock.runUntil(elsewhere)).toBe(false)
    expect(clock.monotonicMs()).toBe(50)
  })

  it('misses nothing that is announced between listening and waiting', async () => {
    const { arrivals } = underTest()
    const listener = arrivals.listen(0, 7)
    arrivals.announce(0, 8)
    expect(await listener.wait(50, undefined)).toBe(true)
  })

  it('wakes nobody who is as far as what is announced', async () => {
    const { clock, arrivals } = underTest()
    const waiting = arrivals.listen(0, 7).wait(50, undefined)
    arrivals.announce(0, 7)
    expect(await clock.runUntil(waiting)).toBe(false)
  })

  it('tells a listener once of what is announced, and again of what comes after that', async () => {
    const { clock, arrivals } = underTest()
    const listener = arrivals.listen(0, 7)
    const first = listener.wait(50, undefined)
    arrivals.announce(0, 8)
    expect(await first).toBe(true)
    await clock.advance(20)
    expect(await clock.runUntil(listener.wait(50, undefined))).toBe(false)
    expect(clock.monotonicMs()).toBe(50)
    arrivals.announce(0, 9)
    expect(await listener.wait(50, undefined)).toBe(true)
  })

  it('counts the time from when it began to listen', async () => {
    const { clock, arrivals } = underTest()
    const listener = arrivals.listen(0, 0)
    await clock.advance(30)
    const waiting = listener.wait(50, undefined)
    expect(await clock.runUntil(waiting)).toBe(false)
    expect(clock.monotonicMs()).toBe(50)
    expect(await listener.wait(50, undefined)).toBe(false)
  })

  it('looks for what others store: soon at first, then less often, and only where somebody waits', async () => {
    const { clock, arrivals, last, looks } = underTest()
    const first = arrivals.listen(3, 10)
    const waiting = first.wait(1_000, undefined)
    last.set(3, 10)
    await clock.advance(300)
    expect(looks).toEqual(['5: 3', '15: 3', '35: 3', '75: 3', '155: 3', '255: 3'])
    last.set(3, 11)
    expect(await clock.runUntil(waiting)).toBe(true)
    first.close()
    expect(clock.pendingTimers).toBe(0)

    const next = arrivals.listen(4, 0).wait(1_000, undefined)
    last.set(4, 1)
    expect(await clock.runUntil(next)).toBe(true)
    expect(looks.at(-1)).toBe('360: 4')
  })

  it('asks once for all that wait, each partition once', async () => {
    const { clock, arrivals, looks } = underTest()
    const waits = [0, 5, 5].map((partition) => arrivals.listen(partition, 0).wait(8, undefined))
    await clock.runUntil(Promise.all(waits))
    expect(looks).toEqual(['5: 0 5'])
  })

  it('wakes the reads of a partition that could not be asked, so that they tell why', async () => {
    const { clock, arrivals, last } = underTest()
    const away = arrivals.listen(0, 3).wait(50, undefined)
    const well = arrivals.listen(1, 3).wait(50, undefined)
    last.set(0, Infinity).set(1, 3)
    expect(await clock.runUntil(Promise.all([away, well]))).toEqual([true, false])
  })

  it('wakes everybody when nothing can be asked, and when it is told to', async () => {
    const { clock, arrivals, fail } = underTest()
    fail(new Error('away'))
    const waits = [0, 1].map((partition) => arrivals.listen(partition, 0).wait(50, undefined))
    expect(await clock.runUntil(Promise.all(waits))).toEqual([true, true])
    expect(clock.monotonicMs()).toBe(5)
    const closing = arrivals.listen(0, 0).wait(50, undefined)
    arrivals.wakeAll()
    expect(await closing).toBe(true)
  })

  it('rejects with the reason of the signal, and leaves no timer', async () => {
    const { clock, arrivals } = underTest()
    const stop = new AbortController()
    const listener = arrivals.listen(0, 0)
    const waiting = listener.wait(50, stop.signal)
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    listener.close()
    await clock.advance(5)
    expect(clock.pendingTimers).toBe(0)
  })

  it('does not wait where the signal has aborted before', async () => {
    const { clock, arrivals } = underTest()
    const reason = new Error('enough')
    await expect(arrivals.listen(0, 0).wait(50, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(clock.pendingTimers).toBe(0)
  })
})
