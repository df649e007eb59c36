import { describe, expect, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { type Entry, judge } from './ledger.ts'
import { playSharedDrain } from './shared-drain.ts'

describe.runIf(hasService('Redis', 'redis-server'))('three processes that drain one buffer', () => {
  test('lose and reorder nothing while they are killed and frozen, and the server is', async () => {
    const report = await playSharedDrain({
      events: 3_000,
      keys: 100,
      seed: 1,
      everyMs: 300,
      leaseMs: 1_000,
      restarts: 2,
      pauseMs: 120,
    })
    expect(report).toMatchObject({ lost: [], reordered: [], invented: [], restarts: 2 })
    expect(report.kills + report.freezes).toBeGreaterThan(3)
    expect(report.finished).toBeGreaterThanOrEqual(report.acknowledged)
    expect(report.stats.consumers).toEqual([{ name: 'ledger', backlog: 0, parked: 0, deadLetters: 0 }])
  }, 60_000)
})

describe('the ledger of shared drains', () => {
  const entry = (what: string, seq: number, at: number): Entry => ({ what, key: 'a', seq, at: BigInt(at) })
  const good = [entry('start', 0, 1), entry('done', 0, 2), entry('start', 1, 3), entry('done', 1, 4)]
  const acknowledged = new Map([['a', 2]])

  test('finds nothing wrong with repeats', () => {
    const entries = [...good, entry('start', 0, 5), entry('done', 0, 6)]
    expect(judge(entries, acknowledged)).toEqual({ lost: [], reordered: [], invented: [], finished: 3, repeated: 1 })
  })

  test('finds what is lost, too early or invented', () => {
    expect(judge(good.slice(0, 3), acknowledged).lost).toEqual(['a:1'])
    expect(judge([...good, entry('start', 1, 1)], acknowledged).reordered).toEqual(['a:1'])
    expect(judge([...good, entry('done', 2, 9)], acknowledged).invented).toEqual(['a:2'])
  })
})
