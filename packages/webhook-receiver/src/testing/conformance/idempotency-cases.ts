import assert from 'node:assert/strict'
import type { BeginOptions, IdempotencyStore } from '../../idempotency/idempotency-store.ts'
import { type IdempotencyCase, idempotencyCase } from './idempotency-case.ts'

const LEASE_MS = 2_000
const TTL_MS = 5_000
const options: BeginOptions = { owner: 'tester', leaseMs: LEASE_MS, ttlMs: TTL_MS }

/** Who may have an effect, and what is known of it afterwards. */
export const idempotencyCases: readonly IdempotencyCase[] = [
  idempotencyCase('the first to begin an id gets it, and while he holds it nobody else does', async ({ store }) => {
    const first = await store.begin('orders', 'evt', options)
    assert.equal(first.state, 'new')
    const second = await store.begin('orders', 'evt', { ...options, owner: 'another' })
    assert.equal(second.state, 'busy')
    assert.ok(second.state === 'busy' && second.leftMs > 0 && second.leftMs <= LEASE_MS)
  }),

  idempotencyCase('of many that begin an id at once exactly one gets it', async ({ store, another }) => {
    const stores = [store, ...(another === undefined ? [] : [await another()])]
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        // Longer than all of them take, also where the clock cannot be held.
        (stores[index % stores.length] ?? store).begin('orders', 'evt', { ...options, leaseMs: 600_000 }),
      ),
    )
    assert.equal(answers.filter(({ state }) => state === 'new').length, 1)
    assert.equal(answers.filter(({ state }) => state === 'busy').length, 39)
  }),

  idempotencyCase('what is completed is done, with its result byte for byte', async ({ store }) => {
    const results = [undefined, new Uint8Array(), Uint8Array.from({ length: 256 }, (_, index) => index)]
    for (const [index, result] of results.entries()) {
      const id = `evt_${index}`
      assert.equal(await store.complete('orders', id, await tokenOf(store, id), result), true)
      const again = await store.begin('orders', id, options)
      assert.equal(again.state, 'done')
      assert.deepEqual(again.state === 'done' && again.result && [...again.result], result && [...result])
    }
  }),

  idempotencyCase('results are taken up to the size that is declared', async ({ store }) => {
    assert.ok(store.caps.maxResultBytes >= 65_536)
    const result = new Uint8Array(65_536).fill(7)
    assert.equal(await store.complete('orders', 'evt', await tokenOf(store, 'evt'), result), true)
    const again = await store.begin('orders', 'evt', options)
    assert.ok(again.state === 'done' && again.result?.byteLength === 65_536 && again.result.every((byte) => byte === 7))
    if (store.caps.maxResultBytes > 64 * 1024 * 1024) return
    const tooLarge = new Uint8Array(store.caps.maxResultBytes + 1)
    const token = await tokenOf(store, 'large')
    await assert.rejects(store.complete('orders', 'large', token, tooLarge), { code: 'invalid_request' })
  }),

  idempotencyCase('what the caller does with a result afterwards changes nothing', async ({ store }) => {
    const result = Buffer.from('original')
    await store.complete('orders', 'evt', await tokenOf(store, 'evt'), result)
    result.fill(0)
    const read = async (): Promise<Uint8Array | undefined> => {
      const again = await store.begin('orders', 'evt', options)
      return again.state === 'done' ? again.result : undefined
    }
    const first = await read()
    assert.equal(new TextDecoder().decode(first), 'original')
    first?.fill(0)
    assert.equal(new TextDecoder().decode(await read()), 'original')
  }),

  idempotencyCase('what is abandoned can be begun again, with a greater token', async ({ store }) => {
    const token = await tokenOf(store, 'evt')
    assert.equal(await store.abandon('orders', 'evt', token), true)
    assert.ok((await tokenOf(store, 'evt')) > token)
    assert.equal(await store.abandon('orders', 'evt', token), false)
  }),

  idempotencyCase('a lease that ended gives the id to the next, and its old token moves nothing', async (under) => {
    const { store } = under
    const old = await tokenOf(store, 'evt')
    await under.advance(LEASE_MS + 1)
    const token = await tokenOf(store, 'evt')
    assert.ok(token > old)
    assert.equal(await store.complete('orders', 'evt', old, Uint8Array.of(1)), false)
    assert.equal(await store.abandon('orders', 'evt', old), false)
    assert.equal(await store.renew('orders', 'evt', old, LEASE_MS), false)
    assert.equal(await store.complete('orders', 'evt', token, Uint8Array.of(2)), true)
    const again = await store.begin('orders', 'evt', options)
    assert.deepEqual(again.state === 'done' && [...(again.result ?? [])], [2])
  }),

  idempotencyCase('a lease that ended is over also when nobody else began', async (under) => {
    const token = await tokenOf(under.store, 'evt')
    await under.advance(LEASE_MS + 1)
    assert.equal(await under.store.complete('orders', 'evt', token), false)
    assert.equal((await under.store.begin('orders', 'evt', options)).state, 'new')
  }),

  idempotencyCase('renewing holds an id for longer', async (under) => {
    const token = await tokenOf(under.store, 'evt')
    await under.advance(LEASE_MS * 0.75)
    assert.equal(await under.store.renew('orders', 'evt', token, LEASE_MS), true)
    await under.advance(LEASE_MS * 0.75)
    assert.equal((await under.store.begin('orders', 'evt', options)).state, 'busy')
    assert.equal(await under.store.complete('orders', 'evt', token), true)
  }),

  idempotencyCase('what is done stays done for its time to live, and is forgotten after it', async (under) => {
    const token = await tokenOf(under.store, 'evt')
    await under.store.complete('orders', 'evt', token)
    await under.advance(TTL_MS * 0.8)
    assert.equal((await under.store.begin('orders', 'evt', options)).state, 'done')
    await under.advance(TTL_MS * 0.2 + 1)
    const again = await under.store.begin('orders', 'evt', options)
    assert.ok(again.state === 'new' && again.token > token)
  }),

  idempotencyCase('what never expires is still done later', async (under) => {
    const beginning = await under.store.begin('orders', 'evt', { ...options, ttlMs: Infinity })
    assert.equal(beginning.state, 'new')
    await under.store.complete('orders', 'evt', beginning.state === 'new' ? beginning.token : 0)
    await under.advance(TTL_MS * 2)
    assert.equal((await under.store.begin('orders', 'evt', options)).state, 'done')
  }),

  idempotencyCase('what is done can be neither completed again, nor abandoned, nor renewed', async ({ store }) => {
    const token = await tokenOf(store, 'evt')
    await store.complete('orders', 'evt', token, Uint8Array.of(1))
    assert.equal(await store.complete('orders', 'evt', token, Uint8Array.of(2)), false)
    assert.equal(await store.abandon('orders', 'evt', token), false)
    assert.equal(await store.renew('orders', 'evt', token, LEASE_MS), false)
    const again = await store.begin('orders', 'evt', options)
    assert.deepEqual(again.state === 'done' && [...(again.result ?? [])], [1])
  }),

  idempotencyCase('a token of nobody moves nothing', async ({ store }) => {
    assert.equal(await store.complete('orders', 'evt', 1), false)
    assert.equal(await store.abandon('orders', 'evt', 1), false)
    assert.equal(await store.renew('orders', 'evt', 1, LEASE_MS), false)
    assert.equal((await store.begin('orders', 'evt', options)).state, 'new')
  }),

  idempotencyCase('scopes and ids are kept apart, whatever they contain', async ({ store }) => {
    const pairs = [
      ['a', 'b'],
      ['ab', ''],
      ['', 'ab'],
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['A', 'b'],
      ['a\0', 'b'],
      ['a', '\0b'],
      ['ü', '😀'],
      ['a', 'b'.repeat(500)],
    ] as const
    for (const [scope, id] of pairs)
      assert.equal((await store.begin(scope, id, options)).state, 'new', `${scope} ${id}`)
    for (const [scope, id] of pairs) assert.equal((await store.begin(scope, id, options)).state, 'busy')
  }),

  idempotencyCase(
    'another process sees the same ids, where the store says so',
    async ({ store, another }) => {
      if (another === undefined) {
        assert.equal(store.caps.multiProcess, false, 'a store for several processes can be opened again')
        return
      }
      const other = await another()
      const token = await tokenOf(store, 'evt')
      assert.equal((await other.begin('orders', 'evt', options)).state, 'busy')
      await store.complete('orders', 'evt', token, Uint8Array.of(3))
      const again = await other.begin('orders', 'evt', options)
      assert.deepEqual(again.state === 'done' && [...(again.result ?? [])], [3])
    },
    'multiProcess',
  ),

  idempotencyCase(
    'what was completed is done after a restart, where the store says that it lasts',
    async (under) => {
      const { store, reopen } = under
      if (reopen === undefined) {
        assert.equal(store.caps.durability, 'memory', 'a store that lasts can be opened again')
        return
      }
      await store.complete('orders', 'done', await tokenOf(store, 'done'), Uint8Array.of(4))
      const old = await tokenOf(store, 'held')
      await store.abandon('orders', 'given_back', await tokenOf(store, 'given_back'))
      const again = await reopen()
      const done = await again.begin('orders', 'done', options)
      assert.deepEqual(done.state === 'done' && [...(done.result ?? [])], [4])
      assert.equal((await again.begin('orders', 'given_back', options)).state, 'new')
      // Who held it died with the process or lives on elsewhere; either way nobody gets it twice before the lease ends.
      assert.equal((await again.begin('orders', 'held', options)).state, 'busy')
      await under.advance(LEASE_MS + 1)
      assert.ok((await tokenOf(again, 'held')) > old)
    },
    'durable',
  ),
]

async function tokenOf(store: IdempotencyStore, id: string): Promise<number> {
  const beginning = await store.begin('orders', id, options)
  assert.equal(beginning.state, 'new')
  return beginning.state === 'new' ? beginning.token : 0
}
