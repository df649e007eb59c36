import { describe, expect, it } from 'vitest'
import { LearnedQuota } from '../../src/rate-limit/learned-quota.ts'
import { SlowStart } from '../../src/rate-limit/slow-start.ts'
import { SuccessLog } from '../../src/rate-limit/success-log.ts'

/** How many may be in flight together at `nowMs`, of ten. */
const allowedAt = (slowStart: SlowStart, nowMs: number): number =>
  Array.from({ length: 10 }, (_, taken) => slowStart.startMs(taken, nowMs)).filter((atMs) => atMs <= nowMs).length

function succeed(slowStart: SlowStart, nowMs: number): void {
  slowStart.started(nowMs)
  slowStart.finished(nowMs, true)
}

/** After a limit that was hit by the sixth call, and a pause of a second. */
function afterFive(): SlowStart {
  const successes = new SuccessLog()
  successes.add(5, 0)
  const learned = LearnedQuota.from({ startedAtMs: 0, atMs: 0, waitMs: 1_000 }, successes, undefined)
  return new SlowStart(1_000, learned)
}

describe('SlowStart', () => {
  it('lets one go first, then four, and no more than went through before', () => {
    const slowStart = afterFive()
    slowStart.started(1_000)
    expect(allowedAt(slowStart, 1_000)).toBe(1)
    slowStart.finished(1_000, true)
    expect(allowedAt(slowStart, 1_001)).toBe(4)
    succeed(slowStart, 1_001)
    expect(allowedAt(slowStart, 1_002)).toBe(3)
  })

  it('begins again, once, when as many went through as before: the window may be longer than the pause', () => {
    const slowStart = afterFive()
    for (let call = 0; call < 5; call++) succeed(slowStart, 1_000 + call)
    expect(allowedAt(slowStart, 1_010)).toBe(1)
    expect(slowStart.isOver).toBe(false)
    succeed(slowStart, 1_010)
    expect(allowedAt(slowStart, 1_011)).toBe(4)
    succeed(slowStart, 1_011)
    expect(slowStart.isOver).toBe(true)
  })

  it('learns nothing from the answers to calls that began before it, nor from refusals', () => {
    const slowStart = afterFive()
    slowStart.started(1_000)
    slowStart.finished(999, true)
    slowStart.finished(1_000, false)
    expect(allowedAt(slowStart, 1_001)).toBe(1)
    expect(slowStart.startMs(1, 1_001)).toBe(2_000)
  })

  it('lets one more go for each that goes through, where nothing is known', () => {
    const slowStart = new SlowStart(1_000, undefined)
    for (let call = 0; call < 5; call++) succeed(slowStart, 1_000)
    expect(allowedAt(slowStart, 1_000)).toBe(8)
    for (let call = 0; call < 56; call++) succeed(slowStart, 1_000)
    expect(slowStart.isOver).toBe(true)
  })
})
