import { describe, expect, it } from 'vitest'
import type { RateLimitReading } from '../../src/index.ts'
import { isSharedReading, type LedgerCall, LimitLedger } from '../../src/rate-limit/limit-ledger.ts'
import { parseLimit, type StoredLimit } from '../../src/rate-limit/stored-limit.ts'

const calls = { policy: 'calls', limit: 10, windowMs: 1_000 }

function ended(endedMs: number, more: Partial<LedgerCall> = {}): LedgerCall {
  return { startedMs: endedMs - 10, endedMs, isSuccess: true, units: 1, readings: [], ...more }
}

function told(remaining: number, resetMs: number, limit = 10): readonly RateLimitReading[] {
  return [{ policy: 'told', source: 'ratelimit', limit, remaining, resetMs }]
}

/** Changes what is stored, as one process after the other does. */
function ledgers(limits = [calls]) {
  let stored: StoredLimit | undefined
  return {
    at: (nowMs: number) => new LimitLedger(stored, limits, nowMs),
    change: (nowMs: number, change: (ledger: LimitLedger) => void): LimitLedger => {
      const ledger = new LimitLedger(stored, limits, nowMs)
      change(ledger)
      stored = parseLimit(JSON.parse(JSON.stringify(ledger.toStored())))
      expect(stored).toBeDefined()
      return ledger
    },
  }
}

describe('LimitLedger: a declared limit', () => {
  it('has a place back a window after the answer', () => {
    const { at, change } = ledgers()
    change(5_000, (ledger) => ledger.finished(ended(5_000, { units: 4 })))
    expect(at(6_000).capacity(1)).toBe(6)
    expect(at(6_001).capacity(1)).toBe(10)
    expect(at(5_500).freeAtMs(7)).toBe(6_001)
    expect(at(5_500).freeAtMs(6)).toBe(5_500)
    expect(at(5_500).freeAtMs(17)).toBe(7_001)
  })

  it('takes what several processes hold and have sent together', () => {
    const { change } = ledgers()
    change(5_000, (ledger) => ledger.hold('a', 3, false))
    const ledger = change(5_010, (other) => {
      other.finished(ended(5_010))
      other.hold('b', 2, true)
    })
    expect(ledger.capacity(1)).toBe(9)
    expect([
      ledger.holders.unitsOfOthers('b'),
      ledger.holders.unitsOfOthers('c'),
      ledger.holders.othersWaiting('a'),
      ledger.holders.processes('c'),
    ]).toEqual([3, 5, 1, 3])
  })

  it('keeps what was sent in order and in steps, whoever reports it late', () => {
    const { at, change } = ledgers()
    change(5_000, (ledger) => {
      for (let endedMs = 4_000; endedMs < 5_000; endedMs += 2) ledger.finished(ended(endedMs, { units: 0.001 }))
    })
    change(5_000, (ledger) => ledger.finished(ended(4_500, { units: 5 })))
    const log = at(5_000).toStored().declared['calls'] ?? []
    expect(log.length).toBeLessThan(70)
    expect(log.map(([endedMs]) => endedMs)).toEqual(log.map(([endedMs]) => endedMs).toSorted((a, b) => a - b))
    expect(at(5_520).capacity(1)).toBeGreaterThan(9)
  })

  it('takes for sent what nobody speaks of any more', () => {
    const { at, change } = ledgers()
    change(5_000, (ledger) => ledger.hold('dead', 4, false))
    expect(at(9_999).holders.unitsOfOthers('')).toBe(4)
    expect(at(10_000).holders.unitsOfOthers('')).toBe(0)
    expect(at(10_500).capacity(1)).toBe(6)
    expect(at(11_001).capacity(1)).toBe(10)
  })

  it('is not blocked for longer than it takes when the clock of the store is set back', () => {
    const { at, change } = ledgers()
    change(500_000, (ledger) => {
      ledger.hold('a', 4, false)
      ledger.finished(ended(500_000, { units: 3 }))
    })
    const ledger = at(5_000)
    expect([ledger.holders.unitsOfOthers(''), ledger.capacity(1)]).toEqual([0, 3])
    change(5_000, () => {})
    expect(at(6_001).capacity(1)).toBe(10)
  })

  it('tells when it was renewed long enough', () => {
    const { at, change } = ledgers()
    change(5_000, (ledger) => ledger.hold('a', 4, false))
    expect([at(6_000).holds('a', 4, false), at(6_000).holds('a', 3, false), at(6_000).holds('a', 4, true)]).toEqual([
      true,
      false,
      false,
    ])
    expect(at(7_600).holds('a', 4, false)).toBe(false)
    expect(at(6_000).holds('b', 0, false)).toBe(true)
  })
})

