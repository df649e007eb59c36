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
  },
  {
    store: 'PostgreSQL',
    isInstalled: hasService('PostgreSQL', 'initdb', 'postgres'),
    serve: startPostgres,
    async open(port, name) {
      const { client, close } = await postgresClients['pg']!(port)
      return { buffer: postgresBuffer(client, { name, partitions: 2 }), close }
    },
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

  test.runIf(engine.isInstalled).each(['asks for partitions', 'says that it drains, as a drain does first'])(
    'moves no cursor any more, and begins with the oldest event that is stored when it %s',
    async (way) => {
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
      if (way !== 'asks for partitions')
        expect(await orders.attend({ owner: 'drainer', leaseMs: hour })).toEqual(['drainer'])
      const again = leaseIn(await orders.acquire({ owner: 'drainer', leaseMs: hour }))!
      await expect(orders.commit(lease, { done: [first!.position] })).rejects.toMatchObject({ reason: 'stale_lease' })
      expect((await orders.load(again)).lowWater).toBeNull()
      expect((await readAll(orders, again)).map(({ id }) => id)).toEqual(['evt_0', 'evt_1', 'evt_2', 'evt_3'])
    },
    30_000,
  )

  test.runIf(engine.isInstalled)(
    'is not registered by who leaves it',
    async () => {
      const name = `inbox-${randomUUID().slice(0, 8)}`
      const [remover, drainer] = [await opened(name), await opened(name)]
      await drainer.openConsumer('slow')
      const orders = await drainer.openConsumer('orders')
      await orders.attend({ owner: 'drainer', leaseMs: hour })
      const [last] = await drainer.append([eventOf('evt_0')])
      await remover.removeConsumer('orders')
      await orders.attend({ owner: 'drainer', leaseMs: 0 })
      const latest = await remover.openConsumer('orders', { from: 'latest' })
      const leases = await latest.acquire({ owner: 'remover', leaseMs: hour })
      expect(leases).toHaveLength(2)
      const cursors = await Promise.all(leases.map((lease) => latest.load(lease)))
      expect(cursors.map(({ lowWater }) => lowWater)).toContain(last!.position)
    },
    30_000,
  )
})
