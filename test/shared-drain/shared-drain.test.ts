import { describe, expect, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import type { Effects } from './drainer.ts'
import { type Entry, judge } from './ledger.ts'
import { playSharedDrain } from './shared-drain.ts'
import type { StoreName } from './stores.ts'

const ways: readonly { store: StoreName; effects: Effects; isInstalled: boolean }[] = [
  { store: 'redis', effects: 'file', isInstalled: hasService('Redis', 'redis-server') },
  { store: 'postgres', effects: 'file', isInstalled: hasService('PostgreSQL', 'initdb', 'postgres') },
  { store: 'postgres', effects: 'transaction', isInstalled: hasService('PostgreSQL', 'initdb', 'postgres') },
]

describe.each(ways)('three processes that drain one buffer on $store, effects in a $effects', (way) => {
  test.runIf(way.isInstalled)(
    'lose and reorder nothing while they are killed and frozen, and the server is',
    async () => {
      const { store, effects } = way
      const report = await playSharedDrain({
        store,
        effects,
        events: 3_000,
        keys: 100,
        seed: 1,
        everyMs: 300,
        leaseMs: 1_000,
        restarts: 2,
        pauseMs: 120,
        maxBacklog: Infinity,
      })
      expect(report).toMatchObject({ lost: [], reordered: [], invented: [], restarts: 2 })
      expect(report).toMatchObject({ wrongMoves: [], balanceError: 0 })
      expect(report.kills + report.freezes).toBeGreaterThan(3)
      expect(report.finished).toBeGreaterThanOrEqual(report.acknowledged)
      if (effects === 'transaction') expect(report.repeated).toBe(0)
      expect(report.stats.consumers).toEqual([{ name: 'ledger', backlog: 0, parked: 0, deadLetters: 0 }])
    },
    90_000,
  )
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