describe('LimitLedger: a limit that answers tell', () => {
  it('is what the least of the answers says, until the reset', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(8, 1_000) })))
    change(5_010, (ledger) => ledger.finished(ended(5_005, { startedMs: 4_990, readings: told(9, 1_000) })))
    expect(at(5_500).capacity(1)).toBe(8)
    expect(at(5_500).freeAtMs(9)).toBe(6_000)
    change(5_020, (ledger) => ledger.finished(ended(5_015)))
    expect(at(5_500).capacity(1)).toBe(7)
  })

  it('is not taken for refilled by answers that are older than what is known, and that are told in any order', () => {
    const { at, change } = ledgers([])
    change(5_100, (ledger) => ledger.finished(ended(5_100, { readings: told(5, 900) })))
    change(5_110, (ledger) => {
      ledger.finished(ended(5_050, { startedMs: 5_040, readings: told(8, 950) }))
      ledger.finished(ended(5_090, { startedMs: 5_070, readings: told(7, 910) }))
    })
    expect(at(5_110).capacity(1)).toBe(5)
  })

  it('lets one go ahead after the reset, and another one when its answer does not come', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(0, 1_000) })))
    expect(at(5_999).capacity(3)).toBe(0)
    expect(at(6_000).capacity(3)).toBe(3)
    change(6_000, (ledger) => ledger.hold('a', 1, false))
    expect(at(6_900).capacity(1) - at(6_900).holders.unitsOfOthers('b')).toBe(0)
    expect(at(7_000).capacity(1) - at(7_000).holders.unitsOfOthers('b')).toBe(1)
  })

  it('is renewed by the first answer of the new window, and not by a late one of the old', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(0, 1_000) })))
    change(6_050, (ledger) => ledger.finished(ended(6_050, { startedMs: 5_900, readings: told(0, 100) })))
    expect(at(6_060).capacity(1)).toBe(1)
    change(6_100, (ledger) => ledger.finished(ended(6_100, { startedMs: 6_001, readings: told(9, 900) })))
    expect(at(6_110).capacity(1)).toBe(9)
    change(6_120, (ledger) => ledger.finished(ended(6_120, { startedMs: 5_990, readings: told(1, 10) })))
    expect(at(6_125).capacity(1)).toBe(9)
  })

  it('is not renewed by an answer of the old window that was overtaken, and comes after the reset', () => {
    const { at, change } = ledgers([])
    change(5_500, (ledger) => ledger.finished(ended(5_500, { startedMs: 5_400, readings: told(2, 1_000) })))
    change(6_600, (ledger) => ledger.finished(ended(6_600, { startedMs: 5_390, readings: told(8, 1_000) })))
    expect(at(6_600).capacity(1)).toBe(1)
    change(6_700, (ledger) => ledger.finished(ended(6_700, { startedMs: 6_450, readings: told(9, 900) })))
    expect(at(6_700).capacity(1)).toBe(9)
  })

  it('is not renewed by an answer that was so long under way that its reset seems later', () => {
    const { at, change } = ledgers([])
    change(5_500, (ledger) => ledger.finished(ended(5_500, { startedMs: 5_400, readings: told(2, 10_000) })))
    change(9_000, (ledger) => ledger.finished(ended(9_000, { startedMs: 5_390, readings: told(8, 10_000) })))
    expect(at(9_000).capacity(1)).toBe(2)
    change(9_200, (ledger) => ledger.finished(ended(9_200, { startedMs: 7_001, readings: told(9, 10_000) })))
    expect(at(9_200).capacity(1)).toBe(9)
  })

  it('is waited for a whole window since the last grant, once a reset restored nothing', () => {
    const { at, change } = ledgers([])
    const burst = (grantedMs: number, resetMs: number): void => {
      change(grantedMs, (ledger) => ledger.hold('a', 1, false))
      const answered = ended(grantedMs + 10, { startedMs: grantedMs, readings: told(0, resetMs) })
      change(grantedMs + 10, (ledger) => {
        ledger.finished(answered)
        ledger.hold('a', 0, false)
      })
    }
    burst(5_000, 2_000)
    burst(7_020, 500)
    // The reset was that of an earlier call.
    const refused = ended(7_560, { startedMs: 7_550, isSuccess: false, readings: told(0, 1_460) })
    change(7_560, (ledger) => ledger.finished(refused))
    burst(9_100, 500)
    expect([at(9_700).capacity(1), at(9_700).freeAtMs(1)]).toEqual([0, 11_101])
    expect(at(11_101).capacity(1)).toBe(1)
    // Not for ever: 20 windows later resets are trusted again.
    burst(48_000, 500)
    expect(at(48_600).capacity(1)).toBe(1)
  })

  it('is not waited for longer because a call of before is still in flight', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.hold('slow', 1, false))
    change(5_100, (ledger) => ledger.finished(ended(5_100, { readings: told(0, 2_000) })))
    change(7_150, (ledger) => ledger.hold('probe', 1, false))
    change(7_200, (ledger) => {
      ledger.finished(ended(7_200, { startedMs: 7_150, isSuccess: false, readings: told(0, 1_000) }))
      ledger.hold('probe', 0, true)
    })
    for (const nowMs of [7_300, 8_000, 9_000]) change(nowMs, (ledger) => ledger.hold('slow', 1, false))
    expect([at(9_150).capacity(1), at(9_151).capacity(1)]).toEqual([0, 1])
    change(9_200, (ledger) => ledger.hold('slow', 1, false))
    expect(at(10_200).capacity(1) - at(10_200).holders.unitsOfOthers('probe')).toBe(1)
  })

  it('is waited for a whole window since what was sent last of what was held before', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(0, 2_000) })))
    change(7_050, (ledger) =>
      ledger.finished(ended(7_050, { startedMs: 7_040, isSuccess: false, readings: told(0, 100) })),
    )
    change(9_100, (ledger) => {
      ledger.finished(ended(9_100, { startedMs: 9_060, readings: told(5, 1_000) }))
      ledger.hold('a', 5, false)
    })
    change(9_900, (ledger) => {
      ledger.finished(ended(9_900, { startedMs: 9_800, units: 5, readings: told(0, 200) }))
      ledger.hold('a', 0, false)
    })
    expect(at(10_200).freeAtMs(1)).toBe(11_801)
  })

  it('is not waited for longer than told where windows are long', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(0, 3_600_000) })))
    change(3_605_010, (ledger) => ledger.hold('a', 1, false))
    // The clocks differ a little.
    change(3_605_020, (ledger) => {
      ledger.finished(ended(3_605_020, { startedMs: 3_605_010, isSuccess: false, readings: told(0, 1_000) }))
      ledger.hold('a', 0, false)
    })
    expect(at(3_605_030).freeAtMs(1)).toBe(3_606_020)
    expect(at(3_606_020).capacity(1)).toBe(1)
  })

  it('is whole again when nothing was sent for two windows', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(0, 1_000) })))
    expect(at(6_999).capacity(1)).toBe(1)
    expect(at(7_000).capacity(1)).toBe(10)
    change(7_000, (ledger) => ledger.hold('a', 6, false))
    expect(at(7_100).capacity(1)).toBe(10)
    expect(at(7_100).holders.unitsOfOthers('b')).toBe(6)
  })

  it('is forgotten when it was not told how much there is, or is not told any more', () => {
    const silent = ledgers([])
    silent.change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(0, 1_000, 0) })))
    silent.change(7_000, (ledger) => ledger.hold('a', 1, false))
    expect(silent.at(7_000).isBinding).toBe(false)
    const gone = ledgers([])
    gone.change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(0, 1_000) })))
    gone.change(6_100, (ledger) => ledger.finished(ended(6_100, { startedMs: 6_050 })))
    expect(gone.at(6_100).isBinding).toBe(false)
  })

  it('has less left by what somebody held that is not heard of any more', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.finished(ended(5_000, { readings: told(9, 60_000) })))
    change(5_000, (ledger) => ledger.hold('dead', 4, false))
    expect(at(10_001).capacity(1)).toBe(5)
  })

  it.each<[Partial<RateLimitReading>, boolean]>([
    [{}, true],
    [{ remaining: 0, resetMs: 0 }, true],
    [{ resetMs: 0 }, false],
    [{ unit: 'tokens' }, false],
    [{ restorePerSecond: 2 }, false],
    [{ resetMs: 3_600_001 }, false],
  ])('of which %j is told is shared: %s', (reading, isShared) => {
    expect(isSharedReading({ policy: 'told', source: 'ratelimit', remaining: 5, resetMs: 1_000, ...reading })).toBe(
      isShared,
    )
  })

  it('of which neither what is left nor the reset is told is not shared', () => {
    expect(isSharedReading({ policy: 'told', source: 'ratelimit', limit: 5, resetMs: 1_000 })).toBe(false)
    expect(isSharedReading({ policy: 'told', source: 'ratelimit', remaining: 5 })).toBe(false)
  })
})

describe('LimitLedger: a pause', () => {
  it('is never shortened', () => {
    const { at, change } = ledgers([])
    change(5_000, (ledger) => ledger.pause(9_000, true))
    change(5_000, (ledger) => ledger.pause(8_000, false))
    expect([at(5_000).pausedUntilMs, at(5_000).isExhausted]).toEqual([9_000, true])
    expect(at(5_000).ttlMs).toBeGreaterThan(4_000)
  })
})
