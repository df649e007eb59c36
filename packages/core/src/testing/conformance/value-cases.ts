import { type StateStoreCase, storeCase } from './conformance-case.ts'
import { ensure, rejection, same } from './expect.ts'
import { create, LONG_MS, valueOf } from './stored-text.ts'

/** What is stored, and when it is not. */
export const valueCases: readonly StateStoreCase[] = [
  storeCase('a key that was never set has no entry', async ({ store }) => {
    const { entry, nowMs } = await store.get('nothing')
    same('entry', entry, undefined)
    ensure('the time is a number', Number.isFinite(nowMs))
  }),

  storeCase('a value is read as it was stored, with the version that the write told', async ({ store }) => {
    const { written, entry } = await create(store, 'key', 'value')
    same('written', written, true)
    same('the value that the write tells', entry?.value, 'value')
    same('what is read', (await store.get('key')).entry, entry)
  }),

  storeCase('a value that nobody expected is not stored, and the answer tells the one that is', async ({ store }) => {
    const { entry } = await create(store, 'key', 'first')
    const again = await create(store, 'key', 'second')
    same('written', again.written, false)
    same('the entry that the refusal tells', again.entry, entry)
    same('what is read', (await store.get('key')).entry, entry)
  }),

  storeCase('a version that was expected is replaced, and no other is', async ({ store }) => {
    const first = await create(store, 'key', 'first')
    const second = await store.compareAndSet('key', {
      expected: first.entry?.version,
      value: 'second',
      ttlMs: LONG_MS,
    })
    same('written', second.written, true)
    ensure('each value has a version of its own', second.entry?.version !== first.entry?.version)
    const stale = await store.compareAndSet('key', { expected: first.entry?.version, value: 'third', ttlMs: LONG_MS })
    same('written with an old version', stale.written, false)
    same('what is read', (await store.get('key')).entry, second.entry)
  }),

  storeCase('nothing is stored for a version of a key that has no entry', async ({ store }) => {
    const { entry } = await create(store, 'other', 'value')
    const { written } = await store.compareAndSet('key', { expected: entry?.version, value: 'new', ttlMs: LONG_MS })
    same('written', written, false)
    same('what is read', await valueOf(store, 'key'), undefined)
  }),

  storeCase('a value is removed for the version that was expected, and for no other', async ({ store }) => {
    const { entry } = await create(store, 'key', 'value')
    const removal = { value: undefined, ttlMs: LONG_MS }
    same('a wrong one', (await store.compareAndSet('key', { expected: 'no-version', ...removal })).written, false)
    same('what is read', (await store.get('key')).entry, entry)
    const removed = await store.compareAndSet('key', { expected: entry?.version, ...removal })
    same('the right one', [removed.written, removed.entry], [true, undefined])
    same('what is read', (await store.get('key')).entry, undefined)
    const again = await store.compareAndSet('key', { expected: undefined, ...removal })
    same('nothing, where nothing was expected', again.written, true)
  }),

  storeCase('a version does not come back when the same value is stored again', async ({ store }) => {
    const versions = new Set<string | undefined>()
    for (let round = 0; round < 5; round++) {
      const { entry } = await create(store, 'key', 'value')
      versions.add(entry?.version)
      await store.compareAndSet('key', { expected: entry?.version, value: undefined, ttlMs: LONG_MS })
    }
    same('versions', versions.size, 5)
  }),

  storeCase('keys do not touch each other', async ({ store }) => {
    const keys = ['a', 'b', 'a:b', 'ab', 'A']
    for (const key of keys) await create(store, key, `value of ${key}`)
    for (const key of keys) same(key, await valueOf(store, key), `value of ${key}`)
  }),

  storeCase('a call whose signal has aborted rejects with its reason and changes nothing', async ({ store }) => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const change = { expected: undefined, value: 'value', ttlMs: LONG_MS }
    ensure('get', (await rejection('get', store.get('key', signal))) === reason)
    ensure('set', (await rejection('set', store.compareAndSet('key', change, signal))) === reason)
    same('what is read', await valueOf(store, 'key'), undefined)
  }),
]
