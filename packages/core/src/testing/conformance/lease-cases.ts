import type { StateLease, StateStore } from '../../state/state-store.ts'
import { type StateStoreCase, type StateStoreUnderTest, storeCase } from './conformance-case.ts'
import { ensure, rejection, same } from './expect.ts'
import { LONG_MS, pass } from './stored-text.ts'

const SHORT_MS = 300

/** Who may do something alone, and for how long. */
export const leaseCases: readonly StateStoreCase[] = [
  leaseCase('a lease is given to one at a time', async ({ store }) => {
    const lease = await taken(store, 'job', LONG_MS)
    same('the name', lease.name, 'job')
    same('a second', await store.acquire('job', LONG_MS), undefined)
    await taken(store, 'another job', LONG_MS)
  }),

  leaseCase('of many who ask at once exactly one gets the lease', async (under) => {
    const other = (await under.another?.()) ?? under.store
    const asked = Array.from({ length: 30 }, (_, index) =>
      (index % 2 === 0 ? under.store : other).acquire('job', LONG_MS),
    )
    const leases = (await Promise.all(asked)).filter((lease) => lease !== undefined)
    same('given', leases.length, 1)
  }),

  leaseCase('a lease that was released can be taken again, with a greater token', async ({ store }) => {
    let token = -Infinity
    for (let round = 0; round < 3; round++) {
      const lease = await taken(store, 'job', LONG_MS)
      ensure('the token rises', Number.isSafeInteger(lease.token) && lease.token > token)
      token = lease.token
      await store.release(lease)
    }
  }),

  leaseCase('a lease ends when its time is over; the next owner has a greater token', async (under) => {
    const { store } = under
    const first = await taken(store, 'job', SHORT_MS)
    same('before', await store.acquire('job', SHORT_MS), undefined)
    await pass(under, SHORT_MS + 1)
    const second = await taken(store, 'job', LONG_MS)
    ensure('the token rises', second.token > first.token)
  }),

  leaseCase('a lease that is renewed lasts from then on', async (under) => {
    const { store } = under
    const lease = await taken(store, 'job', SHORT_MS)
    same('renewed', await store.renew(lease, LONG_MS), true)
    await pass(under, SHORT_MS + 1)
    same('a second', await store.acquire('job', LONG_MS), undefined)
    same('renewed to less', await store.renew(lease, SHORT_MS), true)
    await pass(under, SHORT_MS + 1)
    await taken(store, 'job', LONG_MS)
  }),

  leaseCase('who lost a lease can neither renew nor release that of the next owner', async (under) => {
    const { store } = under
    const old = await taken(store, 'job', SHORT_MS)
    await pass(under, SHORT_MS + 1)
    same('renewed when it was over', await store.renew(old, LONG_MS), false)
    const lease = await taken(store, 'job', LONG_MS)
    same('renewed when it was taken', await store.renew(old, LONG_MS), false)
    await store.release(old)
    same('a third', await store.acquire('job', LONG_MS), undefined)
    same('renewed by its owner', await store.renew(lease, LONG_MS), true)
  }),

  leaseCase('a lease and a value of the same name do not touch each other', async ({ store }) => {
    const { entry } = await store.compareAndSet('job', { expected: undefined, value: 'value', ttlMs: LONG_MS })
    const lease = await taken(store, 'job', LONG_MS)
    same('what is read', (await store.get('job')).entry, entry)
    await store.compareAndSet('job', { expected: entry?.version, value: undefined, ttlMs: LONG_MS })
    same('renewed', await store.renew(lease, LONG_MS), true)
  }),
]

/** Without leases the case shows that the store refuses. */
function leaseCase(title: string, body: (under: StateStoreUnderTest) => Promise<void>): StateStoreCase {
  const refusing = async (under: StateStoreUnderTest): Promise<void> => {
    if (under.store.caps.leases) return body(under)
    const error = await rejection('acquire', under.store.acquire('job', LONG_MS))
    same('its code', (error as { readonly code?: unknown }).code, 'unsupported')
  }
  return storeCase(title, refusing, 'leases')
}

async function taken(store: StateStore, name: string, leaseMs: number): Promise<StateLease> {
  const lease = await store.acquire(name, leaseMs)
  ensure(`the lease of ${name} is free`, lease !== undefined)
  return lease
}
