import { redisIdempotencyStore, redisStateStore } from '@holdfast/adapters/redis'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { clients, type Connected, type RedisService, startRedis } from './redis-service.ts'

/** What makes the server refuse, what makes it answer again, and what the stores say of it. */
const refusals = {
  'a right is missing': [
    ['ACL', 'SETUSER', 'default', '-@scripting'],
    ['ACL', 'SETUSER', 'default', '+@scripting'],
    { code: 'permission_denied', reason: 'privilege', upstream: { code: 'NOPERM' } },
  ],
  'it is a replica': [
    ['REPLICAOF', '127.0.0.1', '1'],
    ['REPLICAOF', 'NO', 'ONE'],
    { code: 'upstream_unavailable', reason: 'read_only', upstream: { code: 'READONLY' } },
  ],
  'its memory is full': [
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['CONFIG', 'SET', 'maxmemory', '0'],
    { code: 'upstream_unavailable', reason: 'memory', upstream: { code: 'OOM' } },
  ],
} as const

describe.runIf(hasService('Redis', 'redis-server'))('stores on a Redis that refuses', () => {
  let service: RedisService
  let operator: Redis
  beforeAll(async () => {
    service = await startRedis()
    operator = new Redis({ port: service.port })
  }, 30_000)
  afterAll(async () => {
    operator.disconnect()
    await service.dispose()
  })
  afterEach(async () => {
    for (const [, [command, ...args]] of Object.values(refusals)) await operator.call(command, ...args)
  })

  /** A call of each store. */
  const callsOn = ({ client }: Connected): readonly (() => Promise<unknown>)[] => {
    const [effects, state] = [redisIdempotencyStore(client), redisStateStore(client)]
    return [
      () => effects.begin('orders', 'evt', { owner: 'tester', leaseMs: 1_000, ttlMs: 1_000 }),
      () => state.acquire('job', 1_000),
    ]
  }

  describe.each(Object.entries(clients))('with %s', (_, connect) => {
    test.each(Object.entries(refusals))('say which it is when %s', async (_title, [[command, ...args], , error]) => {
      const connected = await connect(service.port)
      onTestFinished(connected.close)
      const calls = callsOn(connected)
      await operator.call(command, ...args)
      for (const call of calls)
        await expect(call()).rejects.toMatchObject({ name: 'IntegrationError', delivery: 'answered', ...error })
    })
  })

  test('say that a password is missing', async () => {
    const guarded = await startRedis({ args: ['--requirepass', 'the-password'] })
    onTestFinished(() => guarded.dispose())
    const client = new Redis({ port: guarded.port, enableReadyCheck: false })
    client.on('error', () => {})
    onTestFinished(() => client.disconnect())
    const error = { name: 'IntegrationError', code: 'app_credentials_invalid', reason: 'credentials_missing' }
    for (const call of callsOn({ client, close: () => {} })) await expect(call()).rejects.toMatchObject(error)
  })
})
