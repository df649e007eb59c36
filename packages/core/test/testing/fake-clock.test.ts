import { describe, expect, it } from 'vitest'
import { fakeClock } from '../../src/testing/index.ts'

describe('fakeClock', () => {
  it('stands still until it is told to move', async () => {
    const clock = fakeClock(1_000)
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_000, 0])
    await clock.advance(250)
    expect([clock.now(), clock.monotonicMs()]).toEqual([1_250, 250])
  })

  it('runs timers in order, each at its own time', async () => {
    const clock = fakeClock()
    const fired: [string, number][] = []
    const at = (name: string, ms: number) => clock.schedule(ms, () => fired.push([name, clock.monotonicMs()]))
    at('late', 30)
    at('early', 10)
    at('same', 10)
    await clock.advance(20)
    expect(fired).toEqual([
      ['early', 10],
      ['same', 10],
    ])
    expect(clock.pendingTimers).toBe(1)
  })

  it('runs what a timer leads to within the same advance', async () => {
    const clock = fakeClock()
    const woke: number[] = []
    const sleeper = async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn++) {
        await clock.sleep(10)
        woke.push(clock.monotonicMs())
      }
    }
    void sleeper()
    await clock.advance(100)
    expect(woke).toEqual([10, 20, 30])
  })

  it('forgets a timer that was cancelled or whose signal aborted', async () => {
    const clock = fakeClock()
    clock.schedule(10, () => expect.unreachable())()
    const controller = new AbortController()
    const sleep = clock.sleep(10, controller.signal).catch((error: unknown) => error)
    controller.abort('stop')
    expect(await sleep).toBe('stop')
    expect(clock.pendingTimers).toBe(0)
  })

  it('runs until a promise settles, and settles as it does', async () => {
    const clock = fakeClock()
    expect(await clock.runUntil(clock.sleep(5).then(() => 'done'))).toBe('done')
    await expect(clock.runUntil(Promise.reject(new Error('x')))).rejects.toThrow('x')
    expect(clock.monotonicMs()).toBe(5)
  })

  it('waits for long chains of promises, between timers and at the end', async () => {
    const clock = fakeClock()
    const chain = async (steps: number): Promise<void> => {
      for (let step = 0; step < steps; step++) await Promise.resolve()
    }
    const steps = async (): Promise<number> => {
      await chain(400)
      await clock.sleep(10)
      await chain(400)
      const atMs = clock.monotonicMs()
      await chain(50_000)
      return atMs
    }
    clock.schedule(20, () => {})
    expect(await clock.runUntil(steps())).toBe(10)
  })

  it('goes on with timers that are set after a long chain of promises', async () => {
    const clock = fakeClock()
    const late = async (): Promise<void> => {
      for (let step = 0; step < 5_000; step++) await Promise.resolve()
      await clock.sleep(5)
    }
    await clock.runUntil(late())
    expect(clock.monotonicMs()).toBe(5)
  })

  it('says so when no timer can settle the promise', async () => {
    await expect(fakeClock().runUntil(new Promise(() => {}))).rejects.toThrow('waits for something else')
  })

  it.each([Number.NaN, '5', new Date(0)])('refuses to start at %o', (start) => {
    expect(() => fakeClock(start as never)).toThrow(expect.objectContaining({ path: 'startMs' }))
  })

  it.each([-1, Number.NaN, Infinity, '5', undefined])('refuses to advance by %o', async (ms) => {
    const clock = fakeClock()
    await expect(clock.advance(ms as never)).rejects.toMatchObject({ path: 'ms' })
    expect(clock.monotonicMs()).toBe(0)
  })
})
