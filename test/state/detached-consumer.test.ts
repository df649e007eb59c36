import { randomUUID } from 'node:crypto'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import { redisBuffer } from '@holdfast/adapters/redis'
import type { EventBuffer, Lease } from '@holdfast/webhook-receiver'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { clients as postgresClients, startPostgres } from './postgres-service.ts'
import { eventOf, readAll } from './redis-events.ts'
import { clients as redisClients, startRedis } from './redis-service.ts'

interface Engine {
  readonly store: string
  readonly isInstalled: boolean
  readonly serve: () => Promise<{ readonly port: number; dispose(): Promise<void> }>
  /** A buffer of a connection of its own, as another process has it. */
  readonly open: (
    port: number,
    name: string,
  ) => Promise<{ readonly buffer: EventBuffer; readonly close: () => unknown }>
  /** Whether who drained it when it was removed, and asks again, gets it. */
  readonly isRegisteredByAsking: boolean
}

const engines: readonly Engine[] = [
  {
    store: 'Redis',
    isInstalled: hasService('Redis', 'redis-server'),
    serve: () => startRedis({ durable: true }),
    async open(port, name) {
      const { client, close } = await redisClients['ioredis']!(port)
      return { buffer: redisBuffer(client, { name, partitions: 2 }), close }
    },
    isRegisteredByAsking: true,
  },
  {
    store: 'PostgreSQL',
    isInstalled: hasService('PostgreSQL', 'initdb', 'postgres'),
    serve: startPostgres,
    async open(port, name) {
      const { client, close } = await postgresClients['pg']!(port)
      return { buffer: postgresBuffer(client, { name, partitions: 2 }), close }
    },
    isRegisteredByAsking: false,
  },
]

const hour = 3_600_000

describe.each(engines)('a consumer on $store that another process removes', (engine) => {
  let service: Awaited<ReturnType<Engine['serve']>> | undefined
  beforeAll(async () => {
    if (engine.isInstalled) service = await engine.serve()
  }, 60_000)
  afterAll(() => service?.dispose())

  async function opened(name: string): Promise<EventBuffer> {
    const { buffer, close } = await engine.open(service!.port, name)
    await buffer.open()
    onTestFinished(async () => {
      await buffer.close()
      await close()
    })
    return buffer
  }

  test.runIf(engine.isInstalled)(
    'moves no cursor any more, and begins with the oldest event that is stored where it is registered again',
    async () => {
      const name = `inbox-${randomUUID().slice(0, 8)}`
      const [remover, drainer] = [await opened(name), await opened(name)]
      // Another one that is not through with anything, so that everything is kept.
      await drainer.openConsumer('slow')
      const orders = await drainer.openConsumer('orders')
      const [first] = await drainer.append(['evt_0', 'evt_1', 'evt_2'].map((id) => eventOf(id)))
      const leaseIn = (leases: readonly Lease[]) => leases.find(({ partition }) => partition === first!.partition)
      const lease = leaseIn(await orders.acquire({ owner: 'drainer', leaseMs: hour }))!
      await orders.commit(lease, { done: [first!.position] })

      await remover.removeConsumer('orders')
      await remover.append([eventOf('evt_3')])
      await expect(orders.commit(lease, { done: [first!.position] })).rejects.toMatchObject({ reason: 'stale_lease' })
      const asked = await orders.acquire({ owner: 'drainer', leaseMs: hour })
      expect(asked.length > 0).toBe(engine.isRegisteredByAsking)

      const again = await drainer.openConsumer('orders')
      const known = leaseIn(asked) ?? leaseIn(await again.acquire({ owner: 'drainer', leaseMs: hour }))!
      expect((await again.load(known)).lowWater).toBeNull()
      expect((await readAll(again, known)).map(({ id }) => id)).toEqual(['evt_0', 'evt_1', 'evt_2', 'evt_3'])
    },
    30_000,
  )
})
