import { type StateStoreCase, storeCase } from './conformance-case.ts'
import { ensure, same } from './expect.ts'
import { create, LONG_MS, pass, valueOf } from './stored-text.ts'

const SHORT_MS = 300

/** How long something is stored, and what time it is. */
export const timeCases: readonly StateStoreCase[] = [
  storeCase('a value is forgotten when its time is over, and not before', async (under) => {
    const { store } = under
    await create(store, 'short', 'value', SHORT_MS)
    await create(store, 'long', 'value')
    same('before', await valueOf(store, 'short'), 'value')
    await pass(under, SHORT_MS + 1)
    same('after', await valueOf(store, 'short'), undefined)
    same('another', await valueOf(store, 'long'), 'value')
  }),

  storeCase('each write begins the time anew', async (under) => {
    const { store } = under
    const { entry } = await create(store, 'key', 'value', SHORT_MS)
    await store.compareAndSet('key', { expected: entry?.version, value: 'value', ttlMs: LONG_MS })
    await pass(under, SHORT_MS + 1)
    same('after', await valueOf(store, 'key'), 'value')
  }),

  storeCase('a write that was refused does not prolong the time', async (under) => {
    const { store } = under
    await create(store, 'key', 'value', SHORT_MS)
    await create(store, 'key', 'value', LONG_MS)
    await pass(under, SHORT_MS + 1)
    same('after', await valueOf(store, 'key'), undefined)
  }),

  storeCase('what was forgotten is not expected any more', async (under) => {
    const { store } = under
    const { entry } = await create(store, 'key', 'value', SHORT_MS)
    await pass(under, SHORT_MS + 1)
    const stale = await store.compareAndSet('key', { expected: entry?.version, value: 'stale', ttlMs: LONG_MS })
    same('written over it', stale.written, false)
    const fresh = await create(store, 'key', 'fresh')
    same('written anew', fresh.written, true)
    ensure('with a new version', fresh.entry?.version !== entry?.version)
  }),

  storeCase('a value can be stored for ever', async (under) => {
    const { store } = under
    await create(store, 'key', 'value', Infinity)
    await pass(under, SHORT_MS)
    same('later', await valueOf(store, 'key'), 'value')
  }),

  storeCase('the time may be a fraction of a millisecond', async ({ store }) => {
    same('written', (await create(store, 'key', 'value', 60_000.25)).written, true)
  }),

  storeCase("every answer tells the store's time, which goes forward", async (under) => {
    const { store } = under
    const before = await store.get('key')
    await pass(under, 20)
    const refused = await store.compareAndSet('key', { expected: 'no-version', value: 'value', ttlMs: LONG_MS })
    await pass(under, 20)
    const written = await create(store, 'key', 'value')
    ensure('refused', refused.nowMs - before.nowMs >= 15)
    ensure('written', written.nowMs - refused.nowMs >= 15)
    ensure('in milliseconds', written.nowMs - before.nowMs < LONG_MS)
  }),
]
