import { randomUUID } from 'node:crypto'
import { redisBuffer, type RedisBufferOptions } from '@holdfast/adapters/redis'
import { fakeClock } from '@holdfast/core/testing'
import type { EventBuffer, LogEntry, Position } from '@holdfast/webhook-receiver'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { drained, eventOf } from './redis-events.ts'
import { clients, evaluateOn, type RedisService, startRedis } from './redis-service.ts'

// Longer than any of these tests takes: a read that is handed nothing would wait for so long.
const LINGER_MS = 60_000

interface UnderTest {
  readonly buffer: EventBuffer
  readonly service: RedisService
  /** How often the server has run a script. */
  readonly scriptsRun: () => Promise<number>
  /** Removes everything from the server, which goes on. */
  readonly empty: () => Promise<void>
}

/** A buffer of one partition on a server of its own. */
async function underTest(options: Partial<RedisBufferOptions> = {}): Promise<UnderTest> {
  const service = await startRedis({ durable: true })
  const connected = await clients.ioredis!(service.port)
  const buffer = redisBuffer(connected.client, {
    name: 'inbox',
    prefix: `${randomUUID()}:`,
    partitions: 1,
    ...options,
  })
  await buffer.open()
  onTestFinished(async () => {
    await buffer.close()
    connected.close()
    await service.dispose()
  })
  return {
    buffer,
    service,
    async scriptsRun() {
      const stats = String(await evaluateOn(connected, `return redis.call('INFO', 'commandstats')`))
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])
    },
    async empty() {
      await evaluateOn(connected, `return redis.call('FLUSHALL')`)
    },
  }
}

/** Stores one event after the other, and gives the position of the last. */
async function store(buffer: EventBuffer, ...ids: string[]): Promise<Position> {
  let last: Position | undefined
  for (const id of ids) last = (await buffer.append([eventOf(id)]))[0]?.position
  if (last === undefined) throw new Error('nothing was stored')
  return last
}

function idsOf(entries: readonly LogEntry[]): string[] {
  return entries.map((entry) => (entry.kind === 'event' ? entry.event.id : 'hole'))
}

const options = { limit: 10, maxBytes: 1e6, waitMs: 0, lingerMs: LINGER_MS }

describe.runIf(hasService('Redis', 'redis-server'))('what a process stores on Redis', () => {
  test('is handed to its own drain, which does not read it back', async () => {
    // Its clock stands still, so that it never looks by itself.
    const { buffer, scriptsRun } = await underTest({ clock: fakeClock() })
    const { consumer, lease } = await drained(buffer)
    const last = await store(buffer, 'a', 'b')
    const before = await scriptsRun()
    const next = consumer.read(lease, last, options)
    await buffer.append([eventOf('c'), eventOf('b'), eventOf('d')])
    const entries = await next
    expect((await scriptsRun()) - before).toBe(1)
    expect(idsOf(entries)).toEqual(['c', 'd'])
    expect(await consumer.read(lease, last, { ...options, lingerMs: 0 })).toEqual(entries)
  })

  test('is not handed over under a lease that a restart of the server has ended', async () => {
    const { buffer, service } = await underTest()
    const { consumer, lease } = await drained(buffer)
    const last = await store(buffer, 'a', 'b')
    const next = consumer.read(lease, last, options)
    await service.kill()
    await service.start()
    await Promise.all([store(buffer, 'c'), expect(next).rejects.toMatchObject({ reason: 'stale_lease' })])
    const [again] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    expect(idsOf(await consumer.read(again!, last, options))).toEqual(['c'])
  })

  test('is not taken for what follows where the server has lost everything and begins anew', async () => {
    const { buffer, empty } = await underTest()
    const { consumer, lease } = await drained(buffer)
    const last = await store(buffer, 'a', 'b')
    const next = consumer.read(lease, last, { ...options, lingerMs: 100 })
    await empty()
    await store(buffer, 'c')
    await expect(next).rejects.toMatchObject({ reason: 'stale_lease' })
    const [again] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    expect(idsOf(await consumer.read(again!, null, options))).toEqual(['c'])
  })

  test('is not taken for what follows where the numbers of a server that has lost everything have come as far again', async () => {
    const { buffer, empty, scriptsRun } = await underTest({ clock: fakeClock() })
    const { consumer, lease } = await drained(buffer)
    const last = await store(buffer, 'a', 'b')
    await empty()
    expect(await store(buffer, 'c', 'd', 'e')).toBe(last)
    const next = consumer.read(lease, last, options)
    const stale = expect(next).rejects.toMatchObject({ reason: 'stale_lease' })
    const newest = await store(buffer, 'f')
    await stale
    const [again] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    expect(idsOf(await consumer.read(again!, null, options))).toEqual(['c', 'd', 'e', 'f'])
    const before = await scriptsRun()
    const following = consumer.read(again!, newest, options)
    await store(buffer, 'g')
    expect(idsOf(await following)).toEqual(['g'])
    expect((await scriptsRun()) - before).toBe(1)
  })
})
