import { expect, it } from 'vitest'
import { memoryStateStore, type StateStore } from '../../src/index.ts'
import { SharedRecord } from '../../src/state/shared-record.ts'
import { StateLink } from '../../src/state/state-link.ts'
import { fakeClock, seededRandom } from '../../src/testing/index.ts'

it('takes over what is stored when the store counts as back, and nothing while it fails', async () => {
  const clock = fakeClock()
  const memory = memoryStateStore({ clock })
  let isAway = true
  const store: StateStore = {
    ...memory,
    get: async (key) => {
      if (isAway) throw new Error('away')
      return memory.get(key)
    },
  }
  const link = new StateLink(store, clock, seededRandom(), { failed: () => {}, recovered: () => {} })
  const seen: boolean[] = []
  const record = new SharedRecord<object>(link, {
    key: 'key',
    parse: () => ({}),
    reconcile: () => ({ write: { value: {}, ttlMs: 1_000 }, commit: () => seen.push(link.isDown) }),
  })
  await clock.runUntil(record.sync())
  isAway = false
  await clock.advance(1_000)
  await clock.runUntil(record.sync())
  expect(seen).toEqual([false])
})
