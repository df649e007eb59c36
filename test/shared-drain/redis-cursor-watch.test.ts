import { redisBuffer } from '@holdfast/adapters/redis'
import type { EventBuffer } from '@holdfast/webhook-receiver'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { eventOf } from '../state/redis-events.ts'
import { clients, evaluateOn, startRedis } from '../state/redis-service.ts'
import { watchRedisCursors } from './redis-cursor-watch.ts'

const KEY = 'holdfast:buffer:{inbox:0}:c:ledger'
const hour = 3_600_000

interface Process {
  readonly buffer: EventBuffer
  /** Runs a script, as who does not ask whether its lease holds. */
  readonly run: (script: string) => Promise<unknown>
}

describe.runIf(hasService('Redis', 'redis-server'))('the watch of cursors on Redis', () => {
  async function watched() {
    const service = await startRedis({ durable: true })
    const open = async (): Promise<Process> => {
      const connected = await clients['ioredis']!(service.port)
      onTestFinished(connected.close)
      const buffer = redisBuffer(connected.client, { name: 'inbox', partitions: 1 })
      await buffer.open()
      return { buffer, run: (script) => evaluateOn(connected, script) }
    }
    const owner = await open()
    const consumer = await owner.buffer.openConsumer('ledger')
    const watch = await watchRedisCursors(service.port)
    onTestFinished(async () => {
      watch.close()
      await service.dispose()
    })
    const stored = await owner.buffer.append(['evt_0', 'evt_1', 'evt_2'].map((id) => eventOf(id)))
    const [lease] = await consumer.acquire({ owner: 'first', leaseMs: hour })
    await consumer.commit(lease!, { done: [stored[0]!.position, stored[2]!.position] })
    return { owner, consumer, lease: lease!, stored, watch, open }
  }

  test('finds nothing wrong with owners that follow each other', async () => {
    const { consumer, lease, stored, watch, open } = await watched()
    await consumer.release(lease)
    const next = await (await open()).buffer.openConsumer('ledger')
    const [taken] = await next.acquire({ owner: 'second', leaseMs: hour })
    await next.commit(taken!, { done: [stored[1]!.position] })
    await expect(consumer.commit(lease, { done: [stored[1]!.position] })).rejects.toMatchObject({
      reason: 'stale_lease',
    })
    expect(await watch.wrongMoves()).toEqual([])
  })

  test.each([
    ['moves a cursor', `redis.call('HSET', '${KEY}', 'low', '2')`],
    ['notes what is done above it', `redis.call('ZADD', '${KEY}:done', 2, '2')`],
  ])('finds another one than the owner, who %s', async (_, script) => {
    const { watch, open } = await watched()
    await (await open()).run(script)
    expect(await watch.wrongMoves()).toMatchObject([{ what: 'moved by another one than its owner', partition: 0 }])
  })

  test.each([
    ['moved back', `redis.call('HSET', '${KEY}', 'low', '0')`],
    ['an epoch that went back', `redis.call('HSET', '${KEY}', 'epoch', '1')`],
  ])('finds, of the owner too, what is %s', async (what, script) => {
    const { owner, watch } = await watched()
    await owner.run(script)
    expect(await watch.wrongMoves()).toMatchObject([{ what, partition: 0 }])
  })
})
