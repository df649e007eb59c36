import { randomUUID } from 'node:crypto'
import { redisBuffer, type RedisBufferOptions, redisIdempotencyStore, redisStateStore } from '@holdfast/adapters/redis'
import { fakeClock, stateStoreConformance, type StateStoreHarness } from '@holdfast/core/testing'
import {
  bufferConformance,
  type BufferHarness,
  type IdempotencyHarness,
  idempotencyStoreConformance,
} from '@holdfast/webhook-receiver/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { clusterClients, type RedisCluster, startCluster } from './redis-cluster.ts'
import { eventOf } from './redis-events.ts'
import { mortalHarness } from './redis-mortal-harness.ts'
import { type Connected, evaluateOn, letTimePass, testedClients } from './redis-service.ts'

const runs = describe.runIf(hasService('Redis', 'redis-server'))

runs('on a cluster of three nodes', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 30_000)
  afterAll(() => cluster.dispose())

  const passAll = async (prefix: string, ms: number): Promise<void> => {
    await Promise.all(cluster.direct.map((node) => letTimePass(node, prefix, ms)))
  }

  describe.each(testedClients(clusterClients))('with %s', (client, connect) => {
    let connected: Connected
    beforeAll(async () => {
      connected = await connect(cluster.nodes[0]!.port)
    })
    afterAll(() => connected.close())

    const harness: BufferHarness = {
      async create() {
        const clock = fakeClock()
        const prefix = `${randomUUID()}:`
        const options: RedisBufferOptions = {
          name: 'inbox',
          prefix,
          clock,
          retention: { minAgeMs: 3_600_000 },
          timeoutMs: 1e9,
        }
        let buffer = redisBuffer(connected.client, options)
        return {
          buffer,
          async reopen() {
            await buffer.close()
            buffer = redisBuffer(connected.client, options)
            await buffer.open()
            return buffer
          },
          async advance(ms) {
            await passAll(prefix, ms)
            await clock.advance(ms)
          },
          dispose: () => buffer.close(),
        }
      },
    }
    // The scripts are the same, so that with the other clients a part shows that they find the nodes.
    const part = client === 'ioredis' ? bufferConformance : bufferConformance.filter((_, index) => index % 5 === 0)
    describe('redisBuffer', () => {
      const mortal = mortalHarness(() => connect(cluster.nodes[0]!.port), passAll)
      for (const { title, requires, run } of part)
        test.concurrent(title, () => run(requires === 'crash' ? mortal : harness))

      test('uses every node', async () => {
        const prefix = `${randomUUID()}:`
        const buffer = redisBuffer(connected.client, { name: 'inbox', prefix })
        await buffer.open()
        expect(buffer.caps).toMatchObject({ durability: 'fsync', partitions: 16 })
        await buffer.append(Array.from({ length: 200 }, (_, index) => eventOf(`evt_${index}`, `key_${index}`)))
        const counts = await Promise.all(
          cluster.direct.map(async (node) => {
            const count = `local n = 0 for _, key in ipairs(redis.call('KEYS', '${prefix}*:log')) do n = n + redis.call('XLEN', key) end return n`
            return Number(await evaluateOn(node, count))
          }),
        )
        expect(counts.reduce((sum, count) => sum + count)).toBe(200)
        expect(Math.min(...counts)).toBeGreaterThan(0)
        await buffer.close()
      })
    })

    test('takes nothing while the slot of a partition is being moved, rather than beginning anew there', async () => {
      const prefix = `${randomUUID()}:`
      const buffer = redisBuffer(connected.client, { name: 'inbox', prefix, partitions: 1, timeoutMs: 500 })
      await buffer.open()
      await buffer.append([eventOf('before')])
      const slot = Number(await cluster.call(0, 'CLUSTER', 'KEYSLOT', `${prefix}buffer:{inbox:0}`))
      const from = Math.floor(slot / Math.ceil(16_384 / 3))
      const to = (from + 1) % 3
      const [source, target] = [await cluster.call(from, 'CLUSTER', 'MYID'), await cluster.call(to, 'CLUSTER', 'MYID')]
      await cluster.call(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(source))
      await cluster.call(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(target))
      await expect(buffer.append([eventOf('during')])).rejects.toMatchObject({ reason: 'buffer_failed' })
      await expect(buffer.openConsumer('late')).rejects.toMatchObject({ reason: 'buffer_failed' })
      expect(await cluster.call(to, 'CLUSTER', 'COUNTKEYSINSLOT', slot)).toBe(0)
      for (const node of [from, to]) await cluster.call(node, 'CLUSTER', 'SETSLOT', slot, 'STABLE')
      const [result] = await buffer.append([eventOf('after')])
      // What was refused as not answered in time may come about all the same, before this one or behind it.
      expect(['0000000000000002', '0000000000000003']).toContain(result?.position)
      expect([2, 3]).toContain((await buffer.stats()).events)
      await buffer.close()
    })

    describe('redisStateStore', () => {
      const harness: StateStoreHarness = {
        async create() {
          const prefix = `${randomUUID()}:`
          const open = () => redisStateStore(connected.client, { prefix })
          return { store: open(), another: async () => open(), dispose: async () => {} }
        },
      }
      for (const { title, run } of stateStoreConformance) test.concurrent(title, () => run(harness))
    })

    describe('redisIdempotencyStore', () => {
      const harness: IdempotencyHarness = {
        async create() {
          const prefix = `${randomUUID()}:`
          const open = () => redisIdempotencyStore(connected.client, { prefix })
          return {
            store: open(),
            another: async () => open(),
            reopen: async () => open(),
            advance: (ms) => passAll(prefix, ms),
            dispose: async () => {},
          }
        },
      }
      for (const { title, run } of idempotencyStoreConformance) test.concurrent(title, () => run(harness))
    })
  })
})
