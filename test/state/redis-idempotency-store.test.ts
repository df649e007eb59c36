import { randomUUID } from 'node:crypto'
import { type BinaryRedisLike, redisIdempotencyStore } from '@holdfast/adapters/redis'
import { InvalidOptionsError } from '@holdfast/core'
import { type IdempotencyHarness, idempotencyStoreConformance } from '@holdfast/webhook-receiver/testing'
import type { Cluster, Redis } from 'ioredis'
import type { Cluster as ValkeyCluster, Redis as Valkey } from 'iovalkey'
import type { createClient, createClientPool, createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import {
  clients,
  type Connected,
  evaluateOn,
  letTimePass,
  type RedisService,
  startRedis,
  testedClients,
} from './redis-service.ts'

const options = { owner: 'tester', leaseMs: 60_000, ttlMs: 60_000 }

describe.runIf(hasService('Redis', 'redis-server')).each(testedClients(clients))(
  'redisIdempotencyStore with %s',
  (_, connect) => {
    let service: RedisService
    let connections: readonly Connected[]

    beforeAll(async () => {
      service = await startRedis({ durable: true })
      connections = await Promise.all([connect(service.port), connect(service.port)])
    }, 30_000)
    afterAll(async () => {
      for (const { close } of connections) close()
      await service.dispose()
    })

    const harness: IdempotencyHarness = {
      async create() {
        const prefix = `${randomUUID()}:`
        let opened = 0
        const open = () =>
          redisIdempotencyStore((connections[opened++ % connections.length] as Connected).client, { prefix })
        return {
          store: open(),
          another: async () => open(),
          reopen: async () => open(),
          advance: (ms) => letTimePass(connections[0] as Connected, prefix, ms),
          dispose: async () => {},
        }
      },
    }
    for (const { title, run } of idempotencyStoreConformance) test.concurrent(title, () => run(harness))

    test('leaves nothing behind that never ends, but for what is done for ever', async () => {
      const prefix = `${randomUUID()}:`
      const store = redisIdempotencyStore(connections[0]!.client, { prefix })
      const tokens = await Promise.all(
        ['held', 'done', 'back', 'ever'].map(async (id) => {
          const beginning = await store.begin('orders', id, { ...options, ttlMs: id === 'ever' ? Infinity : 60_000 })
          return beginning.state === 'new' ? beginning.token : 0
        }),
      )
      await store.complete('orders', 'done', tokens[1]!)
      await store.abandon('orders', 'back', tokens[2]!)
      await store.complete('orders', 'ever', tokens[3]!)
      const leftOf = async (id: string): Promise<unknown> =>
        evaluateOn(connections[0]!, `return redis.call('PTTL', '${prefix}effect:6:orders${id}')`)
      expect(await Promise.all(['held', 'done', 'back'].map(leftOf))).toEqual(
        Array.from({ length: 3 }, () => expect.toSatisfy((left: number) => left > 0)),
      )
      expect(await leftOf('ever')).toBe(-1)
    })

    test('keeps what is done when the server is killed, and gives greater tokens afterwards', async () => {
      const own = await startRedis({ durable: true })
      const { client, close } = await connect(own.port)
      const store = redisIdempotencyStore(client)
      const first = await store.begin('orders', 'done', options)
      const held = await store.begin('orders', 'held', options)
      expect(first.state === 'new' && (await store.complete('orders', 'done', first.token, Buffer.from('ü')))).toBe(
        true,
      )
      await own.kill()
      await own.start()
      expect(await store.begin('orders', 'done', options)).toEqual({
        state: 'done',
        result: new TextEncoder().encode('ü'),
      })
      expect(held.state === 'new' && (await store.abandon('orders', 'held', held.token))).toBe(true)
      const again = await store.begin('orders', 'held', options)
      expect(again.state === 'new' && held.state === 'new' && again.token > held.token).toBe(true)
      close()
      await own.dispose()
    })
  },
)

test('redisIdempotencyStore takes the clients, pools and clusters of the libraries', () => {
  expectTypeOf<Redis>().toExtend<BinaryRedisLike>()
  expectTypeOf<Cluster>().toExtend<BinaryRedisLike>()
  expectTypeOf<Valkey>().toExtend<BinaryRedisLike>()
  expectTypeOf<ValkeyCluster>().toExtend<BinaryRedisLike>()
  expectTypeOf<ReturnType<typeof createClient>>().toExtend<BinaryRedisLike>()
  expectTypeOf<ReturnType<typeof createClientPool>>().toExtend<BinaryRedisLike>()
  expectTypeOf<ReturnType<typeof createCluster>>().toExtend<BinaryRedisLike>()
  expectTypeOf<string>().not.toExtend<BinaryRedisLike>()
})

test('redisIdempotencyStore refuses what is no prefix and no durability', () => {
  const client = { defineCommand: () => {}, eval: async () => null, callBuffer: async () => null }
  expect(() => redisIdempotencyStore(client, { prefix: '' })).toThrow(InvalidOptionsError)
  expect(() => redisIdempotencyStore(client, { durability: 'paper' as 'os' })).toThrow('durability')
})
