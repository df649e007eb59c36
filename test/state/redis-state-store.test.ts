import { randomUUID } from 'node:crypto'
import { redisStateStore, type RedisLike } from '@holdfast/adapters/redis'
import { InvalidOptionsError } from '@holdfast/core'
import { stateStoreConformance, type StateStoreHarness } from '@holdfast/core/testing'
import type { Cluster, Redis } from 'ioredis'
import type { createClient, createClientPool, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { clients, type Connected, evaluateOn, type RedisService, startRedis, testedClients } from './redis-service.ts'

describe.runIf(hasService('Redis', 'redis-server')).each(testedClients(clients))(
  'redisStateStore with %s',
  (_, connect) => {
    let service: RedisService
    let connections: readonly Connected[]

    beforeAll(async () => {
      service = await startRedis()
      connections = await Promise.all([connect(service.port), connect(service.port)])
    }, 30_000)
    afterAll(async () => {
      for (const { close } of connections) close()
      await service.kill()
    })

    const harness: StateStoreHarness = {
      async create() {
        const prefix = `${randomUUID()}:`
        let opened = 0
        const open = () => redisStateStore((connections[opened++ % connections.length] as Connected).client, { prefix })
        return { store: open(), another: async () => open(), dispose: async () => {} }
      },
    }
    for (const { title, run } of stateStoreConformance) test.concurrent(title, () => run(harness))

    test('keeps stores with different prefixes apart', async () => {
      const [first, second] = ['a:', 'b:'].map((prefix) => redisStateStore(connections[0]!.client, { prefix }))
      await first!.compareAndSet('key', { expected: undefined, value: 'value', ttlMs: 60_000 })
      expect((await second!.get('key')).entry).toBeUndefined()
    })

    test('leaves nothing behind that never ends, but for what is stored for ever', async () => {
      const prefix = `${randomUUID()}:`
      const store = redisStateStore(connections[0]!.client, { prefix })
      await store.compareAndSet('key', { expected: undefined, value: 'value', ttlMs: 60_000 })
      const lease = await store.acquire('job', 60_000)
      await store.release(lease!)
      const keys = await evaluateOn(connections[0]!, `return redis.call('KEYS', '${prefix}*')`)
      expect(keys).toHaveLength(2)
      for (const key of keys as string[])
        expect(await evaluateOn(connections[0]!, `return redis.call('PTTL', '${key}')`)).toBeGreaterThan(0)
    })

    test('rejects with the reason of a signal that aborts while it waits', async () => {
      const store = redisStateStore(connections[0]!.client)
      const reason = new Error('enough')
      const controller = new AbortController()
      const waiting = store.get('key', controller.signal)
      controller.abort(reason)
      await expect(waiting).rejects.toBe(reason)
    })

    test('gives greater tokens after the server lost everything', async () => {
      const own = await startRedis()
      const { client, close } = await connect(own.port)
      const store = redisStateStore(client)
      const before = await store.acquire('job', 60_000)
      await own.kill()
      await own.start()
      const after = await store.acquire('job', 60_000)
      expect(after!.token).toBeGreaterThan(before!.token)
      close()
      await own.kill()
    })
  },
)

test('redisStateStore takes the clients, pools and clusters of both libraries', () => {
  expectTypeOf<Redis>().toExtend<RedisLike>()
  expectTypeOf<Cluster>().toExtend<RedisLike>()
  expectTypeOf<ReturnType<typeof createClient>>().toExtend<RedisLike>()
  expectTypeOf<ReturnType<typeof createClientPool>>().toExtend<RedisLike>()
  expectTypeOf<ReturnType<typeof createCluster>>().toExtend<RedisLike>()
  expectTypeOf<string>().not.toExtend<RedisLike>()
})

test('redisStateStore refuses an empty prefix', () => {
  expect(() => redisStateStore({ eval: async () => null }, { prefix: '' })).toThrow(InvalidOptionsError)
})
