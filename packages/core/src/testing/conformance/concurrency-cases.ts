import type { StateStore } from '../../state/state-store.ts'
import { type StateStoreCase, type StateStoreUnderTest, storeCase } from './conformance-case.ts'
import { ensure, same } from './expect.ts'
import { create, LONG_MS, valueOf } from './stored-text.ts'

/** What happens when several do the same at once. */
export const concurrencyCases: readonly StateStoreCase[] = [
  storeCase('of many who create a key at once exactly one does, and the others are told its value', async (under) => {
    const stores = await openings(under, 4)
    const writes = await Promise.all(
      Array.from({ length: 40 }, (_, index) => create(storeOf(stores, index), 'key', `value ${index}`)),
    )
    same('written', writes.filter(({ written }) => written).length, 1)
    same('versions told', new Set(writes.map(({ entry }) => entry?.version)).size, 1)
    same('what is read', (await under.store.get('key')).entry, writes[0]?.entry)
  }),

  storeCase('no increment of a counter is lost, whoever makes it', async (under) => {
    const stores = await openings(under, 4)
    await Promise.all(Array.from({ length: 20 }, (_, index) => increment(storeOf(stores, index), 5)))
    same('counted', await valueOf(under.store, 'counter'), '100')
  }),

  storeCase(
    'what one process wrote the other reads, and their clock is the same',
    async (under) => {
      if (under.another === undefined) {
        same('caps.multiProcess', under.store.caps.multiProcess, false)
        return
      }
      const other = await under.another()
      const before = await under.store.get('key')
      const { entry, nowMs } = await create(other, 'key', 'value')
      const after = await under.store.get('key')
      same('what is read', after.entry, entry)
      ensure('the times are in order', before.nowMs <= nowMs && nowMs <= after.nowMs)
    },
    'multiProcess',
  ),
]

async function openings({ store, another }: StateStoreUnderTest, count: number): Promise<readonly StateStore[]> {
  if (another === undefined) return [store]
  return [store, ...(await Promise.all(Array.from({ length: count - 1 }, () => another())))]
}

function storeOf(stores: readonly StateStore[], index: number): StateStore {
  return stores[index % stores.length] as StateStore
}

async function increment(store: StateStore, times: number): Promise<void> {
  let { entry } = await store.get('counter')
  for (let done = 0; done < times; ) {
    const value = String(Number(entry?.value ?? 0) + 1)
    const write = await store.compareAndSet('counter', { expected: entry?.version, value, ttlMs: LONG_MS })
    entry = write.entry
    if (write.written) done++
  }
}
