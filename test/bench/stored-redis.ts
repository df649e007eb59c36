import { redisBuffer } from '@holdfast/adapters/redis'
import { Redis } from 'ioredis'
import { startRedis } from '../state/redis-service.ts'
import type { Section } from './report.ts'
import { storedCost, type StoringServer } from './stored-cost.ts'

const MICROSECONDS = 1e6

/** Does an append on Redis become dearer with what is stored? */
export function appendsByStored(quick: boolean): Promise<Section> {
  return storedCost(
    {
      server: 'Redis',
      setup: 'a Redis without an append-only file, whose cost does not depend on what is stored',
      bytesColumn: 'MiB used',
      steps: [10_000, 1_000_000, 5_000_000],
      start,
    },
    quick,
  )
}

async function start(): Promise<StoringServer> {
  const redis = await startRedis()
  const client = new Redis({ port: redis.port })
  const buffer = redisBuffer(client, { name: 'inbox', durability: 'memory' })
  await buffer.open()
  await buffer.openConsumer('nobody')
  return {
    buffer,
    async processorUs() {
      const fields = ['used_cpu_user_main_thread', 'used_cpu_sys_main_thread']
      const [user, system] = await Promise.all(fields.map((field) => fieldOf(client, 'cpu', field)))
      return (Number(user) + Number(system)) * MICROSECONDS
    },
    bytes: async () => Number(await fieldOf(client, 'memory', 'used_memory')),
    async dispose() {
      await buffer.close()
      client.disconnect()
      await redis.dispose()
    },
  }
}

async function fieldOf(client: Redis, section: string, field: string): Promise<string | undefined> {
  return new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(await client.info(section))?.[1]
}
