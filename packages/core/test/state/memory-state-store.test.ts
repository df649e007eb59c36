import { describe, expect, test, vi } from 'vitest'
import { memoryStateStore, type StateStore } from '../../src/index.ts'
import { fakeClock, stateStoreConformance, type StateStoreHarness } from '../../src/testing/index.ts'

const harness: StateStoreHarness = {
  async create() {
    const clock = fakeClock()
    const store = memoryStateStore({ clock })
    return { store, another: async () => store, advance: (ms) => clock.advance(ms), dispose: async () => {} }
  },
}

describe('memoryStateStore', () => {
  for (const { title, run } of stateStoreConformance) test(title, () => run(harness))

  test('says that nobody else sees it', () => {
    expect(memoryStateStore().caps).toMatchObject({ multiProcess: false, leases: true })
  })

  test('refuses a clock without its methods', () => {
    expect(() => memoryStateStore({ clock: {} } as never)).toThrow(
      'Expected `clock` to be an object with the methods now,',
    )
  })

  test('forgets what is over, whether it is asked for or not', async () => {
    const clock = fakeClock()
    const store = memoryStateStore({ clock })
    const forgotten = vi.spyOn(Map.prototype, 'delete')
    for (let key = 0; key < 3_000; key++)
      await store.compareAndSet(`key ${key}`, { expected: undefined, value: '', ttlMs: key < 500 ? 10 : 1e6 })
    expect(forgotten).not.toHaveBeenCalled()
    await clock.advance(20)
    for (let key = 0; key < 1_000; key++)
      await store.compareAndSet(`later ${key}`, { expected: undefined, value: '', ttlMs: 1e6 })
    const keys = new Set(forgotten.mock.calls.map(([key]) => key as string))
    forgotten.mockRestore()
    expect([...keys]).toEqual(Array.from({ length: 500 }, (_, key) => `key ${key}`))
  })
})

describe('stateStoreConformance', () => {
  const broken: readonly (readonly [string, (store: StateStore) => Partial<StateStore>])[] = [
    [
      'overwrites',
      (store) => ({
        compareAndSet: async (key, change, signal) =>
          store.compareAndSet(key, { ...change, expected: (await store.get(key)).entry?.version }, signal),
      }),
    ],
    [
      'forgets nothing',
      (store) => ({
        compareAndSet: (key, change, signal) => store.compareAndSet(key, { ...change, ttlMs: Infinity }, signal),
      }),
    ],
    [
      'begins its tokens anew',
      (store) => ({
        acquire: async (name, leaseMs, signal) => {
          const lease = await store.acquire(name, leaseMs, signal)
          return lease === undefined ? undefined : { ...lease, token: 1 }
        },
      }),
    ],
    ['gives a lease to everybody', () => ({ acquire: async (name) => ({ name, token: 1 }) })],
    ['ignores signals', (store) => ({ get: (key) => store.get(key) })],
    [
      'cuts values',
      (store) => ({
        compareAndSet: (key, change, signal) =>
          store.compareAndSet(key, { ...change, value: change.value?.slice(0, 1_000) }, signal),
      }),
    ],
    ['has no leases and does not say so', () => ({ acquire: async () => undefined })],
  ]

  test.each(broken)('fails a store that %s', async (_, change) => {
    const breaking: StateStoreHarness = {
      async create() {
        const under = await harness.create()
        return { ...under, store: { ...under.store, ...change(under.store) } }
      },
    }
    const failed: string[] = []
    for (const { title, run } of stateStoreConformance) await run(breaking).catch(() => failed.push(title))
    expect(failed).not.toEqual([])
  })

  test('takes a store without leases that says so', async () => {
    const without: StateStoreHarness = {
      async create() {
        const under = await harness.create()
        const acquire: StateStore['acquire'] = () =>
          Promise.reject(Object.assign(new Error('no leases'), { code: 'unsupported' }))
        return { ...under, store: { ...under.store, caps: { ...under.store.caps, leases: false }, acquire } }
      },
    }
    for (const { run } of stateStoreConformance) await run(without)
  })
})
