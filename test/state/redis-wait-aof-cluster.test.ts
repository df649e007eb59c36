import { redisBuffer, type RedisBufferOptions, type RedisWaitAof } from '@holdfast/adapters/redis'
import type { EventBuffer } from '@holdfast/webhook-receiver'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { clusterClients, type RedisCluster, startCluster } from './redis-cluster.ts'
import { eventOf } from './redis-events.ts'
import { clients, testedClients } from './redis-service.ts'
import { waiting } from './redis-wait-aof-programs.ts'

describe.runIf(waiting)('redisBuffer that waits for the disks of a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster({ program: waiting, args: ['--appendfsync', 'everysec'] })
  }, 30_000)
  afterAll(() => cluster.dispose())

  let buffers = 0
  const make = async (
    connect: NonNullable<(typeof clusterClients)[string]>,
    options: Partial<RedisBufferOptions> = {},
  ): Promise<EventBuffer> => {
    const [main, own] = [await connect(cluster.nodes[0]!.port), await connect(cluster.nodes[0]!.port)]
    const waitAof = { client: own.client as RedisWaitAof['client'] }
    const buffer = redisBuffer(main.client, { name: `inbox${buffers++}`, partitions: 6, waitAof, ...options })
    onTestFinished(async () => {
      await buffer.close()
      for (const { close } of [main, own]) close()
    })
    return buffer
  }

  const waits = (): Promise<number[]> =>
    Promise.all(
      cluster.nodes.map(async (_, node) => {
        const stats = String(await cluster.call(node, 'INFO', 'commandstats'))
        return Number(/cmdstat_waitaof:calls=(\d+)/.exec(stats)?.[1] ?? 0)
      }),
    )

  /** How many waits there were on each node meanwhile. */
  const waitsOf = async (work: () => Promise<unknown>): Promise<number[]> => {
    const before = await waits()
    await work()
    return (await waits()).map((count, node) => count - before[node]!)
  }

  describe.each(testedClients(clusterClients))('with %s', (_, connect) => {
    test('waits on each node that took something, once for all, and on no other', async () => {
      const buffer = await make(connect)
      await buffer.open()
      expect(buffer.caps.durability).toBe('fsync')
      const everywhere = Array.from({ length: 60 }, (__, index) => eventOf(`evt_${index}`, `key_${index}`))
      for (const count of await waitsOf(() => buffer.append(everywhere))) expect(count).toBe(1)
      const one = await waitsOf(() => buffer.append([eventOf('one', 'key_1')]))
      expect(one.toSorted((left, right) => left - right)).toEqual([0, 0, 1])
      const many = await waitsOf(() =>
        Promise.all(everywhere.map(({ id, key }) => buffer.append([eventOf(`${id}b`, key)]))),
      )
      for (const count of many) {
        expect(count).toBeGreaterThanOrEqual(1)
        expect(count).toBeLessThanOrEqual(3)
      }
    })

    test('believes no node that does not have the partition any more', async () => {
      const buffer = await make(connect, { partitions: 1 })
      await buffer.open()
      expect(await waitsOf(() => buffer.append([eventOf('before')]))).toContain(1)
      const [from, to] = await moveSlot(`holdfast:buffer:{inbox${buffers - 1}:0}`)
      const first = await Promise.allSettled([buffer.append([eventOf('after')])])
      expect(first).toMatchObject([{ status: 'rejected', reason: { reason: 'buffer_failed' } }])
      const again = (): Promise<unknown> => buffer.append([eventOf('after')]).catch(() => undefined)
      await expect.poll(again).toMatchObject([{ status: 'duplicate' }])
      const counts = await waitsOf(() => buffer.append([eventOf('later')]))
      expect([counts[from], counts[to]]).toEqual([0, 1])
    })
  })

  /** Moves the slot of a key to another node, with what is in it. */
  const moveSlot = async (key: string): Promise<[from: number, to: number]> => {
    const slot = Number(await cluster.call(0, 'CLUSTER', 'KEYSLOT', key))
    const from = Math.floor(slot / Math.ceil(16_384 / 3))
    const to = (from + 1) % 3
    const [source, target] = await Promise.all([from, to].map((node) => cluster.call(node, 'CLUSTER', 'MYID')))
    await cluster.call(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(source))
    await cluster.call(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(target))
    const keys = (await cluster.call(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 1_000)) as string[]
    await cluster.call(from, 'MIGRATE', '127.0.0.1', cluster.nodes[to]!.port, '', 0, 5_000, 'KEYS', ...keys)
    for (const node of [to, from, 3 - to - from])
      await cluster.call(node, 'CLUSTER', 'SETSLOT', slot, 'NODE', String(target))
    return [from, to]
  }

  test('refuses a connection to one of its nodes', async () => {
    const { client, close } = await clients['ioredis']!(cluster.nodes[0]!.port)
    onTestFinished(close)
    const buffer = await make(clusterClients['ioredis']!, { waitAof: { client: client as RedisWaitAof['client'] } })
    await expect(buffer.open()).rejects.toMatchObject({
      reason: 'buffer_unusable',
      message: expect.stringContaining('a client of the cluster'),
    })
  })
})
