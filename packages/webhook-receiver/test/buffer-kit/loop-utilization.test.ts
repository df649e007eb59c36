import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { loopUtilization } from '../../src/buffer-kit/loop-utilization.ts'

/** An event loop that was idle and at work for so long, in ms, since it began. */
function loopOf(times: { idle: number; active: number }): void {
  const since = (before?: EventLoopUtilization): EventLoopUtilization => {
    const idle = times.idle - (before?.idle ?? 0)
    const active = times.active - (before?.active ?? 0)
    return { idle, active, utilization: idle + active === 0 ? 0 : active / (idle + active) }
  }
  const loop = vi.spyOn(performance, 'eventLoopUtilization').mockImplementation(since)
  onTestFinished(() => loop.mockRestore())
}

describe('loopUtilization', () => {
  it('tells in which share of the last 50 ms the event loop was at work', () => {
    const times = { idle: 1_000, active: 1_000 }
    loopOf(times)
    const utilization = loopUtilization()
    times.active += 49
    expect(utilization()).toBe(0)
    times.idle += 49
    expect(utilization()).toBe(0.5)
    times.active += 49
    expect(utilization()).toBe(0.5)
    times.active += 1
    expect(utilization()).toBe(1)
  })

  it('tells of none where the runtime knows of none', () => {
    loopOf({ idle: 0, active: 0 })
    const utilization = loopUtilization()
    expect([utilization(), utilization()]).toEqual([0, 0])
  })
})
