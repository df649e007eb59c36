import { randomUUID } from 'node:crypto'
import { redisBuffer, type RedisBufferOptions } from '@holdfast/adapters/redis'
import { fakeClock } from '@holdfast/core/testing'
import { bufferConformance, type BufferHarness } from '@holdfast/webhook-receiver/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { mortalHarness } from './redis-mortal-harness.ts'
import { clients, type Connected, letTimePass, type RedisService, startRedis, testedClients } from './redis-service.ts'

describe.runIf(hasService('Redis', 'redis-server')).each(testedClients(clients))(
  'redisBuffer with %s',
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
        let opened = 0
        const make = () => redisBuffer((connections[opened++ % connections.length] as Connected).client, options)
        let buffer = make()
        return {
          buffer,
          async reopen() {
            await buffer.close()
            buffer = make()
            await buffer.open()
            return buffer
          },
          async advance(ms) {
            await letTimePass(connections[0] as Connected, prefix, ms)
            await clock.advance(ms)
          },
          dispose: () => buffer.close(),
        }
      },
    }
    const mortal = mortalHarness(
      () => connect(service.port),
      (prefix, ms) => letTimePass(connections[0] as Connected, prefix, ms),
    )
    for (const { title, requires, run } of bufferConformance)
      test.concurrent(title, () => run(requires === 'crash' ? mortal : harness))
  },
)
