import { randomUUID } from 'node:crypto'
import { redisBuffer, type RedisBufferOptions } from '@holdfast/adapters/redis'
import type { AppendResult, EventBuffer, NewEvent } from '@holdfast/webhook-receiver'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { type LoopbackProxy, startProxy } from './loopback-proxy.ts'
import { drained, eventOf, eventsOf, readAll } from './redis-events.ts'
import { clients, type Connected, evaluateOn, type RedisService, startRedis } from './redis-service.ts'

/** Appends until it is acknowledged, as a sender does that repeats. */
async function untilStored(buffer: EventBuffer, events: readonly NewEvent[]): Promise<AppendResult[]> {
  for (;;) {
    try {
      return await buffer.append(events)
    } catch (error) {
      expect(error).toMatchObject({ name: 'BufferError', code: 'overloaded' })
    }
  }
}

describe.runIf(hasService('Redis', 'redis-server')).each(Object.entries(clients))(
  'redisBuffer with %s over a bad connection',
  (_, connect) => {
    let service: RedisService
    let proxy: LoopbackProxy
    let connected: Connected
    beforeAll(async () => {
      service = await startRedis({ durable: true })
      proxy = await startProxy(service.port)
      connected = await connect(proxy.port)
    }, 30_000)
    afterAll(async () => {
      connected.close()
      await proxy.close()
      await service.dispose()
    })

    async function opened(options: Partial<RedisBufferOptions> = {}): Promise<EventBuffer> {
      const prefix = `${randomUUID()}:`
      const buffer = redisBuffer(connected.client, {
        name: 'inbox',
        prefix,
        partitions: 1,
        timeoutMs: 1000,
        ...options,
      })
      await buffer.open()
      onTestFinished(() => buffer.close())
      return buffer
    }

    async function callsOf(): Promise<number> {
      const info = String(await evaluateOn(connected, `return redis.call('INFO', 'commandstats')`))
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1])
    }

    test.each(['there', 'back'] as const)(
      'stores each event once, in order, when it is cut in the middle of a command on the way %s',
      async (direction) => {
        const buffer = await opened()
        const body = new Uint8Array(500)
        const places = direction === 'there' ? [1, 40, 150, 400, 900] : [1, 3, 6, 12]
        for (const [call, bytes] of places.entries()) {
          const cut = proxy.cutAfter(direction, bytes)
          await untilStored(buffer, eventsOf(5, body, `call_${call}_`))
          await cut
        }
        const { consumer, lease } = await drained(buffer)
        const expected = places.flatMap((_place, call) => eventsOf(5, undefined, `call_${call}_`).map(({ id }) => id))
        expect((await readAll(consumer, lease)).map(({ id }) => id)).toEqual([...expected, 'known'])
      },
      20_000,
    )

    test('moves a cursor once, however often the commit is sent', async () => {
      const buffer = await opened()
      await buffer.append(eventsOf(10))
      const { consumer, lease, events } = await drained(buffer)
      for (const [index, bytes] of [40, 200, 1].entries()) {
        const cut = proxy.cutAfter(index < 2 ? 'there' : 'back', bytes)
        const commit = (): Promise<void> => consumer.commit(lease, { done: [events[index]!.position] })
        for (;;) {
          try {
            await commit()
            break
          } catch (error) {
            expect(error).toMatchObject({ reason: 'buffer_failed' })
          }
        }
        await cut
      }
      expect(await consumer.load(lease)).toEqual({ lowWater: events[2]!.position, done: [], retry: [] })
    })

    test('sends what comes while an answer is on its way together', async () => {
      const buffer = await opened()
      await buffer.append([eventOf('first')])
      proxy.latencyMs = 25
      const before = await callsOf()
      const early = eventsOf(50, undefined, 'early_').map((event) => buffer.append([event]))
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      const late = eventsOf(50, undefined, 'late_').map((event) => buffer.append([event]))
      await Promise.all([...early, ...late])
      expect((await callsOf()) - before).toBe(2)
      proxy.latencyMs = 0
    })

    test('has senders share a batch that wait for an answer before they send again', async () => {
      // A process that is at work, as one that runs tests may be, makes halves instead.
      const loop = vi.spyOn(performance, 'eventLoopUtilization').mockReturnValue({ idle: 1, active: 0, utilization: 0 })
      onTestFinished(() => loop.mockRestore())
      const buffer = await opened()
      await buffer.append([eventOf('first')])
      const sendInTurn = async (name: string): Promise<void> => {
        for (const event of eventsOf(5, undefined, name)) await buffer.append([event])
      }
      proxy.latencyMs = 25
      const before = await callsOf()
      const one = sendInTurn('one_')
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
      await Promise.all([one, sendInTurn('other_')])
      expect((await callsOf()) - before).toBe(6)
      proxy.latencyMs = 0
    })
  },
)

/** What a server has given whose clock is a hundred seconds ahead: the time is in the epochs. */
const CLOCK_AHEAD = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok == 'hash' and redis.call('HEXISTS', key, 'epoch') == 1 then
    redis.call('HINCRBY', key, 'epoch', 100000)
  end
end`

describe.runIf(hasService('Redis', 'redis-server'))('redisBuffer when a replica takes over', () => {
  test('refuses who held a partition before, whatever the lost server gave, so that no event is done which has the place of a lost one', async () => {
    const first = await startRedis({ durable: true })
    const second = await startRedis({ durable: true, args: ['--replicaof', '127.0.0.1', String(first.port)] })
    const proxy = await startProxy(first.port)
    const connected = await clients.ioredis!(proxy.port)
    const replica = await clients.ioredis!(second.port)
    onTestFinished(async () => {
      for (const { close } of [connected, replica]) close()
      await proxy.close()
      await Promise.all([first.dispose(), second.dispose()])
    })
    const buffer = redisBuffer(connected.client, { name: 'inbox', partitions: 1 })
    await buffer.open()
    const { consumer, lease, events } = await drained(buffer)
    await command(connected, 'WAIT', '1', '0')
    await command(replica, 'REPLICAOF', 'NO', 'ONE')
    // Acknowledged by a server whose replica does not hear of it.
    const [lost] = await buffer.append([eventOf('lost')])
    await consumer.release(lease)
    await command(connected, 'EVAL', CLOCK_AHEAD, '0')
    const [last] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    expect(last!.epoch).toBeGreaterThan(lease.epoch + 100_000)
    proxy.target = second.port
    proxy.cut()
    const [kept] = await untilStored(buffer, [eventOf('kept')])
    expect(kept?.position).toBe(lost?.position)

    for (const old of [lease, last!]) {
      await expect(consumer.commit(old, { done: [lost!.position] })).rejects.toMatchObject({ reason: 'stale_lease' })
      expect(await consumer.renew(old, 60_000)).toBe(false)
    }
    const [again] = await consumer.acquire({ owner: 'tester', leaseMs: 60_000 })
    expect(again!.epoch).toBeGreaterThan(last!.epoch)
    expect((await consumer.load(again!)).lowWater).toBeNull()
    expect((await readAll(consumer, again!)).map(({ id }) => id)).toEqual(['known', 'kept'])
    await consumer.commit(again!, { done: [events[0]!.position] })
    await buffer.close()
  })
})

async function command({ client }: Connected, name: string, ...args: readonly string[]): Promise<unknown> {
  if (!('defineCommand' in client)) throw new Error('made for ioredis')
  return client.callBuffer(name, ...args)
}
