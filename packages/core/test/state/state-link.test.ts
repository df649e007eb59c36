import { describe, expect, it } from 'vitest'
import { memoryStateStore, type StateStore } from '../../src/index.ts'
import { SharedRecord } from '../../src/state/shared-record.ts'
import { stateHash, stateKey } from '../../src/state/state-key.ts'
import { StateLink } from '../../src/state/state-link.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'

/** A store whose answers take as long as `wayMs` says, there and back, and whose clock is set by hand. */
function world() {
  const clock = fakeClock()
  const inner = memoryStateStore({ clock })
  const state = { wayMs: [0, 0] as [number, number], aheadMs: 50_000, isDown: false }
  const get: StateStore['get'] = async (key) => {
    if (state.isDown) throw new Error('down')
    await clock.sleep(state.wayMs[0])
    const read = await inner.get(key)
    await clock.sleep(state.wayMs[1])
    return { ...read, nowMs: read.nowMs + state.aheadMs }
  }
  const reports: string[] = []
  const link = new StateLink({ ...inner, get }, clock, seededRandom(), {
    failed: ({ code }) => reports.push(code),
    recovered: () => reports.push('recovered'),
  })
  const ask = (): Promise<boolean> =>
    clock.runUntil(
      link.exchange(async (exchange) => {
        await exchange.get('key')
      }),
    )
  const errors = (): [number, number] => {
    const nowMs = clock.monotonicMs()
    const storeMs = nowMs + state.aheadMs
    return [link.toStoreMs(nowMs) - storeMs, link.toLocalMs(storeMs) - nowMs]
  }
  return { clock, state, link, ask, errors, reports, inner }
}

describe('StateLink', () => {
  it('knows the time of the store to within the time of an answer, and is never early', async () => {
    const { state, ask, errors } = world()
    state.wayMs = [100, 20]
    await ask()
    expect(errors()).toEqual([100, 20])
  })

  it('keeps what the quickest answers told', async () => {
    const { state, ask, errors, clock } = world()
    await ask()
    state.wayMs = [100, 100]
    await ask()
    expect(Math.max(...errors())).toBeLessThan(1)
    expect(Math.min(...errors())).toBeGreaterThanOrEqual(0)
    // Clocks differ in speed, so what was known well a day ago is not any more.
    await clock.advance(86_400_000)
    await ask()
    expect(errors()).toEqual([100, 100])
  })

  it.each([-40_000, 40_000])('follows the clock of the store when it is set by %i ms', async (ms) => {
    const { state, ask, errors } = world()
    await ask()
    state.aheadMs += ms
    state.wayMs = [10, 10]
    await ask()
    expect(errors()).toEqual([10, 10])
  })

  it('leaves a store that failed alone for a second, and lets one at a time try it', async () => {
    const { state, ask, clock, link, reports } = world()
    state.isDown = true
    expect(await ask()).toBe(false)
    expect(link.isDown).toBe(true)
    state.isDown = false
    expect(await ask()).toBe(false)
    await clock.advance(1_000)
    state.wayMs = [50, 50]
    const [first, second] = await clock.runUntil(
      Promise.all([
        link.exchange(async ({ get }) => void (await get('key'))),
        link.exchange(async ({ get }) => void (await get('key'))),
      ]),
    )
    expect([first, second]).toEqual([true, false])
    expect(reports).toEqual(['unknown', 'recovered'])
  })

  it('reports no more often than every ten seconds', async () => {
    const { state, ask, clock, reports } = world()
    for (let round = 0; round < 20; round++) {
      state.isDown = round % 2 === 0
      await ask()
      await clock.advance(1_000)
    }
    expect(reports).toEqual(['unknown', 'recovered', 'unknown', 'recovered'])
  })
})

describe('SharedRecord', () => {
  it('lets those who ask during an exchange share the next one', async () => {
    const { clock, link, state } = world()
    state.wayMs = [10, 10]
    let asked = 0
    const record = new SharedRecord<number>(link, {
      key: 'key',
      parse: Number,
      reconcile: () => {
        asked++
        return { commit: () => {} }
      },
    })
    await clock.runUntil(Promise.all([record.sync(), record.sync(), record.sync(), record.sync()]))
    expect(asked).toBe(2)
    expect(record.running).toBeUndefined()
  })

  it('loses no change, whoever else changes the value meanwhile', async () => {
    const { clock, link, inner } = world()
    const records = Array.from({ length: 3 }, () => {
      let missing = 20
      const record = new SharedRecord<number>(link, {
        key: 'key',
        parse: Number,
        reconcile: (stored = 0) => ({
          ...(missing === 0 ? {} : { write: { value: stored + 1, ttlMs: 60_000 } }),
          commit: () => {
            missing = Math.max(0, missing - 1)
          },
        }),
      })
      return record
    })
    const count = async (record: (typeof records)[number]): Promise<void> => {
      for (let round = 0; round < 20; round++) await record.sync()
    }
    await clock.runUntil(Promise.all(records.map(count)))
    expect((await inner.get('key')).entry?.value).toBe('60')
  })
})

describe('stateKey', () => {
  it('makes different keys of different parts, whatever is in them', () => {
    const parts = [['a', 'b'], ['a:b'], ['a', '', 'b'], ['a%3Ab'], ['a', 'b', ''], ['']]
    expect(new Set(parts.map((part) => stateKey(...part))).size).toBe(parts.length)
    expect(stateKey('\ud800')).toBe(stateKey('\ufffd'))
  })
})

describe('stateHash', () => {
  it('tells texts apart and says nothing of them', () => {
    const texts = Array.from({ length: 10_000 }, (_, index) => `GET /users/${index}`)
    const hashes = texts.map((text) => stateHash(text))
    expect(new Set(hashes).size).toBe(texts.length)
    for (const hash of hashes) expect(hash).toMatch(/^[\da-f]{16}$/)
  })
})
